import JSON

extension JSONValue {
    /// What the simulated store is sent, and what it finds in files. A member that is named twice is a mistake of whoever wrote it, and is refused.
    package static func parse(_ bytes: [UInt8]) throws(JSONSyntaxError) -> JSONValue {
        try JSONParser.parse(bytes, bounds: .init(depth: 64), repeatedNames: .refused)
    }

    package static func parse(_ text: String) throws(JSONSyntaxError) -> JSONValue { try parse(Array(text.utf8)) }
}
