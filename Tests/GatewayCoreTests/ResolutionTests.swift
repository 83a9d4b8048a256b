import Testing

@testable import GatewayCore
@testable import GatewayModel
import Moments

/// A technician has said how a payment ended, and the backend says otherwise later.
@Suite struct ResolutionTests {
    /// An agent with one unresolved payment, whose journal always works.
    private struct Fixture {
        var machine = GatewayMachine(policy: GatewayPolicy(), seed: 1)
        var now = Now(mono: 1_000, wall: 1_769_851_800_000)
        var rows: [JournalEntry] = []
        var notices: [AgentNotice] = []
        /// Questions about the cart that were not answered yet.
        var questions: [CallID] = []
        private var lastRequest: UInt64 = 0

        static let id = PaymentID(unchecked: "p1")
        static let cart = CartID(unchecked: "c1")

        init() throws {
            var record = PaymentRecord(
                id: Self.id, request: PaymentRequest(cart: Self.cart, amount: try DecimalAmount("56.78")),
                reader: ReaderID(unchecked: "tmr_1"), readerLabel: nil, at: now.wall)
            record.state = .unresolved
            record.money = .unknown
            record.confirmingAt = now.wall
            feed(.start(open: [record], carts: [], facts: [:]))
            questions = []
        }

        /// What the journal would tell a start.
        var facts: [String: String] { rows.reduce(into: [:]) { facts, row in row.fact.map { facts[$0.key] = $0.value } } }
        var ended: PaymentRecord? { rows.last { $0.payment?.id == Self.id }?.payment }
        var contradictions: [JournalEntry] { rows.filter { $0.kind == .contradicted } }

        @discardableResult
        mutating func feed(_ event: Event) -> [Action] {
            let actions = machine.handle(event, at: now)
            for action in actions {
                switch action {
                case .call(let id, .append(let entries), _, _):
                    rows += entries
                    feed(.answer(id, .append(.success(()))))
                case .call(let id, .paymentStatus(Self.cart), _, _): questions.append(id)
                case .notice(let notice): notices.append(notice)
                default: break
                }
            }
            return actions
        }

        mutating func resolve(paid: Bool, order: String? = nil) {
            lastRequest += 1
            feed(
                .request(
                    RequestID(lastRequest),
                    .resolve(
                        Self.id, paid: paid, order: order.map { OrderID(unchecked: $0) }, by: "anna", note: "looked it up", Recall())))
            questions = []
        }

        /// Time passes until the backend is asked about the cart, and it says this; false when it is not asked within the time.
        mutating func hears(_ status: CartStatus, within limit: Int64 = 120_000) -> Bool {
            let end = now.mono + limit
            while questions.isEmpty, let wake = machine.nextWake, wake <= end { later(to: max(wake, now.mono + 1)) }
            guard let question = questions.first else { return false }
            questions = []
            feed(.answer(question, .paymentStatus(.success(status))))
            return true
        }

        /// As `hears`; the test fails when the backend is not asked.
        mutating func expectHears(_ status: CartStatus, at location: SourceLocation = #_sourceLocation) {
            let isAsked = hears(status)
            #expect(isAsked, "the backend should be asked", sourceLocation: location)
        }

        mutating func later(to mono: MonoTime) {
            now.wall += mono - now.mono
            now.mono = mono
            feed(.tick)
        }

        /// The agent is killed, and starts again from what its journal has.
        mutating func restart(carts: [CartFacts] = []) {
            machine = GatewayMachine(policy: GatewayPolicy(), seed: 2)
            questions = []
            notices = []
            let watched = StoredFacts.watchedResolutions(facts)
            feed(.start(open: [], carts: carts, facts: facts, resolved: watched.contains(Self.id) ? [ended].compactMap { $0 } : []))
        }
    }

    private static let submitted = CartStatus.submitted(order: OrderID(unchecked: "8812"))

    @Test func `an order that appears after all is journaled and told, and the payment stays as it is`() throws {
        var agent = try Fixture()
        agent.resolve(paid: false)
        let ended = try #require(agent.ended)
        #expect(ended.state == .failed && ended.money == .notTaken && ended.resolvedBy == "anna")
        agent.expectHears(.open)
        #expect(agent.contradictions.isEmpty)
        agent.expectHears(Self.submitted)
        let warned = try #require(agent.contradictions.first?.payment)
        #expect(warned.state == ended.state && warned.money == ended.money && warned.endedAt == ended.endedAt)
        #expect(warned.warnings.map(\.code) == [.contradicted])
        #expect(agent.contradictions.first?.note?.contains("order 8812") == true)
        #expect(agent.notices.map(\.code) == ["resolution_contradicted"])
        #expect(agent.notices.first?.payment == Fixture.id)
        #expect(agent.machine.contradictions == agent.notices)
        #expect(agent.machine.standingNotices == agent.notices)
    }

    @Test func `it is found out and remembered across restarts`() throws {
        var agent = try Fixture()
        agent.resolve(paid: false)
        agent.restart()
        agent.expectHears(Self.submitted)
        #expect(agent.contradictions.count == 1)
        let told = agent.machine.contradictions
        agent.restart()
        #expect(agent.machine.contradictions == told)
        agent.expectHears(Self.submitted)
        #expect(agent.contradictions.count == 1, "it is said once")
    }

    @Test func `an order that another payment of the cart explains contradicts nobody`() throws {
        var agent = try Fixture()
        agent.resolve(paid: false)
        var cart = CartFacts(cart: Fixture.cart)
        cart.paid = true
        cart.paidBy = PaymentID(unchecked: "p2")
        agent.restart(carts: [cart])
        agent.expectHears(Self.submitted)
        #expect(agent.contradictions.isEmpty)
        #expect(StoredFacts.watchedResolutions(agent.facts).isEmpty, "there is nothing more to find out")
    }

    @Test func `an order that failed contradicts when it has stood for a while, until it goes through`() throws {
        var agent = try Fixture()
        agent.resolve(paid: true)
        #expect(agent.ended?.money == .taken)
        agent.expectHears(.failed(error: "stock"))
        #expect(agent.contradictions.isEmpty, "it may be an earlier decline's")
        agent.expectHears(.failed(error: "stock"))
        #expect(agent.contradictions.count == 1)
        #expect(agent.contradictions.first?.note?.contains("stock") == true)
        agent.expectHears(Self.submitted)
        #expect(agent.machine.contradictions.isEmpty)
        #expect(agent.rows.last?.note == "the backend says now what the technician said")
    }

    @Test func `another order than the technician named contradicts`() throws {
        var agent = try Fixture()
        agent.resolve(paid: true, order: "77")
        agent.expectHears(Self.submitted)
        #expect(agent.contradictions.first?.note?.contains("8812") == true)
        var other = try Fixture()
        other.resolve(paid: true, order: "8812")
        other.expectHears(Self.submitted)
        #expect(other.contradictions.isEmpty)
        let isAskedAgain = other.hears(Self.submitted, within: 40 * 86_400_000)
        #expect(!isAskedAgain, "they agree, and nobody is asked again")
    }

    @Test func `it is asked about less and less often, and not for ever`() throws {
        var agent = try Fixture()
        agent.resolve(paid: false)
        func count(_ agent: inout Fixture, within span: Int64) -> Int {
            let end = agent.now.mono + span
            var count = 0
            while agent.now.mono < end, agent.hears(.open, within: end - agent.now.mono) { count += 1 }
            return count
        }
        let (hour, day, later) = (
            count(&agent, within: 3_600_000), count(&agent, within: 23 * 3_600_000), count(&agent, within: 92 * 86_400_000)
        )
        #expect((55...62).contains(hour), "\(hour) in the first hour")
        #expect((85...95).contains(day), "\(day) in the rest of the first day")
        #expect((340...365).contains(later), "\(later) later")
        #expect(StoredFacts.watchedResolutions(agent.facts).isEmpty)
    }

    // MARK: Releasing a reader by hand

    @Test func `a reader is released from the holder that is named, of whatever kind`() {
        let setup = LeaseHolder.cardSetup(CardSetupID(unchecked: "same"))
        var reader = ReaderMachine(facts: ReaderFacts(id: ReaderID(unchecked: "tmr_1")), policy: GatewayPolicy())
        _ = reader.recoverLease(of: setup, .takesOver, at: Now(mono: 1, wall: 1))
        var actions: [ReaderMachine.Action] = []
        let byAnother = reader.releaseByHand(of: .payment(PaymentID(unchecked: "same")), actions: &actions)
        #expect(!byAnother)
        #expect(reader.holder == setup)
        let byItself = reader.releaseByHand(of: setup, actions: &actions)
        #expect(byItself)
        #expect(reader.holder == nil)
        let again = reader.releaseByHand(of: setup, actions: &actions)
        #expect(!again, "it is free")
    }
}
