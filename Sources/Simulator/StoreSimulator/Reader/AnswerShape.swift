import JSON

/// A way in which a reader may write its answers down. A set may hold any of them together, but not `old` and `modern`.
///
/// The JSON mapping of protocol buffers leaves a writer these choices, and a client has to accept all of them.
package enum AnswerShape: String, Sendable, Codable, CaseIterable {
    /// The field `payment_status` stands beside the card. Otherwise the card stands alone.
    case statusBeside = "status_beside"
    /// Fields with their default value are left out: zero, false, empty texts and lists, the first word of an enumeration.
    case defaultsLeftOut = "defaults_left_out"
    /// Whole numbers of 64 bits are texts.
    case int64Text = "int64_text"
    /// Words of enumerations are written as their numbers.
    case enumNumbers = "enum_numbers"
    /// Every object has an unknown field.
    case unknownFields = "unknown_fields"
    /// The answers are those of readers of 2019: the card's summary beside the query, tips as a list, a receipt's facts flat in
    /// `card_present`.
    case old
    /// The answers are those of readers that withhold the summary: one tip, and a receipt of its own.
    case modern

    /// Reads a list of words, such as `status_beside,int64_text`.
    package static func read(_ words: [String]) throws(SimulatorError) -> Set<AnswerShape> {
        var shapes: Set<AnswerShape> = []
        for word in words.flatMap({ $0.split(separator: ",") }) {
            guard let shape = AnswerShape(rawValue: String(word)) else {
                throw SimulatorError("no such shape of an answer; there are \(allCases.map(\.rawValue).joined(separator: ", "))")
            }
            shapes.insert(shape)
        }
        guard !shapes.isSuperset(of: [.old, .modern]) else { throw SimulatorError("an answer is not old and modern at once") }
        return shapes
    }
}

/// Writes an answer down in the wanted shapes. Its meaning stays the same.
struct AnswerWriter {
    var shapes: Set<AnswerShape>

    /// The first word of each is the default. Every other word's number is its place, as in any enumeration of protocol buffers. The order
    /// is that of published declarations.
    private static let enumerations: [String: [String]] = [
        "rpc_error_code": [
            "UNKNOWN_RPC_ERROR", "RPC_OK", "RPC_ERROR", "NETWORK_UNAVAILABLE", "SERVER_UNRESOLVABLE", "SERVER_UNREACHABLE", "BAD_REQUEST",
            "BAD_RESPONSE", "TIMEOUT", "RETRY", "SERVER_BUSY",
        ],
        "app_error_code": [
            "UNKNOWN_APPLICATION_ERROR", "OK", "LOCK_RESOURCES_EXCEPTION", "INVALID_LOAD_ID", "ILLEGAL_STATE", "AUTHENTICATION_FAILURE",
            "INVALID_SESSION_TOKEN", "SHORT_LIVED_SESSION", "UNAUTHORIZED", "INVALID_REQUEST", "INVALID_RESPONSE", "ILLEGAL_VERSION",
            "SERVER_ERROR", "HEALTH_FAILURE", "UNREACHABLE_ENDPOINT",
        ],
        "connectivity_status": ["OFFLINE", "CONNECTED"],
        "payment_status": ["PAYMENT_PENDING", "PAYMENT_CANCELED"],
        "reusable_card_status": ["REUSABLE_CARD_PENDING", "REUSABLE_CARD_CANCELED"],
        "client_type": ["UNKNOWN", "RACCOON", "WARDEN", "ANDROID_READER"],
        "card_brand": [
            "INVALID_CREDIT_CARD_BRAND", "UNKNOWN_CREDIT", "AMERICAN_EXPRESS", "DINERS", "DISCOVER", "JCB", "MASTERCARD", "VISA", "CUP",
        ],
        "card_entry_method": [
            "INVALID_ENTRY_METHOD", "CHIP_READ", "CONTACTLESS", "FSWIPE", "KEYED", "SWIPED", "BARCODE_READ",
        ],
    ]

    /// Objects that Stripe's own interface made. Protocol buffers' defaults and enumerations do not apply in them.
    private static let foreign: Set<String> = ["confirmed_payment_intent", "payment_intent", "created_reusuable_card"]

    static let unknownField = "added_in_2031"

    /// The body of the HTTP answer.
    func body(_ answer: ReaderAnswer, requestID: Int) -> JSONValue {
        var answer = answer
        answer.content = answer.content.map { write(arranged($0)) }
        return write(answer.json(requestID: requestID))
    }

    /// A word of an answer, however it is written.
    static func word(_ answer: JSONValue, _ name: String) -> String {
        guard let number = answer[name]?.int else { return answer[name]?.string ?? "?" }
        guard let words = enumerations[name], words.indices.contains(number) else { return String(number) }
        return words[number]
    }

    /// The message with its parts in the wanted places: the status beside the card, the card's summary, the tip.
    private func arranged(_ message: JSONValue) -> JSONValue {
        guard var members = message.object else { return message }
        for (method, status) in [("payment_method", "payment_status"), ("reusable_card_method", "reusable_card_status")] {
            guard var card = members[method]?.object else { continue }
            if shapes.contains(.statusBeside) {
                members[status] = members[status] ?? JSONValue(Self.enumerations[status]?.first)
            } else {
                members[status] = nil
            }
            if shapes.contains(.modern) {
                card["card_payment"] = [:]
                if let tips = card.removeValue("tip_selections")?.array {
                    card["tip_selection"] = ["amount": .integer(tips.compactMap { $0["amount"]?.int }.reduce(0, +))]
                }
            }
            members[method] = .object(card)
        }
        if shapes.contains(.old), let intent = members["confirmed_payment_intent"] {
            members["confirmed_payment_intent"] = flattened(intent)
        }
        return .object(members)
    }

    /// The value with a receipt's facts among those of the card.
    private func flattened(_ value: JSONValue) -> JSONValue {
        switch value {
        case .object(var members):
            if let receipt = members.removeValue("receipt")?.object { members = members.adding(receipt) }
            return .object(members.mapValues(flattened))
        case .array(let elements): return .array(elements.map(flattened))
        default: return value
        }
    }

    private func write(_ value: JSONValue, named name: String = "", isForeign: Bool = false) -> JSONValue {
        switch value {
        case .object(let members):
            var written: JSONObject = [:]
            for (key, member) in members {
                let isForeign = isForeign || Self.foreign.contains(key)
                if !isForeign, shapes.contains(.defaultsLeftOut), isDefault(member, key) { continue }
                written[key] = write(member, named: key, isForeign: isForeign)
            }
            if shapes.contains(.unknownFields) { written[Self.unknownField] = ["of": "no known kind", "list": [1, ["a": nil]]] }
            return .object(written)
        case .array(let elements): return .array(elements.map { write($0, named: name, isForeign: isForeign) })
        case .string(let word):
            guard !isForeign, shapes.contains(.enumNumbers), let number = Self.enumerations[name]?.firstIndex(of: word) else {
                return value
            }
            return .integer(number)
        case .number(let number):
            return shapes.contains(.int64Text) && Self.enumerations[name] == nil ? .string(number.text) : value
        case .null, .bool: return value
        }
    }

    private func isDefault(_ value: JSONValue, _ name: String) -> Bool {
        switch value {
        case .null, .bool(false), 0, .string(""), .array([]): true
        case .string(let word): Self.enumerations[name]?.first == word
        // A message that is present stays, however empty it is.
        case .bool, .number, .array, .object: false
        }
    }
}
