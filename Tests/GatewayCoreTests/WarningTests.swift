import GatewayModel
import Moments
import Testing

@testable import GatewayCore

/// What a person should know of a payment stands until a technician has seen to it.
@Suite struct WarningTests {
    /// An agent that was started with one ended payment, and a journal that can be held up or fail.
    private struct Fixture {
        var machine = GatewayMachine(policy: GatewayPolicy(), seed: 1)
        var now = Now(mono: 1_000, wall: 1_769_851_800_000)
        var rows: [JournalEntry] = []
        var notices: [AgentNotice] = []
        var responses: [RequestID: Response] = [:]
        var appends: [(call: CallID, entries: [JournalEntry])] = []
        var holdsJournal = false
        var lists: [CallID] = []

        static let id = PaymentID(unchecked: "p1")
        static let cart = CartID(unchecked: "c1")

        static func record(_ state: PaymentState, money: MoneyState, warnings: [PaymentWarning]) throws -> PaymentRecord {
            var record = PaymentRecord(
                id: Self.id, request: PaymentRequest(cart: Self.cart, amount: try DecimalAmount("56.78")),
                reader: ReaderID(unchecked: "tmr_1"), readerLabel: nil, at: 1_769_851_800_000)
            record.state = state
            record.money = money
            record.confirmingAt = record.createdAt
            if state.isEnd { record.endedAt = record.createdAt + 5_000 }
            for warning in warnings {
                let isNew = record.warn(warning)
                #expect(isNew)
            }
            return record
        }

        static let differs = PaymentWarning.chargedAmountDiffers(
            shown: 5678, tip: 0, charged: 8000, currency: Currency(unchecked: "usd"))

        @discardableResult
        mutating func feed(_ event: Event) -> [Action] {
            let actions = machine.handle(event, at: now)
            for action in actions {
                switch action {
                case .call(let id, .append(let entries), _, _):
                    appends.append((id, entries))
                    if !holdsJournal { settleJournal(.success(())) }
                case .call(let id, .backendReaders, _, _): lists.append(id)
                case .notice(let notice): notices.append(notice)
                case .respond(let id, let response): responses[id] = response
                default: break
                }
            }
            return actions
        }

        mutating func settleJournal(_ result: Result<Void, JournalTrouble>) {
            let waiting = appends
            appends = []
            for append in waiting {
                if case .success = result { rows += append.entries }
                feed(.answer(append.call, .append(result)))
            }
        }

        mutating func acknowledge(_ number: UInt64 = 1, recalled: PaymentRecord? = nil, cart: CartFacts? = nil) {
            feed(
                .request(
                    RequestID(number), .acknowledge(Self.id, by: "anna", note: "gave 23.22 back", Recall(payment: recalled, cart: cart))))
        }
    }

    @Test func `a warning is acknowledged by name, journaled, and gone from the payment, the status and the next life`() throws {
        let record = try Fixture.record(.succeeded, money: .taken, warnings: [Fixture.differs])
        var agent = Fixture()
        agent.feed(.start(open: [], carts: [], facts: [:], warned: [record]))
        #expect(agent.machine.standingWarnings.map(\.code) == ["charged_amount_differs"])
        #expect(agent.machine.standingNotices == agent.machine.standingWarnings)
        #expect(agent.machine.standingWarnings.first?.message.contains("80.00 USD was charged; the reader showed 56.78") == true)
        agent.acknowledge(recalled: record)
        guard case .payment(let told, false) = agent.responses[RequestID(1)] else {
            Issue.record("a technician should be answered with the payment")
            return
        }
        #expect(told.warnings.isEmpty && told.state == .succeeded && told.money == .taken && told.endedAt == record.endedAt)
        let row = try #require(agent.rows.last { $0.kind == .acknowledged })
        #expect(row.payment == told)
        #expect(row.note == "acknowledged by anna: gave 23.22 back (charged_amount_differs)")
        #expect(agent.machine.standingWarnings.isEmpty)
        // Once more: nothing is left to be said, and nothing is written.
        let before = agent.rows.count
        agent.acknowledge(2, recalled: told)
        #expect(agent.responses[RequestID(2)] == .payment(told, created: false) && agent.rows.count == before)
    }

    @Test func `an acknowledgement that cannot be journaled is refused, and the warning stands`() throws {
        let record = try Fixture.record(.succeeded, money: .taken, warnings: [Fixture.differs])
        var agent = Fixture()
        agent.feed(.start(open: [], carts: [], facts: [:], warned: [record]))
        agent.holdsJournal = true
        agent.acknowledge(recalled: record)
        #expect(agent.responses[RequestID(1)] == nil, "nothing is answered before it is on disk")
        agent.settleJournal(.failure(JournalTrouble(detail: "the disk is full")))
        guard case .refused(let refusal) = agent.responses[RequestID(1)] else {
            Issue.record("it should be refused")
            return
        }
        #expect(refusal.code == .journalUnavailable)
        #expect(agent.machine.standingWarnings.map(\.code) == ["charged_amount_differs"])
    }

    @Test(arguments: [false, true])
    func `whoever acknowledges what is being acknowledged is told what became of that`(isWritten: Bool) throws {
        let record = try Fixture.record(.unresolved, money: .unknown, warnings: [Fixture.differs])
        var agent = Fixture()
        agent.feed(.start(open: [record], carts: [], facts: [:], warned: [record]))
        agent.holdsJournal = true
        agent.acknowledge(1)
        agent.acknowledge(2)
        #expect(agent.responses.isEmpty, "nothing is answered before it is on disk")
        agent.settleJournal(isWritten ? .success(()) : .failure(JournalTrouble(detail: "the disk is full")))
        for request in [RequestID(1), RequestID(2)] {
            switch agent.responses[request] {
            case .payment(let told, _): #expect(isWritten && told.warnings.isEmpty)
            case .refused(let refusal): #expect(!isWritten && refusal.code == .journalUnavailable)
            default: Issue.record("it should be answered")
            }
        }
    }

    /// The journal's record of an ended payment warns until the first word is on disk, and nothing else in memory tells of it.
    @Test(arguments: [false, true])
    func `whoever acknowledges an ended payment again is told what became of the first word`(isWritten: Bool) throws {
        let record = try Fixture.record(.succeeded, money: .taken, warnings: [Fixture.differs])
        var agent = Fixture()
        agent.feed(.start(open: [], carts: [], facts: [:], warned: [record]))
        agent.holdsJournal = true
        agent.acknowledge(1, recalled: record)
        agent.acknowledge(2, recalled: record)
        agent.settleJournal(isWritten ? .success(()) : .failure(JournalTrouble(detail: "the disk is full")))
        agent.now.mono += 10_000
        agent.feed(.tick)
        #expect(agent.appends.isEmpty, "there is one word to be written")
        agent.settleJournal(.success(()))
        for request in [RequestID(1), RequestID(2)] {
            switch agent.responses[request] {
            case .payment(let told, _): #expect(isWritten && told.warnings.isEmpty)
            case .refused(let refusal): #expect(!isWritten && refusal.code == .journalUnavailable)
            default: Issue.record("it should be answered")
            }
        }
        let isAcknowledged = agent.rows.contains { $0.kind == .acknowledged }
        #expect(agent.machine.standingWarnings.isEmpty == isAcknowledged, "what is shown is what is on disk")
    }

    @Test func `an open payment's later rows bear no warning that was acknowledged`() throws {
        let record = try Fixture.record(.unresolved, money: .unknown, warnings: [Fixture.differs])
        var agent = Fixture()
        agent.feed(.start(open: [record], carts: [], facts: [:], warned: [record]))
        agent.acknowledge()
        agent.feed(
            .request(RequestID(9), .resolve(Fixture.id, paid: true, order: OrderID(unchecked: "8812"), by: "anna", note: "seen", Recall())))
        let end = try #require(agent.rows.last { $0.kind == .ended }?.payment)
        #expect(end.state == .succeeded && end.warnings.isEmpty)
        #expect(agent.machine.standingWarnings.isEmpty)
    }

    @Test func `a cart that was held for a payment is free when a technician has acknowledged it`() throws {
        var record = try Fixture.record(.failed, money: .authorized, warnings: [])
        record.failure = PaymentFailure(code: .orderFailed, message: "The order failed.")
        var cart = CartFacts(cart: Fixture.cart)
        cart.held = Fixture.id
        var agent = Fixture()
        agent.feed(.start(open: [], carts: [], facts: [:]))
        agent.acknowledge(recalled: record, cart: cart)
        let row = try #require(agent.rows.last { $0.kind == .acknowledged })
        #expect(row.cart?.held == nil && row.cart?.cart == Fixture.cart)
        #expect(row.payment?.money == .authorized, "what became of the money is not changed by it")
        // What is not known at all is not made up.
        agent.feed(.request(RequestID(5), .acknowledge(PaymentID(unchecked: "p9"), by: "anna", note: "?", Recall())))
        guard case .refused(let refusal) = agent.responses[RequestID(5)] else {
            Issue.record("an unknown payment should be refused")
            return
        }
        #expect(refusal.code == .paymentNotFound)
    }

    @Test func `a word that lands after it was refused frees its cart on disk as well, whatever waited behind it`() throws {
        var record = try Fixture.record(.failed, money: .authorized, warnings: [])
        record.failure = PaymentFailure(code: .orderFailed, message: "The order failed.")
        var cart = CartFacts(cart: Fixture.cart)
        cart.held = Fixture.id
        var agent = Fixture()
        agent.feed(.start(open: [], carts: [], facts: [:]))
        agent.holdsJournal = true
        agent.acknowledge(recalled: record, cart: cart)
        // Its row waits behind the word and is given up with it, which writes the cart as it is then: held.
        agent.feed(
            .request(
                RequestID(2), .keyedIntent(Fixture.cart, amount: try DecimalAmount("56.78"), accountBalance: nil, Recall(cart: cart))))
        agent.now.mono += 11_000
        agent.feed(.tick)
        guard case .refused = agent.responses[RequestID(1)] else {
            Issue.record("it should be refused while the disk hangs")
            return
        }
        for _ in 0..<3 { agent.settleJournal(.success(())) }
        let last = try #require(agent.rows.last { $0.cart != nil }?.cart)
        #expect(last.held == nil)
    }

    @Test func `who acknowledges is shown no end that is not on disk`() throws {
        var store = StoreFixture()
        try store.pay("p1")
        store.wait(1_000)
        store.disk = .hangs
        store.reader = { _ in .failure(.unreachable(detail: "no connection")) }
        store.wait(1_000)
        #expect(store.machine.openPayment(PaymentID(unchecked: "p1")) == nil, "it has ended")
        let asked = store.ask(
            .acknowledge(PaymentID(unchecked: "p1"), by: "anna", note: "seen", Recall(payment: store.payment("p1"))))
        #expect(store.responses[asked] == nil)
        store.disk = .works
        store.settle()
        #expect(store.shown(asked)?.state == .failed)
    }

    @Test func `of one kind a payment is warned once`() throws {
        var record = try Fixture.record(.succeeded, money: .taken, warnings: [.chargedTwice(IntentID(unchecked: "pi_2"))])
        let isNew = record.warn(.chargedTwice(IntentID(unchecked: "pi_3")))
        #expect(!isNew && record.warnings.count == 1)
    }

    @Test func `what a technician has seen to is not warned of again by the next look, and is when the word could not be written`() throws {
        let now = Now(mono: 1_000, wall: 1_769_851_800_000)
        let warned = try Fixture.record(.finishing, money: .authorized, warnings: [.chargedTwice(IntentID(unchecked: "pi_2"))])
        let bare = try Fixture.record(.finishing, money: .authorized, warnings: [])
        var machine = PaymentMachine(record: warned, policy: GatewayPolicy(), now: now)
        machine.replaceWarnings(by: bare)
        #expect(machine.chargedTwice(IntentID(unchecked: "pi_2"), at: now).isEmpty)
        #expect(machine.record.warnings.isEmpty)
        // Another form is other news.
        #expect(machine.chargedTwice(IntentID(unchecked: "pi_3"), at: now).count == 1)
        machine.replaceWarnings(by: warned)
        machine.replaceWarnings(by: bare)
        machine.replaceWarnings(by: warned)
        #expect(machine.record.warnings.count == 1, "it stands again")
    }

    @Test func `a payment is not resolved while another of its cart runs`() throws {
        let first = try Fixture.record(.unresolved, money: .unknown, warnings: [])
        var agent = Fixture()
        agent.feed(.start(open: [first], carts: [], facts: [:]))
        agent.holdsJournal = true
        // A second attempt of the same cart is accepted, which is safe.
        let list = try #require(agent.lists.first)
        agent.feed(.answer(list, .backendReaders(.success([BackendReader(id: ReaderID(unchecked: "tmr_1"), label: "Front")]))))
        let second = PaymentID(unchecked: "p2")
        let request = PaymentRequest(cart: Fixture.cart, amount: try DecimalAmount("56.78"))
        agent.feed(.request(RequestID(2), .pay(second, request, Recall())))
        agent.settleJournal(.success(()))
        agent.feed(.request(RequestID(3), .resolve(Fixture.id, paid: true, order: nil, by: "anna", note: "seen", Recall())))
        guard case .refused(let refusal) = agent.responses[RequestID(3)] else {
            Issue.record("it should be refused: \(String(describing: agent.responses[RequestID(3)]))")
            return
        }
        #expect(refusal.code == .cartBusy && refusal.payment == second)
    }
}
