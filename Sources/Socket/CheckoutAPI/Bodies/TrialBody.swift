/// `POST /v1/readers/{reader}/trial`: try a reader out, one step after another.
public struct TrialBody: Sendable, Hashable, Codable {
    /// On whose behalf the connection tokens are asked for, and which is paid where `amount` is given.
    public var cart: String
    /// What `collect_cancel`, `collect_read` and `confirm` ask for; without it they are skipped. Test mode only.
    public var amount: String?
    /// Which steps; all of them without it.
    public var steps: [TrialStep.Name]?

    public init(cart: String, amount: String? = nil, steps: [TrialStep.Name]? = nil) {
        self.cart = cart
        self.amount = amount
        self.steps = steps
    }
}

extension TrialBody: StrictBody {
    package static func read(_ fields: FieldReader, _ body: BodyReader) -> TrialBody? {
        let cart = fields.required("cart", body.text(.cart))
        let amount = fields.optional("amount", body.text(.amount))
        let steps = fields.optional("steps", body.list(1...TrialStep.Name.allCases.count, body.word(TrialStep.Name.self)))
        return cart.map { TrialBody(cart: $0, amount: amount, steps: steps) }
    }
}
