import GatewayModel

/// Checks what has to be true of an answer's fields before they are passed on. Failures name the call and the field, and never the value.
struct Fields {
    /// The call's name.
    let call: String

    /// The text of a field that the call cannot do without.
    func need(_ value: LooseText?, _ field: String) throws(CallFailure) -> String {
        guard let value else { throw .invalidAnswer(detail: "\(call): the answer has no \(field)") }
        guard !value.text.isEmpty else { throw .invalidAnswer(detail: "\(call): \(field) is empty in the answer") }
        return value.text
    }

    /// An identifier of Stripe's: a prefix, then letters, digits and underscores. It is put into addresses and shown to people.
    func stripeID(_ value: LooseText?, _ field: String, prefix: String) throws(CallFailure) -> String {
        let text = try need(value, field)
        guard text.utf8.count <= 255, text.hasPrefix(prefix), text.utf8.count > prefix.utf8.count, text.utf8.allSatisfy(Self.isIDByte)
        else { throw .invalidAnswer(detail: "\(call): \(field) does not look like \(prefix)…") }
        return text
    }

    /// A secret of Stripe's: its prefix, and only characters that may stand in a header.
    func token(_ value: LooseText?, _ field: String, prefix: String) throws(CallFailure) -> Secret {
        let text = try need(value, field)
        guard text.hasPrefix(prefix), text.utf8.count > prefix.utf8.count, text.isToken else {
            throw .invalidAnswer(detail: "\(call): \(field) does not look like \(prefix)…")
        }
        return Secret(text)
    }

    /// The publishable key, `pk_test_…` or `pk_live_…`. It is shown and written down, so that a secret key in its place must not pass.
    func publishableKey(_ value: LooseText?) throws(CallFailure) -> PublishableKey {
        PublishableKey(unchecked: try stripeID(value, "stripe_publishable_api_key", prefix: "pk_"))
    }

    /// The client secret, `pi_…_secret_…` or `seti_…_secret_…`. Stripe decides whether it belongs to this intent.
    func clientSecret(_ value: LooseText?, prefix: String) throws(CallFailure) -> ClientSecret {
        let secret = try token(value, "client_secret", prefix: prefix)
        let text = secret.reveal()
        guard let mark = text.firstRange(of: "_secret_"), mark.upperBound < text.endIndex else {
            throw .invalidAnswer(detail: "\(call): client_secret does not look like \(prefix)…_secret_…")
        }
        return ClientSecret(secret)
    }

    private static func isIDByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"),
            UInt8(ascii: "_"), UInt8(ascii: "-"):
            true
        default: false
        }
    }
}
