import JSON

/// Small pieces of JSON Schema, for the OpenAPI document.
package enum Schema {
    package static func reference(_ name: String) -> JSONValue { ["$ref": .string("#/components/schemas/\(name)")] }

    package static func text(_ rule: TextRule, _ description: String) -> JSONValue {
        ["type": "string", "pattern": .string(rule.pattern), "description": .string(description)]
    }

    package static func text(_ description: String) -> JSONValue { ["type": "string", "description": .string(description)] }

    package static func time(_ description: String) -> JSONValue {
        ["type": "string", "format": "date-time", "description": .string("\(description) RFC 3339, UTC, with milliseconds.")]
    }

    package static func integer(_ range: ClosedRange<Int64>, _ description: String) -> JSONValue {
        [
            "type": "integer", "minimum": .number(JSONNumber(range.lowerBound)), "maximum": .number(JSONNumber(range.upperBound)),
            "description": .string(description),
        ]
    }

    package static func integer(_ description: String) -> JSONValue { ["type": "integer", "description": .string(description)] }

    package static func flag(_ description: String) -> JSONValue { ["type": "boolean", "description": .string(description)] }

    package static func words(_ words: [String], _ description: String) -> JSONValue {
        ["type": "string", "enum": .array(words.map { .string($0) }), "description": .string(description)]
    }

    /// A set that may grow: today's words are examples.
    package static func openWords(_ words: [String], _ description: String) -> JSONValue {
        [
            "type": "string", "examples": .array(words.map { .string($0) }),
            "description": .string("\(description) One of \(words.joined(separator: ", ")); later versions may have more."),
        ]
    }

    package static func list(_ items: JSONValue, count: ClosedRange<Int>? = nil, _ description: String) -> JSONValue {
        var members: [(String, JSONValue)] = [("type", "array"), ("items", items), ("description", .string(description))]
        if let count {
            members.append(("minItems", .number(JSONNumber(Int64(count.lowerBound)))))
            members.append(("maxItems", .number(JSONNumber(Int64(count.upperBound)))))
        }
        return object(of: members)
    }

    /// This schema, or null.
    package static func orNull(_ schema: JSONValue) -> JSONValue {
        guard case .object(var members) = schema, let type = members["type"] else {
            return ["anyOf": [schema, ["type": "null"]]]
        }
        members["type"] = [type, "null"]
        if let words = members["enum"]?.array { members["enum"] = .array(words + [.null]) }
        return .object(members)
    }

    /// What the agent answers: fields may be added by later versions.
    package static func answer(_ description: String, required: [(String, JSONValue)], optional: [(String, JSONValue)] = []) -> JSONValue {
        object(of: [
            ("type", "object"), ("description", .string(description)), ("required", .array(required.map { .string($0.0) })),
            ("properties", object(of: required + optional)),
        ])
    }

    /// What a caller sends: unknown fields are refused; optional ones may be null.
    package static func body(_ description: String, required: [(String, JSONValue)], optional: [(String, JSONValue)] = []) -> JSONValue {
        var members: [(String, JSONValue)] = [("type", "object"), ("description", .string(description)), ("additionalProperties", false)]
        if !required.isEmpty { members.append(("required", .array(required.map { .string($0.0) }))) }
        members.append(("properties", object(of: required + optional.map { ($0.0, orNull($0.1)) })))
        return object(of: members)
    }

    package static func object(of members: [(String, JSONValue)]) -> JSONValue {
        .object(JSONObject(members))
    }
}
