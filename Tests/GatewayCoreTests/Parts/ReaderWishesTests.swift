import Testing

@testable import GatewayCore
@testable import GatewayModel
import Moments

/// Who wants a session with a reader beside its lease.
@Suite struct ReaderWishesTests {
    private static let inUse = ReaderTrouble(.inUseElsewhere, "in use", remedy: "Wait.")

    private static func request(_ number: UInt64, takeOver: Bool = false, cart: CartID? = nil) -> ReaderWishes.Request {
        .init(request: RequestID(number), cart: cart, takeOver: takeOver)
    }

    private var wishes = ReaderWishes()

    @Test mutating func `a cart's wish does not bring back what a technician disconnected, and a new sale does`() {
        wishes.setDesired(true)
        #expect(wishes.isWanted && wishes.part().isEmpty && !wishes.isWanted && wishes.isParted)
        wishes.setDesired(true)
        #expect(!wishes.isWanted)
        wishes.isWantedAgain()
        wishes.setDesired(true)
        #expect(wishes.isWanted)
    }

    @Test mutating func `a technician's request is told once, and not later than in thirty seconds`() {
        wishes.add(Self.request(1, cart: CartID(unchecked: "c1")), at: 1_000)
        wishes.add(Self.request(2), at: 2_000)
        #expect(wishes.cart == CartID(unchecked: "c1") && wishes.nextWake == 31_000 && wishes.contains(RequestID(2)))
        let told = [wishes.takeLate(at: 30_999), wishes.takeLate(at: 31_000), wishes.takeAll(), wishes.takeAll()]
        #expect(told == [[], [RequestID(1)], [RequestID(2)], []] && wishes.nextWake == nil)
    }

    @Test mutating func `only who may take the reader over waits on when a polite try was refused`() {
        wishes.add(Self.request(1), at: 0)
        wishes.add(Self.request(2, takeOver: true), at: 0)
        #expect(wishes.takesOver)
        let polite = wishes.takeRefused(Self.inUse, wasPolite: true)
        #expect(polite == [RequestID(1)] && wishes.hasRequests)
        let other = wishes.takeRefused(Self.inUse, wasPolite: false)
        #expect(other == [RequestID(2)] && !wishes.hasRequests)
    }

    @Test mutating func `a request ends a disconnect, and one whose caller has gone is forgotten`() {
        _ = wishes.part()
        wishes.add(Self.request(1), at: 0)
        #expect(!wishes.isParted && wishes.isWanted)
        wishes.forget(RequestID(1))
        #expect(!wishes.isWanted)
    }
}
