import JSON
import CheckoutAPI

/// What the document says of a route beside what the route knows itself.
struct OperationDocument: Sendable {
    struct Answer: Sendable {
        var status: Int
        var description: String
        /// The answer's media type; nil when it has no body.
        var type: String? = "application/json"
        var schema: JSONValue?
        var examples: [(String, JSONValue)] = []
        /// The answer for a caller that accepts this type instead.
        var instead: (type: String, schema: JSONValue, examples: [(String, JSONValue)])?
    }

    var id: String
    var tag: String
    var summary: String
    var description: String
    var parameters: [JSONValue] = []
    /// The schema of the body, and an example.
    var body: (schema: String, example: JSONValue)?
    var answers: [Answer]

    static func path(_ name: String, _ schema: JSONValue) -> JSONValue { parameter(name, "path", schema, required: true) }
    static func query(_ name: String, _ schema: JSONValue) -> JSONValue { parameter(name, "query", schema, required: false) }

    private static func parameter(_ name: String, _ place: String, _ schema: JSONValue, required: Bool) -> JSONValue {
        [
            "name": .string(name), "in": .string(place), "required": .bool(required), "schema": schema,
            "description": schema["description"] ?? "",
        ]
    }

    static let wait = query("wait", Schema.integer(Bounds.waitSeconds, "Seconds to hold the answer until the payment has ended."))
    static let after = query("after", Schema.text(.opaque, "A cursor: what came after it is replayed."))
    static let cart = path("cart", Schema.text(.cart, "The backend's cart, percent-encoded."))
    static let payment = path("id", Schema.text(.payment, "The payment's id, chosen by the checkout."))

    static func ok(status: Int = 200, _ description: String, _ schema: String, _ examples: [(String, JSONValue)]) -> Answer {
        Answer(status: status, description: description, schema: Schema.reference(schema), examples: examples)
    }

    static let noContent = Answer(status: 204, description: "Done.", type: nil)

    static let stream = Answer(
        status: 200, description: "Lines, each a StreamLine; a heartbeat at least every 15 s.", type: "application/x-ndjson",
        schema: ["type": "string", "description": "Lines, each of them JSON as in `#/components/schemas/StreamLine`."],
        examples: [("lines", Examples.text(Examples.lines))])
}
