import FoundationEssentials
import Testing

@testable import readerd

/// The operator's documents say what the program knows.
@Suite struct DocumentTests {
    private static let root = (0..<3).reduce(URL(filePath: #filePath)) { url, _ in url.deletingLastPathComponent() }

    private static func read(_ path: String) throws -> String {
        try String(contentsOf: root.appending(path: path), encoding: .utf8)
    }

    @Test func `every setting is documented, with its default`() throws {
        let lines = try Self.read("Sources/Agent/readerd/readerd.docc/Settings.md").split(separator: "\n")
        for key in SettingsKey.all {
            let rows = lines.filter { $0.hasPrefix("| `\(key.name)` |") }
            #expect(rows.count == 1, "\(key.name) should be in Settings.md once")
            let standard =
                switch key.standard {
                case .text(let text): "| `\"\(text)\"` |"
                case .integer(let number): "| `\(number)` |"
                case .toggle(let toggle): "| `\(toggle)` |"
                case .list(let list) where list.isEmpty: "| `[]` |"
                case nil: "| – |"
                default: "an unexpected kind of default"
                }
            if let row = rows.first { #expect(row.contains(standard), "\(key.name) is without being given: \(standard)") }
        }
        #expect(lines.filter { $0.hasPrefix("| `") }.count == SettingsKey.all.count, "Settings.md has a key that there is not")
    }

    @Test func `every field of a log line is documented`() throws {
        let document = try Self.read("Sources/Agent/readerd/readerd.docc/LogFields.md")
        var fields: Set<String> = []
        for target in ["Agent/Gateway", "Socket/CheckoutServer", "Agent/readerd", "Edges/Journal"] {
            let files = try FileManager.default.subpathsOfDirectory(atPath: Self.root.appending(path: "Sources/\(target)").path)
            for file in files where file.hasSuffix(".swift") {
                let text = try Self.read("Sources/\(target)/\(file)")
                // metadata["name"] = …, and metadata: ["name": …, "other": …].
                for match in text.matches(of: #/metadata\["([a-z_]+)"\]/#) { fields.insert(String(match.1)) }
                for match in text.matches(of: #/(?:metadata: |Logger\.Metadata = )\[([^\]]*)\]/#) {
                    for name in match.1.matches(of: #/"([a-z_]+)":/#) { fields.insert(String(name.1)) }
                }
            }
        }
        #expect(fields.contains("payment") && fields.contains("request_id"), "the fields were not found")
        for field in fields.sorted() { #expect(document.contains("`\(field)`"), "\(field) should be in LogFields.md") }
    }
}
