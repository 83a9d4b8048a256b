import CheckoutAPI
import CheckoutClient
import Glibc
import StoreSimulator
import TestSupport
import Testing

@testable import readerd

@Suite(.timeLimit(.minutes(30)))
struct ServiceManagerTests {
    @Test(arguments: [true, false])
    func `words go out in one datagram, to a path or an abstract name`(isAbstract: Bool) async throws {
        let directory = try TemporaryDirectory()
        let name = isAbstract ? "@readerd-test-\(UInt64.random(in: 0 ... .max))" : directory.file("notify")
        let systemd = try DatagramReceiver(name)
        let manager = try #require(try ServiceManager.from(environment: ["NOTIFY_SOCKET": name]))
        try manager.tell(.ready, .status("Ready\nWATCHDOG=1"))
        // A line break in the status does not become a word of its own.
        #expect(try await systemd.next() == "READY=1\nSTATUS=Ready WATCHDOG=1")
        try manager.tell(.stopping(within: .seconds(2)))
        #expect(try await systemd.next() == "STOPPING=1\nEXTEND_TIMEOUT_USEC=2000000")
        try manager.tell(.reloading)
        #expect(try await systemd.next().hasPrefix("RELOADING=1\nMONOTONIC_USEC="))
    }

    @Test func `nobody asked, nobody is told; an address that is none is refused`() throws {
        #expect(try ServiceManager.from(environment: [:]) == nil)
        #expect(try ServiceManager.from(environment: ["NOTIFY_SOCKET": ""]) == nil)
        #expect(throws: ServiceManager.Failure.self) { try ServiceManager.from(environment: ["NOTIFY_SOCKET": "vsock:2:1"]) }
        let gone = try #require(try ServiceManager.from(environment: ["NOTIFY_SOCKET": "/nowhere/notify"]))
        #expect(throws: ServiceManager.Failure.self) { try gone.tell(.ready) }
    }

    @Test func `the watchdog is for the process that is named`() throws {
        func period(_ pid: String?) throws -> Duration? {
            var environment = ["NOTIFY_SOCKET": "/x", "WATCHDOG_USEC": "60000000"]
            environment["WATCHDOG_PID"] = pid
            return try ServiceManager.from(environment: environment, pid: 7)?.watchdog
        }
        #expect(try period(nil) == .seconds(60))
        #expect(try period("7") == .seconds(60))
        #expect(try period("8") == nil)
    }

    @Test func `the daemon tells systemd how it is, from its start to its stop`() async throws {
        try await Store.open(starts: false) { store in
            let name = store.directory.file("notify")
            let systemd = try DatagramReceiver(name)
            store.setVariable("NOTIFY_SOCKET", name)
            store.setVariable("WATCHDOG_USEC", "2000000")
            try store.launch()
            _ = try await systemd.next { $0 == "READY=1" }
            // Ready means that it answers.
            _ = try await store.client.info()
            _ = try await systemd.next { $0 == "WATCHDOG=1" }
            _ = try await systemd.next { $0.hasPrefix("STATUS=Payments are accepted; no reader has been asked yet.") }
            store.process?.signal(SIGHUP)
            _ = try await systemd.next { $0.hasPrefix("RELOADING=1\nMONOTONIC_USEC=") }
            _ = try await systemd.next { $0 == "READY=1" }
            // Stopped, it is silent; continued, it goes on.
            store.process?.signal(SIGSTOP)
            while systemd.waiting() != nil {}
            store.process?.signal(SIGCONT)
            _ = try await systemd.next { $0 == "WATCHDOG=1" }
            try await store.stop()
            _ = try await systemd.next { $0.hasPrefix("STOPPING=1\nEXTEND_TIMEOUT_USEC=") }
        }
    }
}
