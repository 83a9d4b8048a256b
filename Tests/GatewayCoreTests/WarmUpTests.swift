import GatewayCore
import GatewayModel
import Moments
import Testing

/// Many sales that begin at once, and what is got ready for them.
@Suite struct WarmUpTests {
    private static func isForCarts(_ call: Call) -> Bool {
        switch call {
        case .configuration, .connectionToken: true
        default: false
        }
    }

    private static func cart(_ number: Int) -> CartID { CartID(unchecked: "sale-\(number)") }

    private static func open(_ count: Int, in store: inout StoreFixture) -> [RequestID] {
        (0..<count).map { store.ask(.openCart(cart($0), lane: nil, reader: StoreFixture.reader.text, Recall())) }
    }

    private static func isList(_ call: Call) -> Bool { if case .backendReaders = call { true } else { false } }

    private static func isToken(_ call: Call) -> Bool { if case .connectionToken = call { true } else { false } }

    @Test func `the first payment asks for its token beside the list of readers, and does not wait for it afterwards`() throws {
        var store = StoreFixture(holding: Self.isList)
        try store.pay("p")
        #expect(store.calls.map(\.call).contains(where: Self.isList) && store.made.map(\.call).contains(where: Self.isToken))
        #expect(store.commands.isEmpty && store.payment("p") == nil)
        store.holds = Self.isToken
        store.answer(.backendReaders(.success(store.listed)), to: Self.isList)
        #expect(store.commands.starts(with: ["activateTerminal", "collectPaymentMethod"]), "\(store.commands)")
        #expect(store.payment("p")?.state == .waitingForCard)
        #expect(store.machine.broken() == nil)
    }

    @Test func `a payment that is refused because the list has just failed asks the backend for nothing`() throws {
        var store = StoreFixture(holding: Self.isList)
        store.answer(.backendReaders(.failure(.unavailable(detail: "down", mayHaveActed: false))), to: Self.isList)
        let id = try store.pay("p")
        #expect(store.refusal(id)?.code == .backendUnavailable)
        #expect(!store.made.map(\.call).contains(where: Self.isToken))
    }

    @Test func `a first payment that no reader takes leaves nothing behind but a token that grows old`() throws {
        var store = StoreFixture(holding: Self.isList)
        let id = try store.pay("p", reader: ReaderID(unchecked: "tmr_unknown"))
        store.answer(.backendReaders(.success(store.listed)), to: Self.isList)
        #expect(store.refusal(id)?.code == .readerNotFound)
        store.wait(700_000)
        #expect(store.machine.broken() == nil)
    }

    @Test func `what may be needed later is asked for a few calls at a time`() {
        var store = StoreFixture(holding: Self.isForCarts)
        _ = Self.open(200, in: &store)
        // One token is a reader's, which wants to be ready: that is not put off.
        #expect(store.calls.count <= 3)
        let before = store.calls.count
        store.answer(.configuration(.failure(.overloaded(detail: "test"))), to: Self.isConfiguration)
        #expect(store.calls.count == before, "the next has its turn")
    }

    private static func isConfiguration(_ call: Call) -> Bool { if case .configuration = call { true } else { false } }

    @Test func `what comes too late is dropped, and nobody is blamed`() {
        var store = StoreFixture(holding: Self.isForCarts)
        _ = Self.open(200, in: &store)
        let asked = store.made.count(where: { Self.isForCarts($0.call) })
        store.wait(30_000)
        // The calls that are under way never came back: nothing further was asked, and what waited was dropped again and again.
        #expect(store.made.count(where: { Self.isForCarts($0.call) }) == asked)
        #expect(!store.machine.refusesForBackend(at: store.now))
        #expect(store.machine.broken() == nil)
    }

    @Test func `a payment does not wait for what its cart would have got in its turn`() throws {
        var store = StoreFixture(holding: Self.isForCarts)
        store.holds = { _ in false }
        // The reader is ready: the payment needs the backend for its cart alone.
        _ = store.ask(.openCart(CartID(unchecked: "first"), lane: nil, reader: StoreFixture.reader.text, Recall()))
        store.holds = Self.isForCarts
        _ = Self.open(200, in: &store)
        let last = Self.cart(199)
        #expect(!store.calls.contains { if case .configuration(last) = $0.call { true } else { false } })
        try store.pay("p", cart: last)
        let asked = try #require(store.calls.first { if case .configuration(last) = $0.call { true } else { false } })
        #expect(store.machine.sells(asked.id))
        #expect(store.payment("p")?.state != .failed)
    }

    @Test func `one cart more than may be open is refused, and a payment is not`() throws {
        var store = StoreFixture(holding: Self.isForCarts)
        let asked = Self.open(GatewayMachine.maximumOpenCarts + 1, in: &store)
        #expect(asked.dropLast().allSatisfy { store.refusal($0) == nil })
        #expect(store.refusal(try #require(asked.last))?.code == .overloaded)
        // Again is harmless, and what was closed makes room.
        let again = store.ask(.openCart(Self.cart(0), lane: nil, reader: nil, Recall()))
        #expect(store.refusal(again) == nil)
        let more = CartID(unchecked: "one-more")
        let second = store.ask(.openCart(more, lane: nil, reader: nil, Recall()))
        #expect(store.refusal(second)?.code == .overloaded)
        let paid = try store.pay("p", cart: more)
        #expect(store.refusal(paid) == nil)
        #expect(store.payment("p") != nil)
        store.ask(.closeCart(Self.cart(1)))
        store.ask(.closeCart(Self.cart(2)))
        let last = store.ask(.openCart(Self.cart(1), lane: nil, reader: nil, Recall()))
        #expect(store.refusal(last) == nil)
    }

    @Test func `a cart that is closed before its turn leaves nothing behind`() {
        var store = StoreFixture(holding: Self.isForCarts)
        _ = Self.open(50, in: &store)
        for number in 0..<50 { store.ask(.closeCart(Self.cart(number))) }
        let asked = store.made.count
        while let open = store.calls.first(where: { Self.isForCarts($0.call) }) {
            switch open.call {
            case .configuration: store.answer(.configuration(.failure(.overloaded(detail: "test"))), to: { $0 == open.call })
            default: store.answer(.connectionToken(.failure(.overloaded(detail: "test"))), to: { $0 == open.call })
            }
        }
        #expect(store.made.count - asked <= 2, "only a reader may still want a token")
        #expect(store.machine.broken() == nil)
    }

    @Test func `carts that were only asked about are not kept by the thousand`() throws {
        var store = StoreFixture()
        store.holds = { _ in false }
        for number in 0..<8 { try store.pay("running-\(number)", cart: CartID(unchecked: "running-\(number)")) }
        var refused = 0
        for number in 0..<2200 {
            let id = try store.pay("p-\(number)", cart: Self.cart(number))
            if store.refusal(id) != nil { refused += 1 }
            store.now.mono += 1
        }
        #expect(refused > 2100)
        #expect(store.machine.rememberedCarts < 2100)
    }
}
