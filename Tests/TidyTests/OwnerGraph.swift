/// Who of the middle names whom. An owner is a file with its extensions: `ReaderLease.swift` and every `ReaderLease+….swift`.
///
/// A line of an extension counts for the owner of the type that it extends, wherever it stands. So nothing is hidden by putting it elsewhere.
struct OwnerGraph {
    /// The owner of each type that is declared outside of every other.
    private(set) var owners: [Substring: Substring] = [:]
    /// Whom each owner names, and where.
    private(set) var names: [Substring: [Substring: [String]]] = [:]

    init(_ files: [SourceTree.File]) {
        var inner: [Substring: Set<Substring>] = [:]
        for file in files {
            names[file.owner] = [:]
            for line in file.lines {
                guard let name = Declarations.type(in: line) else { continue }
                if line.hasPrefix(" ") { inner[file.owner, default: []].insert(name) } else { owners[name] = file.owner }
            }
        }
        for file in files {
            var owner = file.owner
            for (number, line) in Code.lines(of: file).enumerated() {
                if let extended = Declarations.extended(in: line) { owner = owners[extended] ?? file.owner }
                for type in Code.types(in: line) {
                    guard let named = owners[type], named != owner, inner[owner]?.contains(type) != true else { continue }
                    names[owner, default: [:]][named, default: []].append("\(file.path):\(number + 1)")
                }
                if line.hasPrefix("}") { owner = file.owner }
            }
        }
    }

    /// The owners that name each other, directly or through others: each such group, with the places that tie it.
    var knots: [String] {
        var reached: [Substring: Set<Substring>] = [:]
        for owner in names.keys {
            var left = [owner]
            while let next = left.popLast() {
                for named in names[next, default: [:]].keys where reached[owner, default: []].insert(named).inserted { left.append(named) }
            }
        }
        var told: Set<Substring> = []
        var knots: [String] = []
        for owner in names.keys.sorted() where reached[owner]?.contains(owner) == true && !told.contains(owner) {
            let tied = names.keys.filter { $0 == owner || reached[owner]?.contains($0) == true && reached[$0]?.contains(owner) == true }
                .sorted()
            told.formUnion(tied)
            let edges = tied.flatMap { one in
                tied.compactMap { other in names[one]?[other].map { "\(one) names \(other): \($0.joined(separator: ", "))" } }
            }
            knots.append((["a knot of \(tied.joined(separator: ", "))"] + edges).joined(separator: "\n"))
        }
        return knots
    }

    /// The owners in layers, the lowest last: each names only owners that stand below it. A knot and what rests on it do not show.
    var picture: String {
        var lines: [String] = []
        var placed: Set<Substring> = []
        while true {
            let next = names.filter { !placed.contains($0.key) && $0.value.keys.allSatisfy(placed.contains) }.keys.sorted()
            if next.isEmpty { return lines.joined(separator: "\n") }
            lines.insert("  \(lines.count + 1)  \(next.joined(separator: "  "))", at: 0)
            placed.formUnion(next)
        }
    }
}

extension SourceTree.File {
    /// The name of the file before its first `+`.
    var owner: Substring { (path.split(separator: "/").last ?? "").prefix { $0 != "+" && $0 != "." } }
}

/// What a compiler reads of a line.
enum Code {
    /// The lines without comments and without the texts in quotes; what is put into a text counts.
    static func lines(of file: SourceTree.File) -> [Substring] {
        var isText = false
        return file.lines.map { line in
            if line.hasSuffix("\"\"\"") || line.contains("\"\"\"") && isText {
                defer { isText.toggle() }
                return isText ? "" : line.dropLast(3)
            }
            return isText ? "" : plain(line)
        }
    }

    private static func plain(_ line: Substring) -> Substring {
        var code = ""
        var isQuoted = false
        /// The open brackets of each piece that is put into a text.
        var pieces: [Int] = []
        var rest = line
        while let next = rest.popFirst() {
            switch next {
            case "\\" where isQuoted:
                if rest.popFirst() == "(" {
                    pieces.append(0)
                    isQuoted = false
                    code += " "
                }
            case "\"": isQuoted.toggle()
            case _ where isQuoted: break
            case "/" where rest.first == "/": return code[...]
            case ")" where pieces.last == 0:
                pieces.removeLast()
                isQuoted = true
            default:
                if !pieces.isEmpty { pieces[pieces.count - 1] += next == "(" ? 1 : next == ")" ? -1 : 0 }
                code.append(next)
            }
        }
        return code[...]
    }

    /// The names in the line that begin as a type's does, without those that stand behind a dot.
    static func types(in line: Substring) -> Set<Substring> {
        var found: Set<Substring> = []
        var before: Character = " "
        var rest = line
        while let first = rest.first {
            let word = rest.prefix { $0.isLetter || $0.isNumber || $0 == "_" }
            if word.isEmpty {
                before = first
                rest = rest.dropFirst()
                continue
            }
            if word.first?.isUppercase == true, before != "." { found.insert(word) }
            before = " "
            rest = rest[word.endIndex...]
        }
        return found
    }
}
