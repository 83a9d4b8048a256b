import Moments
import Testing

@testable import GatewayCore
@testable import GatewayModel

@Suite struct ScreensTests {
    private static let one = ReaderID(unchecked: "tmr_1")
    private static let two = ReaderID(unchecked: "tmr_2")
    private static let cart = CartID(unchecked: "c1")

    @Test func `a cart that is closed is taken off where it stands still, and nowhere else`() {
        var screens = Screens()
        screens.shows(Self.cart, on: Self.two)
        screens.shows(Self.cart, on: Self.one)
        screens.shows(CartID(unchecked: "c2"), on: Self.one)
        let readers = [screens.takeOff(Self.cart), screens.takeOff(Self.cart)]
        #expect(readers == [[Self.two], []])
    }

    @Test func `what a payment has the reader for is not taken off`() {
        var screens = Screens()
        screens.shows(Self.cart, on: Self.one)
        screens.isTaken(Self.one)
        let readers = screens.takeOff(Self.cart)
        #expect(readers.isEmpty)
    }

    @Test func `a label is taken off when its time is over`() {
        var screens = Screens()
        screens.wait(RequestID(1), for: Self.one, identifies: true)
        screens.isShown(RequestID(1), on: Self.one, until: 8_000)
        #expect(screens.nextWake == 8_000 && screens.waiting.isEmpty)
        let readers = [screens.tick(at: 7_999), screens.tick(at: 8_000), screens.tick(at: 9_000)]
        #expect(readers == [[], [Self.one], []])
    }

    @Test func `a cart takes the place of a label, and a label that of a cart`() {
        var screens = Screens()
        screens.wait(RequestID(1), for: Self.one, identifies: true)
        screens.isShown(RequestID(1), on: Self.one, until: 8_000)
        screens.shows(Self.cart, on: Self.one)
        #expect(screens.nextWake == .max)
        screens.wait(RequestID(2), for: Self.one, identifies: true)
        screens.isShown(RequestID(2), on: Self.one, until: 8_000)
        let readers = screens.takeOff(Self.cart)
        #expect(readers.isEmpty)
    }

    @Test func `what was not asked to be a label stays on the screen`() {
        var screens = Screens()
        screens.wait(RequestID(1), for: Self.one, identifies: false)
        screens.isShown(RequestID(1), on: Self.one, until: 8_000)
        screens.isShown(RequestID(9), on: Self.one, until: 8_000)
        #expect(screens.nextWake == .max && screens.waiting(RequestID(1)) == nil)
    }
}
