import CheckoutAPI
import Foundation
import Testing
import WebCall

@testable import Diagnostics

/// The box itself, set up wrong on purpose.
@Suite struct BoxTests {
    private func place(in directory: String, environment: [String: String] = [:], roles: [Role: Place.Members] = [:]) throws -> Place {
        Place(
            settingsFile: directory + "/readerd.toml", stateDirectory: directory + "/state", socketPath: directory + "/s.sock",
            secretFiles: [], roles: roles, backend: try WebBase("https://backend.example"), stripe: try WebBase("https://api.stripe.com"),
            readerPort: 4443, environment: environment, root: directory)
    }

    private func inDirectory(_ body: (String) throws -> Void) throws {
        let directory = NSTemporaryDirectory() + "rdd-" + UUID().uuidString
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: false)
        defer { do { try FileManager.default.removeItem(atPath: directory) } catch { Issue.record("\(directory) stays behind") } }
        try body(directory)
    }

    private func write(_ path: String, _ text: String = "", mode: Int = 0o600) throws {
        let folder = path.split(separator: "/", omittingEmptySubsequences: false).dropLast().joined(separator: "/")
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        #expect(FileManager.default.createFile(atPath: path, contents: Data(text.utf8), attributes: [.posixPermissions: mode]))
    }

    @Test func `settings that anybody may change fail`() throws {
        try inDirectory { directory in
            let place = try place(in: directory)
            #expect(Checkup.settings(place).status == .warn)
            try write(place.settingsFile, mode: 0o640)
            #expect(Checkup.settings(place).status == .pass)
            try FileManager.default.setAttributes([.posixPermissions: 0o666], ofItemAtPath: place.settingsFile)
            let finding = Checkup.settings(place)
            #expect(finding.status == .fail)
            #expect(finding.remedy == "sudo chmod go-w \(place.settingsFile)")
        }
    }

    @Test func `a state directory that others may read is named`() throws {
        try inDirectory { directory in
            let place = try place(in: directory)
            #expect(Checkup.state(place).status == .fail)
            try FileManager.default.createDirectory(
                atPath: place.stateDirectory, withIntermediateDirectories: false, attributes: [.posixPermissions: 0o755])
            #expect(Checkup.state(place).status == .warn)
            try FileManager.default.setAttributes([.posixPermissions: 0o700], ofItemAtPath: place.stateDirectory)
            #expect(Checkup.state(place).status == .pass)
            try write(place.stateDirectory + "/journal.sqlite", mode: 0o644)
            #expect(Checkup.state(place).detail.contains("journal.sqlite is open to other users"))
        }
    }

    @Test func `a proxy that is set is named, and that it is not used`() throws {
        #expect(Checkup.proxy(try place(in: "/nowhere")).status == .pass)
        let finding = Checkup.proxy(try place(in: "/nowhere", environment: ["https_proxy": "http://proxy:3128"]))
        #expect(finding.status == .warn)
        #expect(finding.detail.hasPrefix("https_proxy is set, but readerd does not use proxies"))
        #expect(!finding.detail.contains("3128"), "a proxy's address may hold a password")
    }

    @Test func `a till's user without a group is told the command`() throws {
        try inDirectory { directory in
            let members = Place.Members(users: [], groups: ["nobody-has-this-group"])
            let place = try place(in: directory, roles: [.checkout: members])
            #expect(Checkup.socket(place).detail.contains("There is no socket"))
            try write(place.socketPath, mode: 0o660)
            let finding = Checkup.socket(place)
            #expect(finding.status == .fail)
            #expect(finding.remedy?.contains("sudo usermod -aG nobody-has-this-group TILL-USER") == true)
        }
    }

    @Test func `a USB reader in the hands of a kernel driver, asleep, or probed as a modem is named`() throws {
        try inDirectory { directory in
            let place = try place(in: directory)
            let path = directory + "/sys/bus/usb/devices/1-1.4"
            let usb = USBIdentity(vendorID: "1234", productID: "5678", bus: 1, portPath: "1.4", link: "reader_link")
            try write(path + "/1-1.4:1.0/bInterfaceClass", "02\n")
            try write(path + "/1-1.4:1.0/bInterfaceSubClass", "02\n")
            try FileManager.default.createSymbolicLink(
                atPath: path + "/1-1.4:1.0/driver", withDestinationPath: "../../../../bus/usb/drivers/cdc_acm")
            let driver = Checkup.usbDriver(path, usb)
            #expect(driver.status == .fail)
            #expect(driver.detail == "interface 1-1.4:1.0 is claimed by the kernel driver cdc_acm.")
            #expect(Checkup.modemManager(path, place).status == .pass)
            try write(directory + "/proc/77/comm", "ModemManager\n")
            #expect(Checkup.modemManager(path, place).status == .warn)
            try write(path + "/power/control", "auto\n")
            try write(path + "/power/runtime_status", "suspended\n")
            #expect(Checkup.usbPower(path).status == .warn)
            #expect(Checkup.usbAccess(path, place).status == .skipped)
            try write(path + "/busnum", "1\n")
            try write(path + "/devnum", "7\n")
            #expect(Checkup.usbAccess(path, place).detail.contains("/dev/bus/usb/001/007"))
            try write(directory + "/dev/bus/usb/001/007")
            #expect(Checkup.usbAccess(path, place).status == .pass)
        }
    }

    @Test func `what looks cannot import what pays`() throws {
        let sources = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
            .appending(path: "Sources/Agent/Diagnostics")
        let files = try FileManager.default.subpathsOfDirectory(atPath: sources.path).filter { $0.hasSuffix(".swift") }
        #expect(files.count > 5)
        for file in files {
            let text = try String(contentsOf: sources.appending(path: file), encoding: .utf8)
            for forbidden in ["Gateway", "ReaderRPC", "MarianaAPI", "StripeAPI", "Journal"] {
                #expect(!text.contains("import \(forbidden)\n"), "\(file) imports \(forbidden)")
            }
        }
    }
}
