import CheckoutAPI
import JSON

extension Schema {
    /// What callers send.
    static let bodies: [(String, JSONValue)] = described([
        PaymentBody.self, Display.self, Display.LineItem.self, Tip.self, Tip.Option.self, ResolveBody.self, AcknowledgeBody.self,
        RegisterBody.self, LabelBody.self, ConnectBody.self, CartBody.self, IntentBody.self, SetupIntentBody.self, ConnectionTokenBody.self,
        ReleaseBody.self, AcceptLossBody.self, NoBody.self,
    ])

    static func described(_ bodies: [any StrictBody.Type]) -> [(String, JSONValue)] { bodies.map { ($0.schemaName, $0.schema) } }
}
