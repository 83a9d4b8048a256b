import CheckoutAPI

/// Reads the head of an HTTP/1 request (RFC 9112) byte by byte, and refuses what cannot become one as early as it can be seen.
///
/// Strict where leniency helps nobody on a local socket: lines end in CRLF, no folded fields, no control characters.
struct HeadParser {
    private enum Stage {
        /// Before the request line; empty lines are skipped.
        case start
        case startLF
        case method, target, version, versionLF
        case fieldStart, fieldName, fieldValue, fieldLF, endLF
    }

    private var stage = Stage.start
    private var count = 0
    private var method: [UInt8] = []
    private var target: [UInt8] = []
    private var version: [UInt8] = []
    private var name: [UInt8] = []
    private var value: [UInt8] = []
    private var fields: [RequestHead.Field] = []

    private static let mostFields = 100
    private static let longestMethod = 24

    /// Whether nothing of a request has come yet, but for empty lines.
    var isEmpty: Bool { stage == .start }

    /// Takes one byte; returns the head with the last one.
    mutating func take(_ byte: UInt8) throws(Problem) -> RequestHead? {
        count += 1
        guard count <= Bounds.headBytes else {
            throw Problem(.tooLarge, "The head of the request is larger than \(Bounds.headBytes) bytes.", status: 431)
        }
        switch stage {
        case .start:
            if byte == 0x0d {
                stage = .startLF
            } else {
                stage = .method
                try takeMethod(byte)
            }
        case .startLF:
            guard byte == 0x0a else { throw .malformed("A carriage return stands alone.") }
            stage = .start
        case .method: try takeMethod(byte)
        case .target: try takeTarget(byte)
        case .version: try takeVersion(byte)
        case .versionLF: try expectLF(byte, then: .fieldStart)
        case .fieldStart: try startField(byte)
        case .fieldName: try takeName(byte)
        case .fieldValue: try takeValue(byte)
        case .fieldLF:
            try expectLF(byte, then: .fieldStart)
            try endField()
        case .endLF:
            guard byte == 0x0a else { throw .malformed("A carriage return stands alone.") }
            return try head()
        }
        return nil
    }

    private mutating func expectLF(_ byte: UInt8, then next: Stage) throws(Problem) {
        guard byte == 0x0a else { throw .malformed("A carriage return stands alone.") }
        stage = next
    }

    private mutating func takeMethod(_ byte: UInt8) throws(Problem) {
        if byte == 0x20, !method.isEmpty {
            stage = .target
            return
        }
        guard isTokenByte(byte), method.count < Self.longestMethod else { throw .malformed("This is not an HTTP/1.1 request.") }
        method.append(byte)
    }

    private mutating func takeTarget(_ byte: UInt8) throws(Problem) {
        switch byte {
        case 0x20:
            guard !target.isEmpty else { throw .malformed("The request line has no path.") }
            stage = .version
        case UInt8(ascii: "#"): throw .malformed("The request line's path holds a fragment.")
        case 0x21...0x7e: target.append(byte)
        case 0x0d, 0x0a: throw .malformed("The request line has no HTTP version.")
        default: throw .malformed("The request line holds a character that must be percent-encoded.")
        }
    }

    private mutating func takeVersion(_ byte: UInt8) throws(Problem) {
        let expected = Array("HTTP/1.".utf8)
        if version.count < expected.count {
            guard byte == expected[version.count] else { throw .malformed("This is not an HTTP/1.1 request.") }
        } else if version.count == expected.count {
            guard (48...57).contains(byte) else { throw .malformed("This is not an HTTP/1.1 request.") }
        } else {
            guard byte == 0x0d else { throw .malformed("The request line does not end after the HTTP version.") }
            stage = .versionLF
            return
        }
        version.append(byte)
    }

    private mutating func startField(_ byte: UInt8) throws(Problem) {
        if byte == 0x0d {
            stage = .endLF
            return
        }
        stage = .fieldName
        try takeName(byte)
    }

    private mutating func takeName(_ byte: UInt8) throws(Problem) {
        if byte == UInt8(ascii: ":"), !name.isEmpty {
            stage = .fieldValue
            return
        }
        guard isTokenByte(byte) else { throw .malformed("A header field's name holds a character that it may not.") }
        name.append((65...90).contains(byte) ? byte + 32 : byte)
    }

    private mutating func takeValue(_ byte: UInt8) throws(Problem) {
        switch byte {
        case 0x0d: stage = .fieldLF
        case 0x09, 0x20...0x7e, 0x80...0xff: value.append(byte)
        default: throw .malformed("A header field's value holds a control character.")
        }
    }

    private mutating func endField() throws(Problem) {
        guard fields.count < Self.mostFields else {
            throw Problem(.tooLarge, "The request has more than \(Self.mostFields) header fields.", status: 431)
        }
        let text = trimmed(String(decoding: value, as: UTF8.self)[...])
        fields.append(RequestHead.Field(name: String(decoding: name, as: UTF8.self), value: String(text)))
        name.removeAll(keepingCapacity: true)
        value.removeAll(keepingCapacity: true)
    }

    private func head() throws(Problem) -> RequestHead {
        let minor = version.last == UInt8(ascii: "0") ? 0 : 1
        let (path, query) = try Self.origin(of: String(decoding: target, as: UTF8.self))
        let head = RequestHead(
            method: String(decoding: method, as: UTF8.self), path: path, query: query, minorVersion: minor, fields: fields)
        let hosts = fields.filter { $0.name == "host" }.count
        guard hosts == 1 || (hosts == 0 && minor == 0) else { throw .malformed("The request must have one Host field.") }
        return head
    }

    /// The path and the query of a request's target; the absolute form (`http://host/path`) is taken too.
    private static func origin(of target: String) throws(Problem) -> (path: String, query: String?) {
        var rest = target[...]
        if rest == "*" { return ("*", nil) }
        if !rest.hasPrefix("/") {
            let lowered = rest.lowercased()
            guard let scheme = ["http://", "https://"].first(where: { lowered.hasPrefix($0) }) else {
                throw .malformed("The request line's path does not begin with a slash.")
            }
            rest = rest.dropFirst(scheme.count)
            rest = rest[(rest.firstIndex { $0 == "/" || $0 == "?" } ?? rest.endIndex)...]
            if !rest.hasPrefix("/") { rest = "/" + rest }
        }
        guard let mark = rest.firstIndex(of: "?") else { return (String(rest), nil) }
        return (String(rest[..<mark]), String(rest[rest.index(after: mark)...]))
    }
}

extension Problem {
    /// What came is not a request that HTTP/1.1 or JSON knows.
    static func malformed(_ detail: String) -> Problem {
        Problem(.malformedRequest, detail, remedy: "Speak HTTP/1.1 with JSON bodies; curl --unix-socket shows how.")
    }
}

/// Whether a byte may stand in a token (RFC 9110, section 5.6.2).
func isTokenByte(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"): true
    default: "!#$%&'*+-.^_`|~".utf8.contains(byte)
    }
}
