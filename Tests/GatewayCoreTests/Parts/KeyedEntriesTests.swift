import Moments
import Testing

@testable import GatewayCore
@testable import GatewayModel

@Suite struct KeyedEntriesTests {
    private static let cart = CartID(unchecked: "c1")
    private static let one = IntentID(unchecked: "pi_1")
    private static let two = IntentID(unchecked: "pi_2")

    private func reading(isUnreadable: Bool = false) -> KeyedEntries {
        var keyed = KeyedEntries()
        _ = keyed.beginLook(Self.cart)
        keyed.reads(Self.cart, [Self.one, Self.two], for: nil, isUnreadable: isUnreadable)
        return keyed
    }

    @Test func `a cart is looked into once at a time`() {
        var keyed = KeyedEntries()
        let begun = [keyed.beginLook(Self.cart), keyed.beginLook(Self.cart)]
        #expect(begun == [true, false] && keyed.isLookedInto(Self.cart))
    }

    @Test func `a look ends with the last of its intents, and a second reading of one is no end`() {
        var keyed = reading()
        let isLast = [keyed.read(Self.cart, Self.one, .canceled), keyed.read(Self.cart, Self.one, .canceled)]
        #expect(isLast == [false, false])
        let isOver = keyed.read(Self.cart, Self.two, .requiresPaymentMethod)
        let look = keyed.takeLook(Self.cart)
        #expect(isOver && look?.failure(isVouched: false) == nil && keyed.lookCount == 0)
    }

    @Test func `a typed card that is charged, or may be, forbids another, whoever vouches`() {
        for (status, code) in [(IntentStatus.succeeded, FailureCode.cartPaid), (.processing, .cartUnresolved)] {
            var keyed = reading()
            _ = keyed.read(Self.cart, Self.one, status)
            _ = keyed.read(Self.cart, Self.two, .canceled)
            let look = keyed.takeLook(Self.cart)
            #expect(look?.failure(isVouched: true)?.code == code)
        }
    }

    @Test func `what cannot be read forbids, unless a technician vouches for it`() {
        var keyed = reading()
        _ = keyed.read(Self.cart, Self.one, nil)
        _ = keyed.read(Self.cart, Self.two, .canceled)
        let look = keyed.takeLook(Self.cart)
        #expect(look?.failure(isVouched: false) != nil && look?.failure(isVouched: true) == nil)
    }

    @Test func `an entry whose name nobody knows is as one that cannot be read`() {
        var keyed = KeyedEntries()
        keyed.reads(Self.cart, [], for: PaymentID(unchecked: "p1"), isUnreadable: true)
        #expect(keyed.payment(of: Self.cart) == PaymentID(unchecked: "p1"))
        let look = keyed.takeLook(Self.cart)
        #expect(look?.failure(isVouched: false) != nil)
    }

    @Test func `the backend's answer counts for the form whose intent it gives, and the one that was asked for is given up`() throws {
        let lost = try [(Self.one, "1.00"), (Self.two, "2.00")].map { id, amount in
            CartFacts.Keyed(id: id, cart: Self.cart, amount: try DecimalAmount(amount), accountBalance: nil)
        }
        let key = PublishableKey(unchecked: "pk_test_1")
        let given = BackendIntent(id: Self.two, publishableKey: key, clientSecret: ClientSecret(Secret("pi_2_secret")))
        var keyed = KeyedEntries()
        keyed.reads(Self.cart, [Self.one, Self.two], lost: lost, for: nil, isUnreadable: false)
        #expect(keyed.nextLost(of: Self.cart)?.id == Self.one)
        let answer = keyed.answered(Self.one, of: Self.cart, .success(given))
        #expect(answer.found?.id == Self.two && answer.givenUp == [Self.one])
        #expect(keyed.nextLost(of: Self.cart) == nil)
    }

    @Test func `what is handed out is taken once`() throws {
        var keyed = KeyedEntries()
        keyed.asked(RequestID(1), CartMachine.Terms(cart: Self.cart, amount: try DecimalAmount("1.00"), accountBalance: nil))
        let taken = [keyed.take(RequestID(1)) != nil, keyed.take(RequestID(1)) != nil]
        #expect(taken == [true, false] && keyed.askedCount == 0)
    }
}
