import FoundationEssentials
import Glibc
import TestSupport
import Testing

@testable import readerd

/// The state directory is readerd's own, and its disk is not to be trusted all the same.
@Suite(.timeLimit(.minutes(1))) struct DeviceIDTests {
    private func directory(_ body: (String) throws -> Void) throws {
        let directory = try TemporaryDirectory()
        try body(directory.path)
        try directory.remove()
    }

    private func refusal(_ directory: String) -> String {
        do {
            return "made or read: " + (try DeviceID.load(.payments, in: directory))
        } catch {
            return error.description
        }
    }

    @Test func `it is made once and kept`() throws {
        try directory { directory in
            let made = try DeviceID.load(.payments, in: directory)
            #expect(made.hasPrefix("pos-") && made.utf8.count == 20)
            #expect(try DeviceID.load(.payments, in: directory) == made)
            var facts = stat()
            #expect(stat(directory + "/device-id", &facts) == 0 && facts.st_mode & 0o777 == 0o600)
            #expect(try FileManager.default.contentsOfDirectory(atPath: directory) == ["device-id"])
        }
    }

    @Test func `what is no file in its place is told, and not waited for`() throws {
        try directory { directory in
            let path = directory + "/device-id"
            for make in [{ mkfifo(path, 0o600) }, { mkdir(path, 0o700) }, { symlink("/dev/zero", path) }, { symlink(path, path) }] {
                try #require(make() == 0)
                #expect(refusal(directory).hasPrefix("\(path) is not a file: remove it"), "\(refusal(directory))")
                remove(path)
            }
        }
    }

    @Test(arguments: ["", "pos-", "pos-a b\u{0}c\u{1b}[31m", "pos-ééééé", "till-1234567", "pos-" + String(repeating: "a", count: 200)])
    func `what is no id in it is told`(content: String) throws {
        try directory { directory in
            try Data(content.utf8).write(to: URL(filePath: directory + "/device-id"))
            #expect(refusal(directory).contains("does not hold a device id: remove the file"), "\(refusal(directory))")
        }
    }

    @Test func `nothing is written into what stands in the draft's place`() throws {
        try directory { directory in
            let (draft, precious) = (directory + "/device-id.new", directory + "/precious")
            try Data("precious".utf8).write(to: URL(filePath: precious))
            for make in [{ mkfifo(draft, 0o600) }, { symlink(precious, draft) }, { link(precious, draft) }] {
                try #require(make() == 0)
                _ = try DeviceID.load(.payments, in: directory)
                #expect(FileManager.default.contents(atPath: precious) == Data("precious".utf8))
                remove(directory + "/device-id")
            }
        }
    }
}
