import TextSafety
import JSON
import ReaderRPC
import WebCall

/// Takes out of messages what must not leave the box: secrets, card data and personal data. What remains has the same form.
struct Scrubber {
    private static let longestText = 4_000

    private(set) var pseudonyms = Pseudonyms()

    /// Learns a secret that is known from elsewhere, such as a call's bearer token. A publishable key can be one, and is no secret.
    mutating func learn(_ secret: String) {
        if !secret.hasPrefix("pk_") { _ = pseudonyms.of(secret, .credential) }
    }

    mutating func clean(_ value: JSONValue, key: String = "") -> JSONValue {
        switch value {
        case .object(let members):
            var cleaned = JSONObject()
            var written: Set<String> = []
            for member in members {
                // The first of members with one name counts, as it does for the readers of the message.
                let name = self.name(member.name)
                if written.insert(name).inserted { cleaned.append(name, clean(member.value, key: member.name)) }
            }
            return .object(cleaned)
        case .array(let elements): return .array(elements.map { clean($0, key: key) })
        case .string(let text): return .string(clean(text, key: key))
        case .number(let number): return Self.isMasked(number, key) ? 0 : value
        case .null, .bool: return value
        }
    }

    mutating func clean(_ text: String, key: String) -> String {
        switch KnownKeys.treatment(of: key) {
        case .secret(let kind): return pseudonyms.of(text, kind)
        case .kept: return kept(text)
        case .prose: return prose(text)
        case .masked: return Self.masked(text)
        }
    }

    /// Words for people, without what is known to be secret or looks so.
    func prose(_ text: String) -> String { Shown.line(pseudonyms.hiding(in: text)) }

    /// An identifier or a word of the protocol. Its form is not trusted: what looks like a secret is taken out all the same.
    private func kept(_ text: String) -> String {
        let hidden = pseudonyms.hiding(in: String(text.unicodeScalars.prefix(Self.longestText)))
        let found = SecretShapes.hidden(hidden, sparing: Pseudonyms.isOne).places
        return found > 0 ? Self.masked(hidden) : hidden
    }

    /// Whether a number is card data, or is long enough for a card's number and is no time in milliseconds.
    private static func isMasked(_ number: JSONNumber, _ key: String) -> Bool {
        switch key {
        case "last4", "exp_month", "exp_year", "expiration_date", "masked_pan", "number", "cvc", "postal_code", "phone": true
        case "last_seen_at", "start_time": false
        default: number.text.utf8.count { (48...57).contains($0) } >= 12
        }
    }

    /// A field's name, which the sender chooses and which is therefore not trusted.
    private func name(_ name: String) -> String {
        SecretShapes.hidden(pseudonyms.hiding(in: String(name.unicodeScalars.prefix(200))), sparing: Pseudonyms.isOne).text
    }

    static func masked(_ text: String) -> String {
        String(
            String.UnicodeScalarView(
                text.unicodeScalars.prefix(200).map { scalar in
                    switch scalar {
                    case "0"..."9": "0"
                    case "*", " ", "-", "_", ".", ":", "/": scalar
                    default: "x"
                    }
                }))
    }
}
