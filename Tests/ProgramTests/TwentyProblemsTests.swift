import CheckoutAPI
import FoundationEssentials
import Testing

/// The table of the twenty problems says what is so: the tests, the checks and the sentences that it names are there.
@Suite struct TwentyProblemsTests {
    private static let root = (0..<3).reduce(URL(filePath: #filePath)) { url, _ in url.deletingLastPathComponent() }

    /// The cells of each row, by its number.
    private static func rows() throws -> [(number: Int, cells: [String])] {
        let text = try String(contentsOf: root.appending(path: "Sources/Agent/Gateway/Gateway.docc/TwentyProblems.md"), encoding: .utf8)
        return text.split(separator: "\n").compactMap { line in
            let cells = line.split(separator: "|").map { $0.trimmingPrefix(while: \.isWhitespace) }.map(String.init)
            guard let first = cells.first, let number = Int(first.filter { !$0.isWhitespace }), cells.count == 4 else { return nil }
            return (number, cells)
        }
    }

    private static func sources(_ directory: String) throws -> String {
        let path = root.appending(path: directory).path
        return try FileManager.default.subpathsOfDirectory(atPath: path).filter { $0.hasSuffix(".swift") }
            .map { try String(contentsOf: root.appending(path: "\(directory)/\($0)"), encoding: .utf8) }.joined(separator: "\n")
    }

    @Test func `there are twenty, in order`() throws {
        #expect(try Self.rows().map(\.number) == Array(1...20))
    }

    @Test func `every row is shown by tests that there are`() throws {
        let tests = try Self.sources("Tests")
        for row in try Self.rows() {
            let names = row.cells[3].matches(of: #/`([^`]+)`/#).map { String($0.1) }
            #expect(!names.isEmpty, "problem \(row.number)")
            for name in names { #expect(tests.contains("func `\(name)`("), "problem \(row.number): \(name)") }
        }
    }

    @Test func `every row is prevented or named, by checks and in sentences that there are`() throws {
        let sources = try Self.sources("Sources")
        for row in try Self.rows() {
            let cell = row.cells[2]
            #expect(cell.contains("Prevented: ") || cell.contains("Named: "), "problem \(row.number)")
            let checks = cell.matches(of: #/checks? `([a-z_]+)`(?: and `([a-z_]+)`)?/#).flatMap { [$0.1, $0.2].compactMap { $0 } }
            if cell.contains("Named: ") { #expect(!checks.isEmpty, "problem \(row.number) is named by no check") }
            for check in checks { #expect(Check.ids.contains(String(check)), "problem \(row.number): \(check)") }
            for sentence in cell.matches(of: #/“([^”]+)”/#) {
                #expect(sources.contains(sentence.1), "problem \(row.number): \(sentence.1)")
            }
        }
    }
}
