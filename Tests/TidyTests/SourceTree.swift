import Foundation

/// The sources of this repository, read once.
struct SourceTree {
    struct File {
        /// From the root of the repository.
        var path: String
        var text: String
        var lines: [Substring]

        var name: String { String(path.split(separator: "/").last ?? "") }
    }

    struct Unreadable: Error { var path: String }

    static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

    /// Every Swift file of Sources and Tests.
    let files: [File]
    /// The last part of every path outside of what is built.
    let names: Set<String>

    init() throws {
        var files: [File] = []
        var names: Set<String> = []
        guard let all = FileManager.default.enumerator(atPath: Self.root.path) else { throw Unreadable(path: Self.root.path) }
        while let path = all.nextObject() as? String {
            if path.hasPrefix(".build") || path.hasPrefix(".git/") {
                all.skipDescendants()
                continue
            }
            names.insert(String(path.split(separator: "/").last ?? ""))
            guard path.hasSuffix(".swift"), path.hasPrefix("Sources/") || path.hasPrefix("Tests/") else { continue }
            let text = try String(contentsOf: Self.root.appending(path: path), encoding: .utf8)
            files.append(File(path: path, text: text, lines: text.split(separator: "\n", omittingEmptySubsequences: false)))
        }
        self.files = files
        self.names = names
    }

    var sources: [File] { files.filter { $0.path.hasPrefix("Sources/") } }

    static func manifest() throws -> String { try String(contentsOf: root.appending(path: "Package.swift"), encoding: .utf8) }
}

extension SourceTree.File {
    /// The folder of a target in Sources: its layer and its name; nil in Tests.
    var target: (layer: String, name: String)? {
        let parts = path.split(separator: "/").map(String.init)
        guard parts.count > 3, parts[0] == "Sources" else { return nil }
        return (parts[1], parts[2])
    }

    /// The modules that it imports.
    var imports: [String] {
        lines.compactMap { line in
            let words = line.split(separator: " ")
            guard let at = words.firstIndex(of: "import"), at + 1 < words.count,
                words[..<at].allSatisfy({ Self.beforeImport.contains(String($0)) })
            else { return nil }
            let last = words[words.count - 1]
            return String(last.split(separator: ".").first ?? last)
        }
    }

    private static let beforeImport: Set<String> = [
        "@testable", "@preconcurrency", "package", "public", "internal", "private", "fileprivate",
    ]

    /// Its identifiers and words, without those of comments that begin a line.
    var words: [Substring] {
        lines.lazy.filter { !$0.drop { $0 == " " }.hasPrefix("//") }
            .flatMap { $0.split { !($0.isLetter || $0.isNumber || $0 == "_") } }
    }
}
