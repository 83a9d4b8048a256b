import FoundationEssentials
import TestSupport
import Testing

/// `udev/70-readerd.rules` as udev itself reads it: `udevadm test` on an emulated bus, with the system's own rules beside it.
@Suite(.timeLimit(.minutes(30)), .enabled("needs a mount namespace: root, or user namespaces") { try await MountNamespace.isPossible() })
struct RuleTests {
    private static let root = #filePath.split(separator: "/", omittingEmptySubsequences: false).dropLast(3).joined(separator: "/")

    /// - Returns: what udevadm said of each device.
    private static func tried(_ rules: String) async throws -> [String: [String]] {
        let scratch = try TemporaryDirectory()
        let result = try await run([root + "/Tests/USB/rules.sh", rules, scratch.path], within: .seconds(60))
        try #require(result.status == 0, "\(result.errors.suffix(2000)) \(result.output.suffix(2000))")
        var devices: [String: [String]] = [:]
        var name = ""
        for line in result.output.split(separator: "\n").map(String.init) {
            if line.hasPrefix("== ") { name = String(line.dropFirst(3)) } else { devices[name, default: []].append(line) }
        }
        return devices
    }

    /// What udev says of our rules' lines, without what it did by them.
    private static func complaints(_ lines: [String]) -> [String] {
        lines.filter { line in
            guard let place = line.firstRange(of: "70-readerd.rules:") else { return false }
            let words = line[place.upperBound...].drop { $0.isNumber }
            return !words.hasPrefix(" GROUP ") && !words.hasPrefix(" MODE ") && !words.contains("builtin command")
        }
    }

    @Test func `udev understands every line, gives the reader link to the daemon's group and starts the service`() async throws {
        let devices = try await Self.tried(Self.root + "/udev")
        for (name, lines) in devices { #expect(Self.complaints(lines) == [], "\(name)") }
        let link = try #require(devices["reader-link"])
        #expect(link.contains { $0.hasSuffix(" GROUP 4321") && $0.contains("70-readerd.rules") })
        #expect(link.contains { $0.hasSuffix(" MODE 0660") && $0.contains("70-readerd.rules") })
        #expect(link.contains("SYSTEMD_WANTS=readerd.service") && link.contains("TAGS=:systemd:"))
        for other in ["keyboard", "keypad", "ingenico-known", "other-serial", "modem"] {
            let lines = try #require(devices[other])
            #expect(!lines.contains { $0.contains("70-readerd.rules") && $0.contains("GROUP") }, "\(other)")
            #expect(!lines.contains { $0.contains("SYSTEMD_WANTS") }, "\(other)")
        }
    }

    @Test func `ModemManager is kept from serial pads, and from nothing else`() async throws {
        let devices = try await Self.tried(Self.root + "/udev")
        for pad in ["ingenico-known", "ingenico-known-tty", "ingenico-other", "ingenico-other-tty"] {
            #expect(devices[pad]?.contains("ID_MM_DEVICE_IGNORE=1") == true, "\(pad)")
        }
        for other in ["reader-link", "keyboard", "keypad", "other-serial", "other-serial-tty", "modem", "modem-tty"] {
            let lines = try #require(devices[other])
            #expect(!lines.contains { $0.hasPrefix("ID_MM_DEVICE_IGNORE") }, "\(other)")
        }
    }

    @Test func `a rule that udev does not understand would be noticed`() async throws {
        let scratch = try TemporaryDirectory()
        let broken =
            try String(contentsOfFile: Self.root + "/udev/70-readerd.rules", encoding: .utf8) + "\nSUBSYTEM==\"usb\", MODE=\"0666\"\n"
        try Data(broken.utf8).write(to: URL(filePath: scratch.file("70-readerd.rules")))
        let devices = try await Self.tried(scratch.path)
        #expect(devices.values.contains { !Self.complaints($0).isEmpty })
    }
}

private enum MountNamespace {
    static func isPossible() async throws -> Bool {
        let root = #filePath.split(separator: "/", omittingEmptySubsequences: false).dropLast(3).joined(separator: "/")
        return try await run([root + "/Tests/USB/rules.sh", "--possible"], within: .seconds(30)).status == 0
    }
}
