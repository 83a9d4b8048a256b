/// A place in the text. It never leaves it.
struct TOMLCursor {
    private let bytes: [UInt8]
    private var position = 0

    init(_ text: String) {
        bytes = Array(text.utf8)
        if bytes.starts(with: [0xef, 0xbb, 0xbf]) { position = 3 }
    }

    /// The byte here; nil at the end.
    var peek: UInt8? { peek(0) }

    func peek(_ ahead: Int) -> UInt8? {
        let (place, isTooFar) = position.addingReportingOverflow(ahead)
        return !isTooFar && bytes.indices.contains(place) ? bytes[place] : nil
    }

    mutating func advance(_ count: Int = 1) { position = min(bytes.count, position + count) }

    /// Goes on when the character is here.
    mutating func take(_ character: Character) -> Bool {
        guard let byte = peek, byte == character.asciiValue else { return false }
        advance()
        return true
    }

    /// Whether three quotes of a kind stand here.
    var isTripled: Bool {
        guard let quote = peek, quote == UInt8(ascii: "\"") || quote == UInt8(ascii: "'") else { return false }
        return peek(1) == quote && peek(2) == quote
    }

    mutating func skipBlanks() {
        while let byte = peek, byte == 0x20 || byte == 0x09 { advance() }
    }

    mutating func skipNewline() {
        if peek == 0x0a { advance() } else if peek == 0x0d, peek(1) == 0x0a { advance(2) }
    }

    /// After a backslash: blanks and ends of lines up to the next character, if nothing else stands on this line. False when something does.
    mutating func skipFoldedLines() -> Bool {
        var ahead = self
        ahead.skipBlanks()
        guard ahead.peek == 0x0a || (ahead.peek == 0x0d && ahead.peek(1) == 0x0a) else { return false }
        while let byte = ahead.peek, byte == 0x20 || byte == 0x09 || byte == 0x0a || (byte == 0x0d && ahead.peek(1) == 0x0a) {
            ahead.advance()
        }
        self = ahead
        return true
    }

    /// Everything up to what cannot be part of a number, a truth or a date.
    mutating func takeWord() -> String {
        let start = position
        while let byte = peek {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"),
                UInt8(ascii: "+"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: ":"), UInt8(ascii: "_"):
                advance()
            default: return String(decoding: bytes[start..<position], as: UTF8.self)
            }
        }
        return String(decoding: bytes[start..<position], as: UTF8.self)
    }

    // MARK: - What is wrong here

    func slip(_ message: String) -> TOMLDocument.Slip {
        let before = bytes.prefix(position)
        let line = before.count { $0 == 0x0a } + 1
        let start = before.lastIndex(of: 0x0a).map { $0 + 1 } ?? 0
        // Bytes that go on with a character do not begin one.
        let column = before[start...].count { $0 & 0xc0 != 0x80 } + 1
        return TOMLDocument.Slip(line: line, column: column, message: message)
    }

    /// A control character stands here.
    func control() -> TOMLDocument.Slip { slip(peek == 0 ? "it contains a NUL character" : "it contains a control character") }
}
