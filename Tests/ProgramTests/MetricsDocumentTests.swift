import FoundationEssentials
import Testing

/// Metrics.md lists the families that there are, with their types, and no other.
@Suite struct MetricsDocumentTests {
    private static let root = (0..<3).reduce(URL(filePath: #filePath)) { url, _ in url.deletingLastPathComponent() }

    @Test func `every family is documented, with its type`() throws {
        let directory = Self.root.appending(path: "Sources/Agent/Gateway/Metering")
        var families: [String: String] = [:]
        for file in try FileManager.default.contentsOfDirectory(atPath: directory.path) where file.hasSuffix(".swift") {
            let text = try String(contentsOf: directory.appending(path: file), encoding: .utf8)
            for match in text.matches(of: #/family\(\s*"([a-z_]+)",\s*\.([a-z]+)/#) { families[String(match.1)] = String(match.2) }
        }
        #expect(families.count > 10, "the families were not found")
        let document = try String(contentsOf: Self.root.appending(path: "Sources/Agent/readerd/readerd.docc/Metrics.md"), encoding: .utf8)
        var documented: [String: String] = [:]
        for match in document.matches(of: #/(?m)^\| `([a-z_]+)` \| ([a-z]+) \|/#) { documented[String(match.1)] = String(match.2) }
        #expect(documented == families)
    }
}
