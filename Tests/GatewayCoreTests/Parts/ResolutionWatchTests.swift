import Moments
import Testing

@testable import GatewayCore
@testable import GatewayModel

@Suite struct ResolutionWatchTests {
    private typealias Watch = ResolutionWatch
    private static let id = PaymentID(unchecked: "p1")
    private static let cart = CartID(unchecked: "c1")
    private static let around = Watch.Circumstances(facts: nil, staleFailure: 30_000)

    private func now(_ moment: Int64) -> Now { Now(mono: MonoTime(moment), wall: WallTime(1_769_851_800_000 + moment)) }

    private func record(_ money: MoneyState, order: String? = nil) throws -> PaymentRecord {
        var record = PaymentRecord(
            id: Self.id, request: PaymentRequest(cart: Self.cart, amount: try DecimalAmount("56.78")),
            reader: ReaderID(unchecked: "tmr_1"), readerLabel: nil, at: now(0).wall)
        record.state = money == .taken ? .succeeded : .failed
        record.money = money
        record.order = order.map { OrderID(unchecked: $0) }
        record.resolvedBy = "anna"
        record.endedAt = now(0).wall
        return record
    }

    private func watching(_ money: MoneyState, order: String? = nil) throws -> Watch {
        var watch = Watch()
        _ = watch.watch(try record(money, order: order), at: now(0))
        return watch
    }

    @Test func `only what a technician has said is watched`() throws {
        var bare = try record(.taken)
        bare.resolvedBy = nil
        var watch = Watch()
        let actions = watch.watch(bare, at: now(0))
        #expect(actions.isEmpty && watch.isEmpty)
    }

    @Test func `the backend is asked after a minute, once at a time, and less often as time goes by`() throws {
        var watch = try watching(.taken)
        #expect(watch.nextWake == 60_000)
        let first = watch.tick(at: now(60_000))
        #expect(first == [.ask(Self.id, Self.cart)])
        let again = watch.tick(at: now(70_000))
        #expect(again.isEmpty && watch.nextWake == .max && watch.asking == [Self.id])
        let cart = watch.answered(Self.id, at: now(70_000))
        #expect(cart == Self.cart && watch.nextWake == 130_000)
        _ = watch.tick(at: now(7_200_000))
        _ = watch.answered(Self.id, at: now(7_200_000))
        #expect(watch.nextWake == 8_100_000)
        _ = watch.tick(at: now(90_000_000))
        _ = watch.answered(Self.id, at: now(90_000_000))
        #expect(watch.nextWake == 111_600_000)
    }

    @Test func `after ninety days nobody is asked any more`() throws {
        var watch = try watching(.taken)
        let actions = watch.tick(at: now(90 * 86_400_000))
        #expect(actions == [.note(Self.id, "over", note: nil)])
        #expect(watch.isEmpty)
    }

    @Test func `an order for what was not taken contradicts, once`() throws {
        var watch = try watching(.notTaken)
        let order = CartStatus.submitted(order: OrderID(unchecked: "o9"))
        let told = watch.heard(order, of: Self.cart, Self.around, at: now(1))
        guard case .contradicted(let record, let words)? = told.first else { return #expect(Bool(false), "\(told)") }
        #expect(words.contains("o9") && record.warnings.map(\.code) == [.contradicted])
        #expect(watch.contradicts(Self.id) && watch.contradictions.map(\.words) == [words])
        let again = watch.heard(order, of: Self.cart, Self.around, at: now(2))
        #expect(again.isEmpty)
    }

    @Test func `another payment or a typed card explains the order`() throws {
        var other = CartFacts(cart: Self.cart)
        other.paidBy = PaymentID(unchecked: "p2")
        var typed = CartFacts(cart: Self.cart)
        typed.keyedEver = true
        for facts in [other, typed] {
            var watch = try watching(.notTaken)
            let actions = watch.heard(.submitted(order: nil), of: Self.cart, .init(facts: facts, staleFailure: 30_000), at: now(1))
            #expect(actions == [.note(Self.id, "settled", note: nil)])
            #expect(watch.isEmpty)
        }
    }

    @Test func `a failed order contradicts what was taken only once it is no old news`() throws {
        var watch = try watching(.taken)
        let failed = CartStatus.failed(error: "no stock")
        let first = watch.heard(failed, of: Self.cart, Self.around, at: now(1_000))
        #expect(first.isEmpty && watch.nextWake == 32_000)
        let early = watch.heard(failed, of: Self.cart, Self.around, at: now(30_999))
        #expect(early.isEmpty)
        let late = watch.heard(failed, of: Self.cart, Self.around, at: now(31_000))
        #expect(late.count == 1 && watch.contradicts(Self.id))
    }

    @Test func `an open cart starts the time of a failed order anew`() throws {
        var watch = try watching(.taken)
        _ = watch.heard(.failed(error: nil), of: Self.cart, Self.around, at: now(1_000))
        _ = watch.heard(.open, of: Self.cart, Self.around, at: now(2_000))
        let late = watch.heard(.failed(error: nil), of: Self.cart, Self.around, at: now(31_000))
        #expect(late.isEmpty)
    }

    @Test func `what the backend takes back warns nobody any more`() throws {
        var watch = try watching(.taken, order: "o1")
        _ = watch.heard(.submitted(order: OrderID(unchecked: "o2")), of: Self.cart, Self.around, at: now(1))
        let actions = watch.heard(.submitted(order: OrderID(unchecked: "o1")), of: Self.cart, Self.around, at: now(2))
        guard case .settled(let record, let note?)? = actions.first else { return #expect(Bool(false), "\(actions)") }
        #expect(record.warnings.isEmpty && note.contains("technician") && watch.isEmpty)
    }

    @Test func `a payment that took the money explains the order before the backend names it`() throws {
        var watch = try watching(.notTaken)
        let own = watch.explained(Self.cart, by: Self.id)
        #expect(own.isEmpty)
        let actions = watch.explained(Self.cart, by: PaymentID(unchecked: "p2"))
        #expect(actions == [.note(Self.id, "settled", note: nil)])
    }

    @Test func `after a restart a contradiction is known from its fact`() throws {
        var watch = Watch()
        let key = StoredFacts.resolutionKey + Self.id.text
        watch.start([try record(.notTaken)], [key: StoredFacts.contradictedResolution + "it was paid"], at: now(0))
        #expect(watch.contradictions.map(\.words) == ["it was paid"])
        #expect(watch.nextWake == 1_000 && watch.isWatched(Self.cart))
    }
}
