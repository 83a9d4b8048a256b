import TextSafety

/// What goes into the support archive, and what of it was taken out again.
package struct SupportBundle: Sendable {
    package struct File: Sendable {
        package var name: String
        /// What it is, for whoever decides whether to send it.
        package var what: String
        package fileprivate(set) var text: String
        package fileprivate(set) var removed: Int
    }

    package private(set) var files: [File] = []
    /// What could not be had, and why.
    package private(set) var missing: [String] = []

    /// Stands where something was taken out.
    package static let removed = "(removed)"

    package init() {}

    package mutating func add(_ name: String, _ what: String, _ text: String) {
        let (clean, removed) = SecretShapes.hidden(text, mark: Self.removed, reach: .names)
        files.append(File(name: name, what: what, text: clean, removed: removed))
    }

    package mutating func miss(_ what: String, _ reason: String) { missing.append("\(what): \(reason)") }

    /// A line for each file, and for what is not there: first in the archive, and shown before it is written.
    package var contents: String {
        let width = (files.map(\.name.count).max() ?? 0) + 2
        var lines = files.map { file in
            file.name + String(repeating: " ", count: width - file.name.count) + "\(Self.size(file.text.utf8.count)): \(file.what)"
                + (file.removed > 0
                    ? " (taken out of it, for looking like a secret or a card's number: \(file.removed) \(file.removed == 1 ? "word" : "words"))"
                    : "")
        }
        if !missing.isEmpty { lines += ["", "Not in it:"] + missing.map { "  \($0)" } }
        return lines.joined(separator: "\n")
    }

    private static func size(_ bytes: Int) -> String { bytes < 1024 ? "\(bytes) bytes" : "\((bytes + 512) / 1024) KB" }
}
