import CheckoutAPI
import CheckoutClient
import FoundationEssentials
import StoreSimulator
import TestSupport
import Testing

/// Everything that is asked is answered, and what was answered "no" is never done later.
@Suite(.timeLimit(.minutes(30)))
struct AnsweredTests {
    @Test(arguments: [ListedLabel.empty, .missing])
    func `10: a reader that the backend lists without a label is listed so, and no payment suffers`(how: ListedLabel) async throws {
        try await Store.open(readers: 2, starts: false) { store in
            try store.simulator.listLabel(how, reader: store.simulator.readers[0].serial)
            try await store.start()
            #expect(try await store.payPatiently("other", cart: "1", lane: "till-2").state == .succeeded)
            #expect(try await store.payPatiently("itself", cart: "2", lane: "till-1").state == .succeeded)
            let readers = try await store.client.readers()
            #expect(Set(readers.map(\.reader)) == Set(store.simulator.readers.map(\.id)))
            #expect(try await store.client.status().canTakePayments)
        }
    }

    /// A store whose disk answers no fsync while the gate is shut.
    private static func withHangingDisk(
        simulate: (inout StoreConfiguration) -> Void = { _ in }, _ body: @escaping @Sendable (Store, DiskGate) async throws -> Void
    ) async throws {
        let library = try ChildProcess.built("libClockStep.so")
        try await Store.open(starts: false, simulate: simulate) { store in
            let gate = DiskGate(file: store.directory.file("disk-hangs"))
            store.setVariable("LD_PRELOAD", library)
            store.setVariable("DISK_HANG_FILE", gate.file)
            try await store.start()
            do {
                try await body(store, gate)
                try gate.open()
            } catch {
                // A daemon that waits for its disk could not be stopped.
                try gate.open()
                throw error
            }
        }
    }

    @Test func `12: a disk that hangs is a disk that fails: refused in time, and never run later`() async throws {
        try await Self.withHangingDisk { store, gate in
            #expect(try await store.pay("before", cart: "0").state == .succeeded)
            let collects = store.ledger.count("reader.collectPaymentMethod")
            try gate.shut()
            let refused = try await within(.seconds(25)) {
                try await refusal { () async throws(ClientError) in try await store.pay("hung", cart: "12") }
            }
            #expect(refused.code == .journalUnavailable && refused.status == 503)
            let status = try await store.client.status()
            #expect(!status.canTakePayments && status.reasons.contains { $0.code == "journal_unavailable" })
            try gate.open()
            try await eventually("the disk is well again") { try await store.client.status().canTakePayments }
            #expect(try await store.payPatiently("after", cart: "13").state == .succeeded)
            // Its row may have landed after all: then it ended, and never ran.
            do throws(ClientError) {
                let late = try await store.client.payment("hung", wait: .seconds(10))
                #expect(late.state == .failed && late.failure?.code == .journalUnavailable && late.money == .notTaken)
            } catch {
                guard case .problem(let problem) = error, problem.code == .paymentNotFound else { throw error }
            }
            #expect(store.ledger.charges(cart: "12").isEmpty)
            #expect(store.ledger.count("reader.collectPaymentMethod") == collects + 1)
            #expect(try await store.payPatiently("anew", cart: "12").state == .succeeded, "the cart can be paid")
        }
    }

    @Test func `12: a cancel that comes while the confirm waits for the disk is obeyed`() async throws {
        try await Self.withHangingDisk(simulate: { $0.reader.cardAfter = 60_000 }) { store, gate in
            try store.simulator.script(CustomerScript(cardAfter: 1_500))
            _ = try await store.client.pay("c", PaymentBody(cart: "12", amount: "12.34"))
            try await store.payment("c", becomes: .waitingForCard)
            try gate.shut()
            try await eventually("the confirm waits for the disk") { gate.isWaitedFor }
            let asked = try await store.client.cancelPayment("c")
            #expect(asked.cancelRequested)
            try gate.open()
            let ended = try await store.client.payment("c", wait: .seconds(25))
            #expect(ended.state.isEnd && ended.money == .notTaken, "\(ended.state) \(ended.money)")
            #expect(store.ledger.charges.isEmpty && store.ledger.count("reader.confirmPayment") == 0)
        }
    }

    @Test func `16: a display that is under way is answered when a technician disconnects and connects`() async throws {
        try await Store.open(settings: ["timeouts.reader_s": "3"]) { store in
            _ = try await store.client.openCart("16", CartBody(lane: "till-1"))
            let reader = try #require(store.simulator.readers[0].id)
            try await eventually("the reader is ready") { try await store.client.reader(reader).state == .ready }
            store.simulator.fault(Fault("reader.setReaderDisplay", .delayAnswer(milliseconds: 1_500)))
            let display = Display(currency: "usd", totalMinor: 1234, lineItems: [])
            let showing = Task { () -> Problem? in
                do throws(ClientError) {
                    try await store.client.display(display, cart: "16")
                    return nil
                } catch {
                    guard case .problem(let problem) = error else { throw error }
                    return problem
                }
            }
            defer { showing.cancel() }
            try await store.ledger("it is being shown") { $0.count("reader.setReaderDisplay") == 1 }
            _ = try await store.client.disconnectReader(reader)
            _ = try await store.client.connectReader(reader, ConnectBody(cart: "16"))
            _ = try await within(.seconds(15)) { try await showing.value }
            #expect(try await store.pay("after", cart: "16").state == .succeeded)
        }
    }
}

/// Whether the disk of a daemon answers.
private struct DiskGate: Sendable {
    let file: String

    /// Something is being written, and waits.
    var isWaitedFor: Bool { FileManager.default.fileExists(atPath: file + ".waiting") }

    func shut() throws { try Data().write(to: URL(filePath: file)) }

    func open() throws {
        guard FileManager.default.fileExists(atPath: file) else { return }
        try FileManager.default.removeItem(atPath: file)
    }
}

extension Store {
    fileprivate func payPatiently(_ id: String, cart: String, lane: String) async throws -> Payment {
        let deadline = ContinuousClock.now + .seconds(25)
        while true {
            do throws(ClientError) {
                return try await pay(id, cart: cart, lane: lane)
            } catch {
                guard case .problem = error, ContinuousClock.now < deadline else { throw error }
            }
            try await Task.sleep(for: .milliseconds(100))
        }
    }
}
