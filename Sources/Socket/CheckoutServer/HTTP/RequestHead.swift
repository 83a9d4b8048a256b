/// The head of a request, as far as this server needs it.
struct RequestHead: Sendable, Equatable {
    struct Field: Sendable, Equatable {
        /// The field's name, in lower case.
        var name: String
        var value: String
    }

    var method: String
    /// The target's path, still percent-encoded; it begins with a slash, or is `*`.
    var path: String
    /// The target's query, still percent-encoded, without the question mark.
    var query: String?
    /// The x of HTTP/1.x: 0 or 1.
    var minorVersion: Int
    var fields: [Field]

    /// The first field of that name (lower case).
    func value(of name: String) -> String? { fields.first { $0.name == name }?.value }

    func has(_ name: String) -> Bool { fields.contains { $0.name == name } }

    /// Whether a list-valued field holds the word, without regard to case.
    func lists(_ word: String, in name: String) -> Bool {
        fields.contains { field in
            field.name == name && field.value.split(separator: ",").contains { trimmed($0).lowercased() == word }
        }
    }

    /// Whether the connection stays open after the answer: unless the caller or its version says otherwise.
    var keepsConnection: Bool {
        if lists("close", in: "connection") { return false }
        return minorVersion >= 1 || lists("keep-alive", in: "connection")
    }

    /// Whether a field says that a body follows (it may still be empty).
    var announcesBody: Bool { has("content-length") || has("transfer-encoding") }

    /// Whether the caller waits for a word before it sends the body.
    var expectsContinue: Bool { minorVersion >= 1 && lists("100-continue", in: "expect") }

    /// The caller's name for the request, if it is fit to be repeated: 1 to 128 printable ASCII characters.
    var requestID: String? {
        guard let value = value(of: "x-request-id"), (1...128).contains(value.utf8.count),
            value.utf8.allSatisfy({ (0x20...0x7e).contains($0) })
        else { return nil }
        return value
    }
}

/// A whole request.
struct Request: Sendable, Equatable {
    var head: RequestHead
    var body: [UInt8]
}

/// The text without spaces and tabs at its ends.
func trimmed(_ text: Substring) -> Substring {
    var text = text
    while let first = text.utf8.first, first == 0x20 || first == 0x09 { text = text.dropFirst() }
    while let last = text.utf8.last, last == 0x20 || last == 0x09 { text = text.dropLast() }
    return text
}
