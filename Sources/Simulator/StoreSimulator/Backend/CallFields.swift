import JSON

/// The reason why the backend does not take a call.
struct CallRefusal: Error, Equatable {
    var status: Int
    var detail: String

    static func invalid(_ detail: String) -> CallRefusal { CallRefusal(status: 422, detail: detail) }
}

/// The body of a backend call: an object of strings, whose names are the published ones.
struct CallFields: Sendable {
    private static let declared: [String: Set<String>] = [
        "configuration": ["cart"], "connection_token": ["cart"], "payment_status": ["cart"],
        "payment_intent": ["cart", "amount", "account_balance_payment_amount", "payment_type"],
        // The published text spells the second name so.
        "setup_intent": ["user", "colletion_method"],
        "store_payment_method": ["partner", "payment_method", "postal_code", "user", "name"],
        "register_terminal": ["location", "registration_code", "label"], "terminal_readers": ["location"],
        "update_terminal": ["terminal_id", "label"], "deregister_terminal": ["terminal_id"],
    ]

    private let members: JSONObject

    /// Reads a body. It refuses with 422 everything that is not a string of a published name.
    init(_ request: HTTPRequest, call: String) throws(CallRefusal) {
        if request.method == "GET" {
            members = JSONObject(request.query.map { ($0.name, .string($0.value)) })
        } else {
            guard request.contentType == "application/json" else {
                throw CallRefusal(status: 415, detail: "Unsupported media type in request.")
            }
            if call == "configuration", request.body.isEmpty {
                members = [:]
            } else {
                do {
                    guard let object = try JSONValue.parse(request.body).object else {
                        throw JSONSyntaxError(kind: .malformed, message: "not an object", offset: 0)
                    }
                    members = object
                } catch {
                    throw .invalid("The body is not a JSON object: \(error)")
                }
            }
        }
        let names = Self.declared[call] ?? []
        for (name, value) in members.sorted(by: { $0.name < $1.name }) {
            guard names.contains(name) else { throw .invalid("\(name): no such field.") }
            guard value.isNull || value.string != nil else { throw .invalid("\(name): a string is expected.") }
        }
    }

    /// A field that may be absent, null or empty.
    func optional(_ name: String) throws(CallRefusal) -> String? {
        guard let text = members[name]?.string, !text.isEmpty else { return nil }
        guard text.utf8.count <= 255 else { throw .invalid("\(name): too long.") }
        return text
    }

    func required(_ name: String) throws(CallRefusal) -> String {
        guard let text = try optional(name) else { throw .invalid("\(name): this field is required.") }
        return text
    }
}
