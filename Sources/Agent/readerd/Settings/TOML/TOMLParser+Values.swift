extension TOMLParser {
    mutating func value(depth: Int) throws(Slip) -> Node {
        switch cursor.peek {
        case UInt8(ascii: "\""), UInt8(ascii: "'"): return .value(.text(try text()))
        case UInt8(ascii: "["): return .value(try list(depth: try deeper(depth)))
        case UInt8(ascii: "{"): return .table(try inlineTable(depth: try deeper(depth)))
        // “ ” ‘ ’ „ and «, as word processors and chats write them.
        case 0xe2 where cursor.peek(1) == 0x80 && (0x98...0x9f).contains(cursor.peek(2) ?? 0), 0xc2 where cursor.peek(1) == 0xab:
            throw cursor.slip("these are a word processor's quotes: text stands between plain ones, as \"this\"")
        default: return .value(try word())
        }
    }

    private func deeper(_ depth: Int) throws(Slip) -> Int {
        guard depth < TOMLDocument.Most.depth else {
            throw cursor.slip("lists and groups stand in each other more than \(TOMLDocument.Most.depth) deep")
        }
        return depth + 1
    }

    private mutating func list(depth: Int) throws(Slip) -> SettingsValue {
        let start = cursor
        cursor.advance()
        var values: [SettingsValue] = []
        while true {
            try skipLinesAndComments()
            if cursor.take("]") { return .list(values) }
            guard cursor.peek != nil else { throw start.slip("a list begins here and does not end") }
            try count(at: cursor)
            values.append(try value(depth: depth).asValue)
            try skipLinesAndComments()
            guard cursor.take(",") || cursor.peek == UInt8(ascii: "]") else {
                throw cursor.peek == nil
                    ? start.slip("a list begins here and does not end") : cursor.slip("a value of a list is followed by , or ]")
            }
        }
    }

    /// A table between braces: on one line, without a comma at the end.
    private mutating func inlineTable(depth: Int) throws(Slip) -> Table {
        cursor.advance()
        let table = Table(.inline)
        cursor.skipBlanks()
        if cursor.take("}") { return table }
        while true {
            cursor.skipBlanks()
            try pair(into: table, depth: depth)
            cursor.skipBlanks()
            if cursor.take("}") { return sealed(table) }
            guard cursor.take(",") else { throw cursor.slip("a value between braces is followed by , or } on the same line") }
        }
    }

    /// What its dots have made is as whole as itself.
    private func sealed(_ table: Table) -> Table {
        for case .table(let inner) in table.entries.values where inner.origin == .dotted {
            inner.origin = .inline
            _ = sealed(inner)
        }
        return table
    }

    // MARK: - Texts

    mutating func text() throws(Slip) -> String {
        let start = cursor
        let isTripled = cursor.isTripled
        let quote = cursor.peek ?? 0
        cursor.advance(isTripled ? 3 : 1)
        if isTripled { cursor.skipNewline() }
        var bytes: [UInt8] = []
        while let byte = cursor.peek {
            switch byte {
            case quote where !isTripled:
                cursor.advance()
                return String(decoding: bytes, as: UTF8.self)
            case quote where cursor.isTripled:
                // Up to two quotes more belong to the text.
                var extra = 0
                while extra < 2, cursor.peek(3) == quote {
                    bytes.append(quote)
                    cursor.advance()
                    extra += 1
                }
                cursor.advance(3)
                return String(decoding: bytes, as: UTF8.self)
            case UInt8(ascii: "\\") where quote == UInt8(ascii: "\""):
                try escape(into: &bytes, acrossLines: isTripled)
            case 0x0a where isTripled, 0x0d where isTripled && cursor.peek(1) == 0x0a:
                bytes.append(byte)
                cursor.advance()
            case 0x0a, 0x0d: throw start.slip("a text begins here and does not end on its line")
            case _ where isPlain(byte):
                bytes.append(byte)
                cursor.advance()
            default: throw cursor.control()
            }
        }
        throw start.slip("a text begins here and does not end")
    }

    private mutating func escape(into bytes: inout [UInt8], acrossLines: Bool) throws(Slip) {
        let start = cursor
        cursor.advance()
        let letter = cursor.peek ?? 0
        if acrossLines, cursor.skipFoldedLines() { return }
        cursor.advance()
        switch letter {
        case UInt8(ascii: "b"): bytes.append(0x08)
        case UInt8(ascii: "t"): bytes.append(0x09)
        case UInt8(ascii: "n"): bytes.append(0x0a)
        case UInt8(ascii: "f"): bytes.append(0x0c)
        case UInt8(ascii: "r"): bytes.append(0x0d)
        case UInt8(ascii: "\""), UInt8(ascii: "\\"): bytes.append(letter)
        case UInt8(ascii: "u"): bytes += try scalar(digits: 4, at: start)
        case UInt8(ascii: "U"): bytes += try scalar(digits: 8, at: start)
        default: throw start.slip("a backslash is followed by one of b t n f r \" \\ u U; in single quotes it stands for itself")
        }
    }

    private mutating func scalar(digits: Int, at start: TOMLCursor) throws(Slip) -> [UInt8] {
        var number: UInt32 = 0
        for _ in 0..<digits {
            guard let digit = cursor.peek.flatMap({ Character(Unicode.Scalar($0)).hexDigitValue }) else {
                throw start.slip("\\u is followed by 4 and \\U by 8 hexadecimal digits")
            }
            // Eight digits fill the 32 bits.
            number = number << 4 | UInt32(truncatingIfNeeded: digit)
            cursor.advance()
        }
        guard number != 0 else { throw start.slip("it contains a NUL character") }
        guard let scalar = Unicode.Scalar(number) else { throw start.slip("there is no character of this number") }
        return Array(String(Character(scalar)).utf8)
    }

    // MARK: - What stands without quotes

    /// A number, a truth, a date.
    private mutating func word() throws(Slip) -> SettingsValue {
        let start = cursor
        var text = cursor.takeWord()
        // A date and a time may have a blank between.
        if isDate(text), cursor.peek == 0x20, let digit = cursor.peek(1), isDigit(digit) {
            cursor.advance()
            text += " " + cursor.takeWord()
        }
        switch text {
        case "": throw start.slip("a value is missing here")
        case "true": return .toggle(true)
        case "false": return .toggle(false)
        case "inf", "+inf": return .decimal(.infinity)
        case "-inf": return .decimal(-.infinity)
        case "nan", "+nan", "-nan": return .decimal(.nan)
        default: break
        }
        if isDate(text) || isTime(text) { return .other("a date or a time") }
        if let value = try integer(text, start) ?? decimal(text) { return value }
        throw start.slip("this is not a value: text stands in quotes")
    }

    private func isDate(_ text: String) -> Bool {
        let bytes = Array(text.utf8)
        return bytes.count >= 10 && bytes.prefix(10).enumerated().allSatisfy { $0 == 4 || $0 == 7 ? $1 == UInt8(ascii: "-") : isDigit($1) }
    }

    private func isTime(_ text: String) -> Bool {
        let bytes = Array(text.utf8)
        return bytes.count >= 5 && bytes.prefix(5).enumerated().allSatisfy { $0 == 2 ? $1 == UInt8(ascii: ":") : isDigit($1) }
    }

    private func integer(_ text: String, _ start: TOMLCursor) throws(Slip) -> SettingsValue? {
        for (prefix, radix) in [("0x", 16), ("0o", 8), ("0b", 2)] where text.hasPrefix(prefix) {
            guard let digits = joined(text.dropFirst(2), isDigit: { Character(Unicode.Scalar($0)).hexDigitValue != nil }) else {
                return nil
            }
            return try number(digits, radix, start)
        }
        let sign = text.hasPrefix("-") ? "-" : ""
        let rest = text.hasPrefix("-") || text.hasPrefix("+") ? text.dropFirst() : text[...]
        guard let digits = joined(rest, isDigit: isDigit) else { return nil }
        guard digits == "0" || !digits.hasPrefix("0") else {
            throw start.slip("a number does not begin with 0; permissions stand in quotes")
        }
        return try number(sign + digits, 10, start)
    }

    private func number(_ digits: String, _ radix: Int, _ start: TOMLCursor) throws(Slip) -> SettingsValue? {
        if let value = Int(digits, radix: radix) { return .integer(value) }
        guard digits.allSatisfy({ $0 == "-" || ($0.hexDigitValue ?? radix) < radix }) else { return nil }
        throw start.slip("the number is too large")
    }

    private func decimal(_ text: String) -> SettingsValue? {
        let unsigned = text.hasPrefix("-") || text.hasPrefix("+") ? text.dropFirst() : text[...]
        let halves = unsigned.split(maxSplits: 1, omittingEmptySubsequences: false) { $0 == "e" || $0 == "E" }
        let parts = (halves.first ?? "").split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
        guard halves.count + parts.count > 2, let first = parts.first, let whole = joined(first, isDigit: isDigit),
            whole == "0" || !whole.hasPrefix("0")
        else { return nil }
        var written = (text.hasPrefix("-") ? "-" : "") + whole
        if parts.count > 1 {
            guard let fraction = joined(parts[1], isDigit: isDigit) else { return nil }
            written += "." + fraction
        }
        if halves.count > 1 {
            let isSigned = halves[1].hasPrefix("-") || halves[1].hasPrefix("+")
            guard let exponent = joined(isSigned ? halves[1].dropFirst() : halves[1], isDigit: isDigit) else { return nil }
            written += (halves[1].hasPrefix("-") ? "e-" : "e") + exponent
        }
        return Double(written).map { .decimal($0) }
    }

    private func isDigit(_ byte: UInt8) -> Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) }

    /// The digits without the underscores, each of which stands between two digits; nil when anything else stands there.
    private func joined(_ text: Substring, isDigit: (UInt8) -> Bool) -> String? {
        var digits = ""
        var last = UInt8(ascii: "_")
        for byte in text.utf8 {
            if byte == UInt8(ascii: "_") {
                guard last != UInt8(ascii: "_") else { return nil }
            } else {
                guard isDigit(byte) else { return nil }
                digits.unicodeScalars.append(Unicode.Scalar(byte))
            }
            last = byte
        }
        return last == UInt8(ascii: "_") ? nil : digits
    }
}
