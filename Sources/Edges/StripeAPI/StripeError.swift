import JSON
import FoundationEssentials

/// A refusal of Stripe's: `{"error": {"type", "code", "message"}}`.
struct StripeError: Decodable {
    struct Content: Decodable {
        var type: String?
        var code: String?
        var message: String?
    }

    var error: Content?

    /// The error as `code: message`, or as much of it as there is. It is nil when the body is not Stripe's.
    @Sendable static func sentence(_ body: [UInt8]) -> String? {
        do {
            guard let content = try JSONParser.parse(body).decoded(as: StripeError.self).error else { return nil }
            let parts = [content.code ?? content.type, content.message].compactMap { $0 }.filter { !$0.isEmpty }
            return parts.isEmpty ? nil : parts.joined(separator: ": ")
        } catch {
            // The body has another form, as from a proxy in between, and is shown as it is.
            return nil
        }
    }
}
