import ArgumentParser
import FoundationEssentials
import Glibc

/// Says where the documents of this readerd are.
struct DocsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "docs", abstract: "Say where the documents are: guides, the interface for tills, and examples.",
        discussion: "They open in any browser, from the disk.")

    @OptionGroup var global: GlobalOptions

    func run() async throws {
        let output = global.output
        do {
            guard let documents = Documents.find() else {
                Complaint(
                    code: "no_documents", title: "The documents are not here",
                    detail: "Neither the package's documents nor any built from the source were found.",
                    steps: [
                        (
                            "Where dpkg leaves documents out, install the package with them",
                            "sudo dpkg --path-include='/usr/share/doc/readerd/*' -i readerd_VERSION.deb"
                        ),
                        ("In the source", "make docs"),
                    ], retryable: false, status: .refused
                ).tell(output)
                throw ExitCode(ExitStatus.refused.rawValue)
            }
            if output.json { return try output.object(documents) }
            var fields = Fields()
            fields.add("Documents", documents.index)
            fields.add("Examples", documents.examples)
            fields.add("OpenAPI", documents.openapi)
            fields.add("Manual", "man readerctl, man readerd, man readerd.toml")
            try output.lines(fields.lines)
        } catch is Output.Closed {
            return
        }
    }
}

/// The documents as `packaging/html/build` lays them out: `html`, `examples` and `openapi.json` beside each other.
struct Documents: Encodable {
    /// The address to open.
    var index: String
    var examples: String
    var openapi: String

    private init?(at root: String) {
        guard access(root + "/html/index.html", R_OK) == 0 else { return nil }
        index = "file://\(root)/html/index.html"
        examples = root + "/examples"
        openapi = root + "/openapi.json"
    }

    /// A program from a build tells that source's documents, one from a package the package's.
    static func find() -> Documents? {
        var places: [String] = []
        do {
            let own = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
            // .build/TRIPLE/debug/readerctl beside .build/documentation; PREFIX/bin/readerctl beside PREFIX/share.
            var parts = own.split(separator: "/", omittingEmptySubsequences: false).dropLast()
            places.append((parts.dropLast() + ["share/doc/readerd"]).joined(separator: "/"))
            while let last = parts.last, !last.isEmpty {
                if last.hasPrefix(".build") { places.insert((parts + ["documentation"]).joined(separator: "/"), at: 0) }
                parts = parts.dropLast()
            }
        } catch {
            // Without /proc the usual place has to do.
        }
        return (places + ["/usr/share/doc/readerd"]).lazy.compactMap(Documents.init(at:)).first
    }
}
