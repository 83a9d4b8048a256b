import Moments
import Testing

@testable import GatewayCore
@testable import GatewayModel

@Suite struct WaitingRequestsTests {
    private static let cart = CartID(unchecked: "c1")

    private func pay(_ cart: CartID) throws -> Request {
        .pay(PaymentID(unchecked: "p1"), PaymentRequest(cart: cart, amount: try DecimalAmount("1.00")), Recall())
    }

    @Test func `what they waited for lets them go once, in the order in which they came`() {
        var waiting = WaitingRequests()
        waiting.park(RequestID(2), .readers(refresh: true), for: .readers)
        waiting.park(RequestID(1), .readers(refresh: true), for: .readers)
        waiting.park(RequestID(3), .readers(refresh: true), for: .stripe)
        let taken = [waiting.take(.readers), waiting.take(.readers)].map { $0.map(\.id.value) }
        #expect(taken == [[2, 1], []])
        #expect(waiting.reasons == [.stripe] && waiting.count == 1)
    }

    @Test func `payments of a cart are taken out, whatever they wait for, and no others`() throws {
        var waiting = WaitingRequests()
        waiting.park(RequestID(1), try pay(Self.cart), for: .readers)
        waiting.park(RequestID(2), try pay(CartID(unchecked: "c2")), for: .readers)
        waiting.park(RequestID(3), .closeCart(Self.cart), for: .readers)
        let taken = waiting.takePayments(of: Self.cart).map(\.id.value)
        #expect(taken == [1] && waiting.count == 2)
    }

    @Test func `that a cart was looked into counts for one decision`() {
        var waiting = WaitingRequests()
        waiting.wasChecked(RequestID(1), for: .cartCheck(Self.cart))
        let isChecked = [waiting.takeChecked(RequestID(1)), waiting.takeChecked(RequestID(1))].map { $0 == .cartCheck(Self.cart) }
        #expect(isChecked == [true, false])
    }

    @Test func `Stripe's list is read once for a request, until it is answered`() {
        var waiting = WaitingRequests()
        waiting.stripeWasRead(for: RequestID(1))
        #expect(waiting.isStripeRead(for: RequestID(1)))
        waiting.answered(RequestID(1))
        #expect(!waiting.isStripeRead(for: RequestID(1)))
    }

    @Test func `of who has gone nothing is left`() {
        var waiting = WaitingRequests()
        waiting.park(RequestID(1), .readers(refresh: true), for: .cartCheck(Self.cart))
        waiting.wasChecked(RequestID(1), for: .cartCheck(Self.cart))
        waiting.stripeWasRead(for: RequestID(1))
        waiting.forget(RequestID(1))
        let isChecked = waiting.takeChecked(RequestID(1)) != nil
        #expect(!isChecked && !waiting.isStripeRead(for: RequestID(1)) && !waiting.isAwaited(.cartCheck(Self.cart)))
    }
}
