import FoundationEssentials
import Testing

@testable import readerd

@Suite(.timeLimit(.minutes(5)))
struct DefaultSettingsTests {
    private var file: String { Place.packaging + "/readerd.toml" }

    /// Every key that stands in the file, also those that are commented out, with its value.
    private func written() -> [String: String] {
        var found: [String: String] = [:]
        var table = ""
        for line in Place.text(file).split(separator: "\n") {
            if line.hasPrefix("["), line.hasSuffix("]") { table = line.dropFirst().dropLast() + "." }
            let bare = line.hasPrefix("#") ? line.dropFirst() : line
            guard let equals = bare.firstRange(of: " = "), bare.first != " " else { continue }
            let key = bare[..<equals.lowerBound]
            guard !key.contains(" ") else { continue }
            found[table + key] = String(bare[equals.upperBound...])
        }
        return found
    }

    @Test func `every key that readerd knows is explained, and no other`() {
        let written = Set(written().keys)
        let paths = written.map { $0.split(separator: ".").map(String.init) }
        for key in SettingsKey.all { #expect(paths.contains { key.matches($0) }, "\(key.name) is not in readerd.toml") }
        for path in paths { #expect(SettingsKey.all.contains { $0.matches(path) }, "\(path) is in readerd.toml, and nothing reads it") }
    }

    @Test func `what is commented out is the default`() {
        let written = written()
        for key in SettingsKey.all {
            let standard: String? =
                switch key.standard {
                case .integer(let number): "\(number)"
                case .toggle(let value): "\(value)"
                case .text(let text): "\"\(text)\""
                default: nil
                }
            if let standard { #expect(written[key.name] == standard, "\(key.name)") }
        }
    }

    @Test func `it needs a location and an address, and nothing else`() throws {
        let scratch = try Scratch()
        let programs = try Place.programs()
        let check = "CREDENTIALS_DIRECTORY=\(scratch.path) \(programs)/readerd --check-config --config \(file)"
        let bare = try shell(check, in: scratch)
        #expect(bare.status == 78)
        #expect(bare.output.split(separator: "\n").count == 2, "\(bare.output)")
        let filled = try shell(check + " --set location=1 --set backend.base_url=https://studio.example", in: scratch)
        #expect(filled.status == 0, "\(filled.output)")
        #expect(filled.output.contains("readerd-checkout"))
    }

    @Test func `the settings that the simulated store writes for the service are accepted, and lead nowhere that it cannot see`() throws {
        let scratch = try Scratch()
        let programs = try Place.programs()
        let made = try shell(
            "\(programs)/readersim run --directory \(scratch.path)/store --port 0 --until-stdin-closes", in: scratch)
        #expect(made.status == 0, "\(made.output)")
        // The file says where to put the authority's certificate; without root it stays where it was made.
        let store = "\(scratch.path)/store"
        let installed = "sed 's#/etc/readerd/store-ca.pem#\(store)/ca.pem#' \(store)/service.toml > \(scratch.path)/service.toml"
        #expect(try shell(installed, in: scratch).status == 0)
        let checked = try shell("\(programs)/readerd --check-config --config \(scratch.path)/service.toml", in: scratch)
        #expect(checked.status == 0, "\(checked.output)")
        #expect(checked.output.contains("lanes.till-1.reader = ") && checked.output.contains("credential:backend-token"))
        for line in checked.output.split(separator: "\n") where !line.hasPrefix("#") && !line.hasPrefix("trust_roots") {
            let setting = line.split(separator: " # ").first ?? line
            #expect(!setting.contains(scratch.path), "\(setting)")
        }
    }

    @Test func `every example in it is accepted`() throws {
        let scratch = try Scratch()
        let programs = try Place.programs()
        // All that is commented out, but for the other kind of credential and for a file that each box has elsewhere.
        let roots = try shell(
            "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=Roots -days 2"
                + " -keyout \(scratch.path)/key.pem -out \(scratch.path)/roots.pem", in: scratch)
        #expect(roots.status == 0, "\(roots.output)")
        let all =
            "sed -E 's/^#([a-zA-Z0-9_.-]+ = )/\\1/; /^oauth\\./d; s#/etc/readerd/roots.pem#\(scratch.path)/roots.pem#' "
            + "\(file) > \(scratch.path)/all.toml"
        #expect(try shell(all, in: scratch).status == 0)
        let checked = try shell(
            "CREDENTIALS_DIRECTORY=\(scratch.path) \(programs)/readerd --check-config --config \(scratch.path)/all.toml", in: scratch)
        #expect(checked.status == 0, "\(checked.output)")
    }
}
