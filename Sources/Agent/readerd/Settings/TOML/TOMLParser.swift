/// Reads TOML 1.0: https://toml.io/en/v1.0.0.
struct TOMLParser {
    typealias Slip = TOMLDocument.Slip
    typealias Table = TOMLDocument.Table
    typealias Node = TOMLDocument.Node

    var cursor: TOMLCursor
    private let root = Table(.header)
    /// The table into which keys go: the one of the last header.
    private var current: Table
    private var values = 0

    init(_ text: String) {
        cursor = TOMLCursor(text)
        current = root
    }

    mutating func document() throws(Slip) -> Table {
        while true {
            cursor.skipBlanks()
            switch cursor.peek {
            case nil: return root
            case UInt8(ascii: "["): try header()
            case UInt8(ascii: "#"), 0x0a, 0x0d: break
            default: try pair(into: current)
            }
            try lineEnd()
        }
    }

    // MARK: - Lines

    /// `[name]` or `[[name]]`.
    private mutating func header() throws(Slip) {
        cursor.advance()
        let isList = cursor.take("[")
        cursor.skipBlanks()
        if cursor.peek == UInt8(ascii: "]") { throw cursor.slip("a name is missing between the brackets") }
        let start = cursor
        let path = try names(before: "]")
        guard cursor.take("]"), !isList || cursor.take("]") else {
            throw cursor.slip("the name of a group of keys ends with \(isList ? "]]" : "]")")
        }
        current = try open(path, isList: isList, at: start)
    }

    /// Walks to the table that a header names, and makes what is not there.
    private mutating func open(_ path: [String], isList: Bool, at start: TOMLCursor) throws(Slip) -> Table {
        var table = root
        for name in path.dropLast() { table = try step(from: table, name, making: .implied, at: start) }
        guard let last = path.last else { throw start.slip("a name is missing between the brackets") }
        if isList {
            let fresh = Table(.header)
            switch table.entries[last] {
            case nil: try put(.tables([fresh]), last, into: table, at: start)
            case .tables(var others):
                try count(at: start)
                // Taken out first, so that the list is not copied for each.
                table.entries[last] = nil
                others.append(fresh)
                table.entries[last] = .tables(others)
            case .value, .table: throw start.slip("this name stands in the file already, and is no list of groups")
            }
            return fresh
        }
        switch table.entries[last] {
        case nil:
            let fresh = Table(.header)
            try put(.table(fresh), last, into: table, at: start)
            return fresh
        case .table(let known) where known.origin == .implied:
            known.origin = .header
            return known
        case .value, .table, .tables: throw start.slip("this name stands in the file already")
        }
    }

    /// `name = value`, where the name may have dots.
    mutating func pair(into table: Table, depth: Int = 0) throws(Slip) {
        let start = cursor
        let path = try names(before: "=")
        guard cursor.take("=") else { throw cursor.slip("a name is followed by = and a value") }
        var table = table
        for name in path.dropLast() { table = try step(from: table, name, making: .dotted, at: start) }
        guard let last = path.last else { throw start.slip("a name is missing before =") }
        guard table.entries[last] == nil else { throw start.slip("this name stands in the file already") }
        cursor.skipBlanks()
        try put(try value(depth: depth), last, into: table, at: start)
    }

    private mutating func step(
        from table: Table, _ name: String, making origin: Table.Origin, at start: TOMLCursor
    ) throws(Slip) -> Table {
        switch table.entries[name] {
        case nil:
            let fresh = Table(origin)
            try put(.table(fresh), name, into: table, at: start)
            return fresh
        case .table(let known):
            // What a header has made cannot grow by dots from elsewhere, and what stands between braces cannot grow at all.
            let mayGrow =
                switch known.origin {
                case .inline: false
                case .header: origin == .implied
                case .implied, .dotted: true
                }
            guard mayGrow else { throw start.slip("this group of keys stands in the file already, at another place") }
            if origin == .dotted { known.origin = .dotted }
            return known
        case .tables(let tables):
            guard origin == .implied, let last = tables.last else { throw start.slip("this name stands in the file already") }
            return last
        case .value: throw start.slip("this name stands in the file already, with a value")
        }
    }

    private mutating func put(_ node: Node, _ name: String, into table: Table, at start: TOMLCursor) throws(Slip) {
        try count(at: start)
        table.entries[name] = node
    }

    mutating func count(at start: TOMLCursor) throws(Slip) {
        values += 1
        guard values <= TOMLDocument.Most.values else { throw start.slip("the file has more than \(TOMLDocument.Most.values) values") }
    }

    /// A comment, if there is one, and the end of the line or of the text.
    private mutating func lineEnd() throws(Slip) {
        cursor.skipBlanks()
        try comment()
        guard try newline() || cursor.peek == nil else { throw cursor.slip("the line should end here") }
    }

    private mutating func comment() throws(Slip) {
        guard cursor.take("#") else { return }
        while let byte = cursor.peek, byte != 0x0a, byte != 0x0d {
            guard isPlain(byte) else { throw cursor.control() }
            cursor.advance()
        }
    }

    /// False when there is none.
    private mutating func newline() throws(Slip) -> Bool {
        if cursor.peek == 0x0a {
            cursor.advance()
            return true
        }
        guard cursor.peek == 0x0d else { return false }
        guard cursor.peek(1) == 0x0a else { throw cursor.slip("a carriage return stands alone") }
        cursor.advance(2)
        return true
    }

    /// What may stand between the values of a list.
    mutating func skipLinesAndComments() throws(Slip) {
        repeat {
            cursor.skipBlanks()
            try comment()
        } while try newline()
    }

    // MARK: - Names

    /// One name, or several with dots between.
    private mutating func names(before end: Character) throws(Slip) -> [String] {
        var path: [String] = []
        repeat {
            cursor.skipBlanks()
            guard path.count < TOMLDocument.Most.parts else {
                throw cursor.slip("a name has more than \(TOMLDocument.Most.parts) parts")
            }
            path.append(try name(before: end))
            cursor.skipBlanks()
        } while cursor.take(".")
        return path
    }

    private mutating func name(before end: Character) throws(Slip) -> String {
        let start = cursor
        let name: String
        switch cursor.peek {
        case UInt8(ascii: "\""), UInt8(ascii: "'"):
            guard !cursor.isTripled else { throw cursor.slip("a name does not go over several lines") }
            name = try text()
        default:
            var bytes: [UInt8] = []
            while let byte = cursor.peek, isBare(byte), bytes.count <= TOMLDocument.Most.name {
                bytes.append(byte)
                cursor.advance()
            }
            guard !bytes.isEmpty else {
                throw cursor.slip("a name is missing before \(end) (names with other characters than A-Z a-z 0-9 _ - stand in quotes)")
            }
            name = String(decoding: bytes, as: UTF8.self)
        }
        guard name.utf8.count <= TOMLDocument.Most.name else {
            throw start.slip("a name is longer than \(TOMLDocument.Most.name) bytes")
        }
        return name
    }

    private func isBare(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"),
            UInt8(ascii: "_"), UInt8(ascii: "-"):
            true
        default: false
        }
    }
}

/// Whether a byte is no control character, but for the tab.
func isPlain(_ byte: UInt8) -> Bool { byte == 0x09 || (byte >= 0x20 && byte != 0x7f) }
