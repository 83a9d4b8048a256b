import GatewayCore
import GatewayModel
import Moments
import Testing

/// Labels, and what a reader's screen shows.
extension WhoIsWhoTests {
    @Test func `a label is compared as it was written`() throws {
        var store = store(label: "Front\u{200d}Desk")
        let cleaned = try pay(&store, reader: "FrontDesk")
        #expect(store.refusal(cleaned)?.code == .readerNotFound)
        try pay(&store, "p2", reader: "Front\u{200d}Desk")
        #expect(store.payment("p2")?.state == .waitingForCard)
    }

    @Test func `the screen is cleared with the cart that was shown last, and with no other`() throws {
        var store = store()
        let (c1, c2) = (CartID(unchecked: "c1"), CartID(unchecked: "c2"))
        let shown = DisplayCart(currency: StoreFixture.usd, totalMinor: 100, taxMinor: nil, lines: [])
        for cart in [c1, c2] {
            store.ask(.openCart(cart, lane: Self.lane, reader: nil, Recall()))
            store.ask(.display(cart, shown))
        }
        store.ask(.closeCart(c1))
        #expect(!store.made.contains { $0.call.isClear })
        store.ask(.closeCart(c2))
        #expect(store.made.count { $0.call.isClear } == 1)
    }

    @Test func `a cart that is left alone takes what it shows with it`() throws {
        var store = store()
        let cart = CartID(unchecked: "c1")
        store.ask(.openCart(cart, lane: Self.lane, reader: nil, Recall()))
        store.ask(.display(cart, DisplayCart(currency: StoreFixture.usd, totalMinor: 100, taxMinor: nil, lines: [])))
        store.wait(1_801_000)
        #expect(store.made.count { $0.call.isClear } == 1)
    }

    @Test func `a reader that comes back under its old id is known by the label that it bears now`() {
        var machine = RegistrationMachine(
            .register(RegistrationCode(Secret("donkey-gecko-inspired")), label: "Back Desk", location: nil), patience: 30_000)
        _ = machine.begin()
        _ = machine.listed(.success([BackendReader(id: Self.first, label: "Front Desk")]), at: 0)
        _ = machine.told(.success(()), at: 10)
        #expect(machine.listed(.success([BackendReader(id: Self.first, label: "Back Desk")]), at: 20) == [.ended(.success(Self.first))])
    }
}
