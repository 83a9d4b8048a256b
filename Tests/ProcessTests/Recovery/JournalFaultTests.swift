import CheckoutAPI
import CheckoutClient
import FoundationEssentials
import Glibc
import StoreSimulator
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(30)))
struct JournalFaultTests {
    @Test func `a damaged journal is set aside, and no payment is accepted until a technician agrees`() async throws {
        try await Store.open { store in
            #expect(try await store.pay("before", cart: "1").state == .succeeded)
            try await store.stop()
            try Self.damage(store.directory.file("state/journal.sqlite"))

            // It stays so over a restart.
            for _ in 1...2 {
                try await store.start()
                let status = try await store.client.status()
                #expect(!status.canTakePayments)
                #expect(status.reasons.contains { $0.code == "journal_lost" && $0.remedy?.contains("accept-loss") == true })
                let refused = try await refusal { () async throws(ClientError) in try await store.pay("after", cart: "1") }
                #expect(refused.code == .journalUnavailable)
                #expect(refused.remedy?.contains("readerctl journal accept-loss") == true)
                // "No such payment" would be taken for "not paid".
                let unknown = try await refusal { () async throws(ClientError) in try await store.client.payment("before") }
                #expect(unknown.code == .journalUnavailable)
                let card = CardSetupBody(user: "77", partner: "72341", postalCode: "01234", lane: "till-1")
                let setup = try await refusal { () async throws(ClientError) in try await store.client.keepCard("card", card) }
                #expect(setup.code == .journalUnavailable)
                let form = try await refusal { () async throws(ClientError) in
                    try await store.client.createPaymentIntent(IntentBody(cart: "1", amount: "12.34"))
                }
                #expect(form.code == .journalUnavailable)
                // Whoever begins to follow the agent's events hears of it first, and the check names it.
                for try await event in store.client.events(topics: [.agent]) {
                    #expect(event.agent?.code == "journal_lost")
                    #expect(event.agent?.remedy?.contains("readerctl journal accept-loss") == true)
                    break
                }
                for try await case .check(let check) in store.client.checks(["journal"]) {
                    #expect(check.status == .fail)
                    #expect(check.remedy?.contains("readerctl journal accept-loss") == true)
                }
                try await store.stop()
            }
            #expect(store.log.contains("it was set aside, whole, as"))
            let kept = try FileManager.default.contentsOfDirectory(atPath: store.directory.file("state")).filter { $0.contains(".aside-") }
            let whole = kept.filter { !$0.hasSuffix("-wal") && !$0.hasSuffix("-shm") }
            #expect(whole.count == 1, "\(kept)")
            // What was in it is in it still.
            let aside = bytes(ofFile: store.directory.file("state/\(whole.first ?? "none")")) ?? []
            let hasPayment = aside.firstRange(of: Array(#""id":"before""#.utf8)) != nil
            #expect(hasPayment, "\(aside.count) bytes were kept")

            try await store.start()
            let agreed = try await run([
                try ChildProcess.built("readerctl"), "--socket", store.socket, "journal", "accept-loss", "--note",
                "compared with the back office",
            ])
            #expect(agreed.status == 0, "\(agreed.errors)")
            #expect(try await store.client.status().reasons.allSatisfy { $0.code != "journal_lost" })
            #expect(try await store.payPatiently("new", cart: "2").state == .succeeded)
            // The journal tells who agreed, and why; and a restart does not ask again.
            let story = try await run(["sqlite3", "-readonly", store.directory.file("state/journal.sqlite"), "SELECT note FROM story"])
            #expect(story.output.contains("was accepted by root: compared with the back office"), "\(story.output)")
            try await store.stop()
            try await store.start()
            #expect(try await store.payPatiently("newer", cart: "3").state == .succeeded)
        }
    }

    @Test func `a stuck reader is freed by the payment that is named, and only by that`() async throws {
        try await Store.open { store in
            store.simulator.fault(Fault("reader.collectPaymentMethod", .close, times: nil))
            store.simulator.fault(Fault("reader.clearReaderDisplay", .close, times: nil))
            let failed = try await store.pay("stuck", cart: "1")
            #expect(failed.state == .failed)
            let name = try #require(failed.reader)
            try await eventually("the reader is kept") { try await store.client.reader(name).payment == "stuck" }
            let wrong = try await refusal { () async throws(ClientError) in
                try await store.client.releaseReader(name, ReleaseBody(payment: "other"))
            }
            #expect(wrong.code == .leaseChanged)
            #expect(wrong.payment == "stuck")
            let released = try await run([
                try ChildProcess.built("readerctl"), "--socket", store.socket, "readers", "release", name, "--payment", "stuck",
            ])
            #expect(released.status == 0, "\(released.errors)")
            #expect(try await store.client.reader(name).payment == nil)
            #expect(try await store.client.payment("stuck") == failed, "the payment stays as it is")
            let again = try await refusal { () async throws(ClientError) in
                try await store.client.releaseReader(name, ReleaseBody(payment: "stuck"))
            }
            #expect(again.code == .leaseChanged)
            let story = try await run([
                "sqlite3", "-readonly", store.directory.file("state/journal.sqlite"),
                "SELECT what, note FROM story WHERE payment = 'stuck'",
            ])
            #expect(story.output.contains("released|the reader \(name) was released by root"), "\(story.output)")
            let shown = try await run([try ChildProcess.built("readerctl"), "--socket", store.socket, "payments", "show", "stuck"])
            #expect(shown.output.contains("the reader \(name) was released by root"), "\(shown.output)")
        }
    }

    @Test func `a reader that a card set-up has left is freed by naming the set-up`() async throws {
        try await Store.open { store in
            _ = try await store.client.openCart("900", CartBody(lane: "till-1"))
            store.simulator.fault(Fault("reader.collectReusableCard", .close, times: nil))
            store.simulator.fault(Fault("reader.clearReaderDisplay", .close, times: nil))
            let card = CardSetupBody(user: "77", partner: "72341", postalCode: "01234", lane: "till-1")
            let failed = try await store.client.keepCard("stuck", card, wait: .seconds(30))
            #expect(failed.state == .failed)
            let name = try #require(failed.reader)
            let wrong = try await refusal { () async throws(ClientError) in
                try await store.client.releaseReader(name, ReleaseBody(payment: "stuck"))
            }
            #expect(wrong.code == .leaseChanged, "a payment of the same id is another thing")
            #expect(wrong.detail.contains("card set-up stuck"))
            let released = try await run([
                try ChildProcess.built("readerctl"), "--socket", store.socket, "readers", "release", name, "--card-setup", "stuck",
            ])
            #expect(released.status == 0, "\(released.errors)")
            let again = try await refusal { () async throws(ClientError) in
                try await store.client.releaseReader(name, ReleaseBody(cardSetup: "stuck"))
            }
            #expect(again.code == .leaseChanged)
            let rows = try await run([
                "sqlite3", "-readonly", store.directory.file("state/journal.sqlite"),
                "SELECT kind, note FROM events WHERE card_setup = 'stuck' AND kind = 'released'",
            ])
            #expect(rows.output.contains("released|the reader \(name) was released by root"), "\(rows.output)")
        }
    }

    /// Root in a container may not mount.
    @Sendable private static func mayMount() async throws -> Bool {
        guard geteuid() == 0 else { return false }
        let place = try TemporaryDirectory()
        guard try await run(["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", place.path]).status == 0 else { return false }
        return try await run(["umount", place.path]).status == 0
    }

    /// Puts a small disk of its own under the state directory of a store whose daemon does not run yet, and takes it away after the body.
    private static func withSmallDisk(_ body: @escaping @Sendable (Store, _ state: String) async throws -> Void) async throws {
        try await Store.open(starts: false) { store in
            let state = store.directory.file("state")
            let mounted = try await run(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", state])
            #expect(mounted.status == 0, "\(mounted.errors)")
            do {
                try await body(store, state)
            } catch {
                await store.kill()
                _ = try await run(["umount", state])
                throw error
            }
            try await store.stop()
            // What the daemon left is looked at after the test: it is carried to where the small disk was.
            let carried = store.directory.file("carried")
            for command in [["cp", "-a", state, carried], ["umount", state], ["cp", "-a", carried + "/.", state]] {
                let done = try await run(command)
                #expect(done.status == 0, "\(command): \(done.errors)")
            }
        }
    }

    @Test(.enabled("mounting a small disk needs root, and a kernel that lets it", mayMount))
    func `a full disk refuses payments, answers questions, and heals by itself`() async throws {
        try await Self.withSmallDisk { store, state in try await Self.fillAndHeal(store, state) }
    }

    @Test(.enabled("mounting a small disk needs root, and a kernel that lets it", mayMount))
    func `on a read-only disk the agent does not start and says why, and starts when it can be written`() async throws {
        try await Self.withSmallDisk { store, state in
            try await store.start()
            let paid = try await store.payPatiently("p-1", cart: "1")
            try await store.stop()
            for (mode, wanted) in [("ro", CInt(73)), ("rw", 0)] {
                let changed = try await run(["mount", "-o", "remount,\(mode)", state])
                #expect(changed.status == 0, "\(changed.errors)")
                if wanted == 0 { break }
                let refused = try store.launch()
                #expect(try await refused.ended(within: .seconds(30)) == wanted)
                #expect(store.log.contains("make the state directory writable for readerd's user"), "\(store.log.suffix(600))")
            }
            try await store.start()
            #expect(try await store.client.payment("p-1") == paid)
            #expect(try await store.payPatiently("p-2", cart: "2").state == .succeeded)
        }
    }

    private static func fillAndHeal(_ store: Store, _ state: String) async throws {
        try await store.start()
        let first = try await store.payPatiently("p-0", cart: "0")
        #expect(first.state == .succeeded)
        let filled = try await run(["dd", "if=/dev/zero", "of=\(state)/filler", "bs=4096"])
        #expect(filled.status != 0, "the disk should be full")
        // The log has some room of its own; when it is used up, no payment is accepted.
        var refused: Problem?
        for number in 1...60 where refused == nil {
            do throws(ClientError) {
                store.expectHonest(try await store.pay("p-\(number)", cart: "\(number)"))
            } catch {
                guard case .problem(let problem) = error else { throw error }
                refused = problem
            }
        }
        #expect(refused?.code == .journalUnavailable)
        #expect(refused?.retryable == true)
        let status = try await store.client.status()
        #expect(!status.canTakePayments)
        #expect(status.reasons.contains { $0.code == "journal_unavailable" })
        #expect(try await store.client.payment("p-0") == first, "reads go on")
        #expect(unlink(state + "/filler") == 0)
        let healed = try await store.payPatiently("healed", cart: "healed")
        #expect(healed.state == .succeeded)
        store.expectHonest(healed)
        for payment in try await store.client.payments(limit: 200).payments {
            #expect(payment.state.isEnd, "\(payment.id) is \(payment.state)")
            store.expectHonest(payment)
        }
    }

    /// A page in the middle of the file is overwritten, as a failing disk does.
    private static func damage(_ path: String) throws {
        let file = Glibc.open(path, O_WRONLY | O_CLOEXEC)
        guard file >= 0 else { throw NotInTime(description: "\(path) cannot be opened: \(errno)") }
        defer { close(file) }
        let garbage = [UInt8](repeating: 0xA5, count: 4096)
        #expect(pwrite(file, garbage, garbage.count, 4096) == garbage.count)
    }
}
