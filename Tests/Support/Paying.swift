import CheckoutAPI
import CheckoutClient
import StoreSimulator
import Testing

extension Store {
    /// Pays and waits for the end.
    package func pay(
        _ id: String, cart: String, _ amount: String = "12.34", lane: String? = nil, timeout: Int? = nil
    ) async throws(ClientError) -> Payment {
        try await client.pay(id, PaymentBody(cart: cart, amount: amount, lane: lane, timeoutSeconds: timeout), wait: .seconds(30))
    }

    /// Waits until a payment is in one of these states.
    @discardableResult
    package func payment(
        _ id: String, becomes states: Payment.State..., within limit: Duration = .seconds(20),
        at location: SourceLocation = #_sourceLocation
    ) async throws -> Payment {
        var last: Payment?
        try await eventually(within: limit, "\(id) becomes \(states); it is \(last?.state.rawValue ?? "not there")", at: location) {
            let payment = try await client.payment(id)
            last = payment
            return states.contains(payment.state)
        }
        return try #require(last)
    }

    /// Waits until the ledger is as wished.
    package func ledger(
        _ what: String, within limit: Duration = .seconds(20), at location: SourceLocation = #_sourceLocation, _ condition: (Ledger) -> Bool
    ) async throws {
        guard try await !simulator.waitUntil(within: limit, condition) else { return }
        Issue.record("not in time: \(what)", sourceLocation: location)
        throw NotInTime(description: what)
    }

    /// What an ended payment says of the money is what the ledger says.
    package func expectHonest(_ payment: Payment, at location: SourceLocation = #_sourceLocation) {
        let ledger = ledger
        let charges = ledger.charges(cart: payment.cart).filter { $0.intent == payment.paymentIntent }
        switch payment.money {
        case .taken, .authorized:
            #expect(charges.count == 1, "\(payment.id) says \(payment.money)", sourceLocation: location)
            #expect(
                charges.first.map { Int64($0.amount) } == payment.amountMinor.map { $0 + payment.tipMinor }, sourceLocation: location)
            if payment.money == .taken {
                #expect(payment.order == ledger.cart(payment.cart)?.order, sourceLocation: location)
                #expect(payment.order != nil, sourceLocation: location)
            }
        case .notTaken:
            let isPaidByAnother = payment.failure?.code == .cartPaid || payment.failure?.code == .superseded
            #expect(
                isPaidByAnother || ledger.charges(cart: payment.cart).isEmpty, "\(payment.id) says not_taken, and there is a charge",
                sourceLocation: location)
        case .unknown:
            #expect(!payment.state.isEnd, "\(payment.id) has ended and says unknown", sourceLocation: location)
        }
        if payment.state.isEnd {
            #expect(payment.endedAt != nil, sourceLocation: location)
            #expect(payment.timeline.last?.state == payment.state, sourceLocation: location)
        }
    }
}
