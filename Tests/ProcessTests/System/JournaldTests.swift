import FoundationEssentials
import Glibc
import Logging
import TestSupport
import Testing

@testable import readerd

@Suite(.timeLimit(.minutes(30)))
struct JournaldTests {
    @Test func `an entry reaches journald with its priority and its fields`() async throws {
        let directory = try TemporaryDirectory()
        let journald = try DatagramReceiver(directory.file("journal"))
        let socket = try #require(JournalSocket(path: directory.file("journal")))
        let handler = AgentLog(level: .info, format: .text, outlet: .journal(socket))
        let logger = Logger(label: "test") { _ in handler }
        logger.error("the reader\nis gone", metadata: ["payment": "till-1-7", "odd.Key": "a"])
        let entry = try await journald.next()
        #expect(
            entry.split(separator: "\n") == [
                "PRIORITY=3", "SYSLOG_IDENTIFIER=readerd", "MESSAGE=the reader\\nis gone odd.Key=a payment=till-1-7", "READERD_LEVEL=error",
                "READERD_ODD_KEY=a", "READERD_PAYMENT=till-1-7",
            ])
        logger.debug("too much")
        #expect(journald.waiting() == nil)
    }

    @Test func `a value with line breaks is sent by its length`() {
        var entry = NativeEntry()
        entry.add("MESSAGE", "a\nb")
        #expect(entry.bytes == Array("MESSAGE\n".utf8) + [3, 0, 0, 0, 0, 0, 0, 0] + Array("a\nb\n".utf8))
    }

    @Test func `a journald that does not read holds nobody up, and is told later how much it missed`() async throws {
        let directory = try TemporaryDirectory()
        let journald = try DatagramReceiver(directory.file("journal"))
        let socket = try #require(JournalSocket(path: directory.file("journal")))
        let text = String(repeating: "x", count: 1_000)
        // More than any queue holds; only the first that does not fit waits.
        for _ in 0..<5_000 { #expect(socket.send([("MESSAGE", text)])) }
        while journald.waiting() != nil {}
        #expect(socket.send([("MESSAGE", "again")]))
        let missed = try await journald.next { $0.contains("could not be handed to journald") }
        #expect(missed.contains("PRIORITY=4"))
        #expect(try await journald.next() == "MESSAGE=again\n")
    }

    @Test func `standard error is the journal only when it is the very stream`() throws {
        let directory = try TemporaryDirectory()
        let file = open(directory.file("x"), O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        defer { close(file) }
        var facts = stat()
        #expect(fstat(file, &facts) == 0)
        let own = "\(facts.st_dev):\(facts.st_ino)"
        #expect(JournalSocket.isStandardError(["JOURNAL_STREAM": own], descriptor: file))
        for other in ["\(facts.st_dev):\(facts.st_ino + 1)", "1:2:3", "x:y", ""] {
            #expect(!JournalSocket.isStandardError(["JOURNAL_STREAM": other], descriptor: file))
        }
        #expect(!JournalSocket.isStandardError([:], descriptor: file))
    }

    @Test func `on journald's stream, complaints and JSON lines carry their priority`() async throws {
        let directory = try TemporaryDirectory()
        // The child's standard error is this file, so that is what the variable names.
        let errors = directory.file("err")
        #expect(FileManager.default.createFile(atPath: errors, contents: Data()))
        var facts = stat()
        #expect(stat(errors, &facts) == 0)
        let child = try ChildProcess(
            [try ChildProcess.built("readerd"), "--config", directory.file("missing.toml")], output: directory.file("out"), errors: errors,
            environment: ["JOURNAL_STREAM": "\(facts.st_dev):\(facts.st_ino)"])
        #expect(try await child.ended(within: .seconds(20)) == 78)
        #expect(child.errors.hasPrefix("<3>readerd: "))
        #expect(child.errors.split(separator: "\n").allSatisfy { $0.hasPrefix("<3>readerd: ") })
    }
}
