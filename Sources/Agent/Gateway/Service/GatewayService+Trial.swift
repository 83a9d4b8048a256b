package import CheckoutAPI
package import CheckoutServer
internal import GatewayCore
internal import GatewayModel

extension GatewayService {
    package func trial(_ name: String, _ body: TrialBody, caller: Caller) async throws(Problem) -> LineSource<TrialLine> {
        let cart = try CartID.checked(body.cart)
        let amount = try body.amount.map { text throws(Problem) in try DecimalAmount.checked(text, field: "amount") }
        // Where it is, is what Stripe's list says today.
        guard case .reader(let id, _) = try await ask(about: nil, nil, { _ in .tryOut(name, .locate, cart: cart) }) else { throw Self.odd }
        let trial = ReaderTrial(
            service: self, caller: caller, reader: id, cart: cart, amount: amount, steps: Set(body.steps ?? TrialStep.Name.allCases))
        return LineSource { send in await trial.run(send) }
    }
}
