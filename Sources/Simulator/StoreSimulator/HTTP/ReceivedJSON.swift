import JSON

extension JSONValue {
    /// Parses what the simulated store receives, and what it finds in files. A member that is named twice is a mistake of the sender or
    /// author, and is refused.
    package static func parse(_ bytes: [UInt8]) throws(JSONSyntaxError) -> JSONValue {
        try JSONParser.parse(bytes, bounds: .init(depth: 64), repeatedNames: .refused)
    }

    package static func parse(_ text: String) throws(JSONSyntaxError) -> JSONValue { try parse(Array(text.utf8)) }
}
