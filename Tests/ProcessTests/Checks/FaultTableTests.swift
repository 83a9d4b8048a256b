import CheckoutAPI
import CheckoutClient
import FoundationEssentials
import Glibc
import StoreSimulator
import TestSupport
import Testing

/// What stops a shop, each set up on purpose: what `readerctl check` prints first is the cause, and its exit status is told.
@Suite(.timeLimit(.minutes(30))) struct FaultTableTests {
    /// The first line that a person reads, and the exit status. `READERD_TEST_FAULTS` names a file that gets the table.
    private static func check(
        _ fault: String, _ told: (status: CInt, output: String, errors: String), _ status: CInt, _ first: String,
        at location: SourceLocation = #_sourceLocation
    ) {
        let lines = (told.errors + told.output).split(separator: "\n").map(String.init)
        // A sentence that is too long for the line goes on in the next.
        let whole = lines.prefix(4).joined(separator: " ").split(separator: " ").joined(separator: " ")
        #expect(whole.hasPrefix(first), "\(fault): \(lines.prefix(6).joined(separator: "\n"))", sourceLocation: location)
        #expect(told.status == status, "\(fault): \(lines.joined(separator: "\n"))", sourceLocation: location)
        guard let path = ProcessInfo.processInfo.environment["READERD_TEST_FAULTS"] else { return }
        let file = Glibc.open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o644)
        guard file >= 0 else { return print("cannot write \(path)") }
        defer { close(file) }
        let row = Array("| \(fault) | `\(lines.first ?? "nothing")` | \(told.status) |\n".utf8)
        _ = write(file, row, row.count)
    }

    private static func check(
        _ fault: String, in store: Store, _ status: CInt, _ first: String, at location: SourceLocation = #_sourceLocation
    ) async throws {
        let told = try await run([try ChildProcess.built("readerctl"), "--socket", store.socket, "check"], within: .seconds(60))
        store.remember(answer: told.output + told.errors)
        check(fault, told, status, first, at: location)
    }

    private static let failed: CInt = 30
    /// Somebody has a role here, so that nothing but the fault is to be told.
    private static let well = ["roles.checkout.users": "[\"root\"]"]

    /// A store that has sold something, so that its readers are known.
    private static func shop(_ settings: [String: String] = [:], _ body: @escaping @Sendable (Store) async throws -> Void) async throws {
        try await Store.open(settings: well.merging(settings) { $1 }) { store in
            #expect(try await store.payPatiently("first", cart: "1").state == .succeeded)
            try await body(store)
        }
    }

    @Test func `0: where all is well the first line says so, and the exit is 0`() async throws {
        try await Self.shop { try await Self.check("none: all is well", in: $0, 0, "ok ") }
    }

    // MARK: Credential and backend

    @Test func `1: the token is missing`() async throws {
        try await Self.shop { store in
            #expect(unlink(store.simulator.tokenFile) == 0)
            try await Self.check(
                "token missing", in: store, Self.failed, "FAIL \(store.simulator.tokenFile), which should hold the backend's access token")
        }
    }

    @Test func `2: the token is refused`() async throws {
        try await Self.shop { store in
            try store.writeToken("another-token")
            try await Self.check("token refused", in: store, Self.failed, "FAIL The backend refuses the agent's token: ")
        }
    }

    @Test func `3: the token was pasted with the word Bearer`() async throws {
        try await Self.shop { store in
            try store.writeToken("Bearer another-token")
            try await Self.check("token unusable", in: store, Self.failed, "FAIL There is no usable token for the backend: ")
        }
    }

    @Test func `4: the location is wrong`() async throws {
        try await Store.open(settings: Self.well.merging(["location": quoted("99")]) { $1 }) { store in
            try await Self.check("location wrong", in: store, Self.failed, "FAIL The backend refuses this location: ")
        }
    }

    @Test func `5: the backend's address has a path`() async throws {
        try await Store.open(settings: Self.well, starts: false) { store in
            try store.set("backend.base_url", quoted(store.simulator.backendURL + "/shop"))
            try await store.start()
            try await Self.check(
                "base_url with a path", in: store, Self.failed, "FAIL The backend has nothing under the path in backend.base_url: ")
        }
    }

    @Test func `6: the name of the backend leads nowhere`() async throws {
        try await Store.open(settings: Self.well.merging(["backend.base_url": quoted("https://backend.invalid")]) { $1 }) { store in
            let told = try await run(
                [try ChildProcess.built("readerctl"), "--socket", store.socket, "check", "backend"], within: .seconds(60))
            Self.check("DNS dead, or the name is wrong", told, Self.failed, "FAIL The backend's name leads nowhere: ")
        }
    }

    @Test func `7: this box's clock is wrong`() async throws {
        try await Self.shop { store in
            store.simulator.behave(backend: { $0.clockAhead = 7 * 60 + 30 })
            try await Self.check("clock wrong", in: store, Self.failed, "FAIL This box's clock is 7 minutes behind, by ")
        }
    }

    @Test func `8: something on the way answers in the backend's place`() async throws {
        try await Store.open(settings: Self.well, starts: false) { store in
            let other = store.directory.file("other.pem")
            let made = try await run([
                "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2", "-subj",
                "/CN=other", "-keyout", store.directory.file("other.key"), "-out", other,
            ])
            #expect(made.status == 0, "\(made.errors)")
            try store.set("trust_roots", quoted(other))
            try await store.start()
            try await Self.check(
                "TLS intercepted", in: store, Self.failed,
                "FAIL Something answers in the backend's place, and cannot prove that it is the backend: ")
        }
    }

    @Test func `9: the backend is down`() async throws {
        try await Self.shop { store in
            await store.simulator.beginOutage(.backend)
            try await Self.check("backend down", in: store, Self.failed, "FAIL The backend ")
            store.simulator.endOutage(.backend)
        }
    }

    // MARK: Readers

    @Test func `10: the reader is off, also when readerd starts`() async throws {
        try await Self.shop { store in
            try await store.stop()
            try await store.simulator.powerOff()
            try await store.start()
            let address = try #require(store.simulator.readers.first).address
            try await Self.check("reader off", in: store, Self.failed, "FAIL Reader 1: ")
            let status = try await store.client.status()
            #expect(!status.canTakePayments && status.reasons.contains { $0.code == "no_reader" })
            #expect(status.readers.allSatisfy { $0.state == .unreachable && $0.reason?.message.contains(address) == true })
        }
    }

    @Test(.enabled(ShopNetwork.needs) { try await ShopNetwork.isPermitted() })
    func `11: the reader has another address`() async throws {
        try await ShopNetwork.open(registered: 1, settings: ["roles.checkout.users=root"]) { shop in
            #expect(try await shop.pay("first", lane: "till-1").state == .succeeded)
            let serial = try #require(try await shop.client.readers(refresh: true).first?.serial)
            try await shop.order("reader", "move", "--reader", serial, "--address", "10.77.0.15", "--never-listed")
            #expect(try await shop.pay("moved", lane: "till-1").state == .succeeded)
            Self.check("reader moved", try await shop.readerctl("check", "reader_address", "readers"), 0, "ok ")
        }
    }

    @Test(.enabled(ShopNetwork.needs) { try await ShopNetwork.isPermitted() })
    func `12: this box has no network`() async throws {
        try await ShopNetwork.open(registered: 1, settings: ["roles.checkout.users=root"]) { shop in
            #expect(try await shop.pay("first", lane: "till-1").state == .succeeded)
            try await shop.pullCable()
            Self.check("no route", try await shop.readerctl("check"), Self.failed, "FAIL This box has no way to the backend: ")
        }
    }

    @Test func `13: the router blocks the reader's name, and nothing is to be done`() async throws {
        try await Self.shop { store in
            let told = try await run(
                [try ChildProcess.built("readerctl"), "--socket", store.socket, "check", "reader_name"], within: .seconds(60))
            #expect(told.output.contains("readerd does not need it"))
            #expect(told.status == 0 && !told.output.contains("FAIL") && !told.output.contains("warn"))
            Self.check("router blocks the name", told, 0, told.output.hasPrefix("ok") ? "ok " : "? Not checked (reader_name, Reader 1): ")
        }
    }

    @Test func `14: another label than the settings say`() async throws {
        try await Store.open(settings: Self.well, starts: false) { store in
            let serial = try #require(store.simulator.readers.first).serial
            try store.set("readers.\(serial).label", quoted("Window"))
            try await store.start()
            #expect(try await store.payPatiently("first", cart: "1").state == .succeeded)
            try await Self.check("label drift", in: store, 0, "warn The reader tmr_")
        }
    }

    // MARK: The box

    @Test(.enabled("mounting a small disk needs root, and a kernel that lets it") { geteuid() == 0 })
    func `15: the disk is full`() async throws {
        try await Store.open(settings: Self.well, starts: false) { store in
            let state = store.directory.file("state")
            guard try await run(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", state]).status == 0 else { return }
            do {
                try await store.start()
                _ = try await run(["dd", "if=/dev/zero", "of=\(state)/filler", "bs=4096"])
                try await Self.check("disk full", in: store, Self.failed, "FAIL Only 0 MB are free at \(state). Without room")
                #expect(unlink(state + "/filler") == 0)
                try await store.stop()
            } catch {
                await store.kill()
                _ = try await run(["umount", state])
                throw error
            }
            // What the daemon left is looked at after the test: it is carried to where the small disk was.
            let carried = store.directory.file("carried")
            for command in [["cp", "-a", state, carried], ["umount", state], ["cp", "-a", carried + "/.", state]] {
                #expect(try await run(command).status == 0, "\(command)")
            }
        }
    }

    @Test func `16: the journal is damaged`() async throws {
        try await Self.shop { store in
            try await store.stop()
            let file = Glibc.open(store.directory.file("state/journal.sqlite"), O_WRONLY | O_CLOEXEC)
            let garbage = [UInt8](repeating: 0xA5, count: 4096)
            #expect(pwrite(file, garbage, garbage.count, 4096) == garbage.count)
            close(file)
            try await store.start()
            try await Self.check("journal damaged", in: store, Self.failed, "FAIL The payment journal was damaged and set aside")
            try await store.stop()
        }
    }

    @Test func `17: a group that the settings name does not exist`() async throws {
        try await Self.shop(["roles.checkout.groups": "[\"no-such-group\"]"]) { store in
            try await Self.check(
                "group missing", in: store, Self.failed, "FAIL The settings name the group no-such-group, which this box does not have.")
            #expect(store.log.contains("error roles.checkout.groups: there is no group no-such-group on this machine"))
        }
    }

    @Test func `18: nobody knows whether money was taken`() async throws {
        try await Store.open(settings: Self.well, simulate: { $0.backend.orderDelay = 3_600_000 }) { store in
            store.simulator.fault(Fault("reader.confirmPayment", .loseAnswer))
            store.simulator.fault(Fault("stripe.payment_intent", .status(500, body: ""), times: nil, after: 1))
            _ = try await store.client.pay("w-1", PaymentBody(cart: "60", amount: "12.34"))
            try await store.payment("w-1", becomes: .unresolved)
            // The link was cut: a check that looks while it is opened anew has nothing good to say of the reader.
            try await eventually("the reader has a session again") { try await store.client.readers().allSatisfy { $0.state == .ready } }
            try await Self.check(
                "payment unresolved", in: store, 0, "warn One payment is unresolved: it is not known whether the money was taken: w-1")
            store.simulator.clearFaults()
            store.simulator.behave { $0.orderDelay = 0 }
            try await store.payment("w-1", becomes: .succeeded, within: .seconds(60))
        }
    }

    @Test func `19: readerd does not run`() async throws {
        try await Self.shop { store in
            try await store.stop()
            let told = try await run([try ChildProcess.built("readerctl"), "--socket", store.socket, "check"], within: .seconds(60))
            Self.check("readerd does not run", told, told.status, "readerctl: ")
            #expect(told.status != 0 && (told.errors + told.output).contains("systemctl"), "\(told.errors) \(told.output)")
        }
    }
}
