/// `POST /v1/readers/{reader}/trial`: asks for a reader to be tried out, one step after another.
public struct TrialBody: Sendable, Hashable, Codable {
    /// The cart on whose behalf the connection tokens are asked for, and which is paid where `amount` is given.
    public var cart: String
    /// What `collect_cancel`, `collect_read` and `confirm` ask for; without it they are skipped. Test mode only.
    public var amount: String?
    /// The steps to try; all of them without it.
    public var steps: [TrialStep.Name]?

    public init(cart: String, amount: String? = nil, steps: [TrialStep.Name]? = nil) {
        self.cart = cart
        self.amount = amount
        self.steps = steps
    }
}

extension TrialBody: StrictBody {
    package static var says: String { "What to try." }

    package static func read(_ fields: FieldReader) -> TrialBody? {
        let cart = fields.required("cart", .text(.cart, "The cart whose tokens are used, and that is paid where an amount is given."))
        let amount = fields.optional("amount", .text(.amount, "What the steps that take money ask for. Test mode only."))
        let steps = fields.optional(
            "steps", .list(1...TrialStep.Name.allCases.count, of: Field<TrialStep.Name>.word("A step."), "All of them without it."))
        return cart.map { TrialBody(cart: $0, amount: amount, steps: steps) }
    }
}
