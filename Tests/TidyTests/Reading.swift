/// The functions of a file, by indentation: the formatter sees to that.
enum Functions {
    struct Found {
        /// From 1.
        var line: Int
        /// Without the lines of texts that it holds.
        var length: Int
    }

    static func of(_ lines: [Substring]) -> [Found] {
        var found: [Found] = []
        for (index, line) in lines.enumerated() where begins(line) {
            let indent = line.prefix { $0 == " " }
            let end = indent + "}"
            guard line.hasSuffix("{") || line.hasSuffix("(") else { continue }
            var length = 1
            var isText = false
            for next in lines[(index + 1)...] {
                if next.hasSuffix("\"\"\"") || next.contains("\"\"\")") { isText.toggle() }
                if !isText { length += 1 }
                if !isText, next.hasPrefix(end) { break }
            }
            found.append(Found(line: index + 1, length: length))
        }
        return found
    }

    private static func begins(_ line: Substring) -> Bool {
        let words = line.split(separator: " ")
        guard let at = words.firstIndex(where: { $0 == "func" || $0.hasPrefix("init(") || $0.hasPrefix("init?(") }) else { return false }
        return words[..<at].allSatisfy { Declarations.modifiers.contains(String($0)) || $0.hasPrefix("@") }
    }
}

/// The names that a file declares, but for cases and what a function declares inside.
enum Declarations {
    static let modifiers: Set<String> = [
        "package", "public", "private", "fileprivate", "internal", "static", "mutating", "nonisolated", "override", "final", "indirect",
        "convenience", "required", "consuming", "borrowing",
    ]
    private static let kinds: Set<Substring> = ["func", "var", "let", "struct", "enum", "class", "actor", "typealias", "protocol"]

    static func names(of lines: [Substring]) -> [Substring] {
        lines.compactMap { name(after: kinds, in: $0) }.filter { !$0.isEmpty && $0 != "_" }
    }

    /// The type that the line declares.
    static func type(in line: Substring) -> Substring? {
        name(after: ["struct", "enum", "class", "actor", "typealias", "protocol"], in: line)
    }

    /// The type that is extended, or declared outside of every other, from this line on.
    static func extended(in line: Substring) -> Substring? {
        line.hasPrefix(" ") ? nil : name(after: ["extension"], in: line) ?? type(in: line)
    }

    private static func name(after kinds: Set<Substring>, in line: Substring) -> Substring? {
        let words = line.split(separator: " ").drop { modifiers.contains(String($0)) || $0.hasPrefix("@") }
        guard let kind = words.first, kinds.contains(kind) else { return nil }
        return words.dropFirst().first?.prefix { $0.isLetter || $0.isNumber || $0 == "_" }
    }
}

/// The targets of Package.swift, as far as they are written by its own functions.
enum Manifest {
    struct Declared {
        /// library, program or tests.
        var kind: String
        var name: String
        /// Every name in double quotes behind it.
        var quoted: [String]
    }

    static func targets(_ text: String) -> [Declared] {
        var found: [Declared] = []
        for kind in ["library", "program", "tests"] {
            for piece in text.components(separated: "\n        \(kind)(").dropFirst() {
                var depth = 1
                let body = piece.prefix { character in
                    if character == "(" { depth += 1 }
                    if character == ")" { depth -= 1 }
                    return depth > 0
                }
                let quoted = body.split(separator: "\"", omittingEmptySubsequences: false).enumerated().filter { $0.offset % 2 == 1 }
                    .map { String($0.element) }
                guard let name = quoted.first else { continue }
                found.append(Declared(kind: kind, name: name, quoted: Array(quoted.dropFirst())))
            }
        }
        return found
    }
}

extension String {
    fileprivate func components(separated separator: String) -> [Substring] {
        var parts: [Substring] = []
        var rest = self[...]
        while let range = rest.firstRange(of: separator) {
            parts.append(rest[..<range.lowerBound])
            rest = rest[range.upperBound...]
        }
        return parts + [rest]
    }
}
