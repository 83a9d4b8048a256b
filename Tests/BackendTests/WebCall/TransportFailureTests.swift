import GatewayModel
import Moments
import NIOCore
import NIOPosix
import Testing
import WebCall

@Suite struct TransportFailureTests {
    private func call(_ harness: Harness, deadline: Duration = .seconds(30), maxBytes: Int = 1 << 20) async throws -> CallFailure {
        var request = harness.request(deadline: deadline)
        request.maxBytes = maxBytes
        return try await failure { [request] () async throws(CallFailure) in try await harness.web.send(request) }
    }

    @Test func `silence ends at the deadline and may have acted`() async throws {
        try await Harness.run(script: { $0.number == 1 ? .answer(200, "{}") : .silence }) { harness in
            // The connection stands before the clock runs, however busy the machine is.
            _ = try await harness.web.send(harness.request())
            let start = ContinuousClock.now
            let failed = try await call(harness, deadline: .seconds(4))
            #expect(start.duration(to: .now) < .seconds(20))
            #expect(failed == .unavailable(detail: "things: no answer from \(harness.base.place) within 4 s", mayHaveActed: true))
        }
    }

    @Test func `an answer that stops halfway ends at the deadline`() async throws {
        try await Harness.run(script: {
            $0.number == 1 ? .answer(200, "{}") : .bytes("HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\n{\"a\":")
        }) { harness in
            _ = try await harness.web.send(harness.request())
            let failed = try await call(harness, deadline: .seconds(4))
            #expect(failed == .unavailable(detail: "things: no answer from \(harness.base.place) within 4 s", mayHaveActed: true))
        }
    }

    @Test(arguments: [
        "HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\n{\"a\":", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{\"a\":\r\n",
        "HTTP/1.1 200 OK\r\nContent-Le", "",
    ])
    func `an answer that is cut off is no answer`(bytes: String) async throws {
        try await Harness.run(script: { _ in .bytesThenCut(bytes) }) { harness in
            let failed = try await call(harness)
            #expect(failed.mayHaveActed == true)
            #expect(harness.server.received.count == 1)
        }
    }

    @Test(arguments: ["SMTP 220 hello\r\n\r\n", "\u{16}\u{3}\u{0}", "HTTP/1.1 abc OK\r\n\r\n", "<html>"])
    func `what is not HTTP is no answer`(bytes: String) async throws {
        try await Harness.run(script: { _ in .bytesThenCut(bytes) }) { harness in
            let failed = try await call(harness)
            #expect(failed.mayHaveActed == true)
            #expect(failed.detail.contains(harness.base.place))
        }
    }

    @Test(arguments: [true, false])
    func `an answer beyond the limit is refused`(announced: Bool) async throws {
        let body = String(repeating: "x", count: 10_000_000)
        let length = announced ? "Content-Length: \(body.utf8.count)" : "Connection: close"
        try await Harness.run(script: { _ in .bytesThenCut("HTTP/1.1 200 OK\r\n\(length)\r\n\r\n\(body)") }) { harness in
            let failed = try await call(harness)
            #expect(failed == .invalidAnswer(detail: "things: the answer of \(harness.base.place) is longer than 1048576 bytes"))
        }
    }

    @Test func `an answer of just the limit is taken`() async throws {
        try await Harness.run(script: { _ in .answer(200, String(repeating: "x", count: 1000)) }) { harness in
            var request = harness.request()
            request.maxBytes = 1000
            let answer = try await harness.web.send(request)
            #expect(answer.body.count == 1000)
            let failed = try await call(harness, maxBytes: 999)
            #expect(failed.isInvalidAnswer)
        }
    }

    @Test func `a port where nobody listens refuses, and nothing was sent`() async throws {
        try await Harness.run(script: { _ in .silence }) { harness in
            // A port that was just given back; on this machine nobody else takes one so fast.
            let closed = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton).bind(host: "127.0.0.1", port: 0).get()
            let port = try #require(closed.localAddress?.port)
            try await closed.close()
            var request = harness.request()
            request.base = try WebBase("https://localhost:\(port)")
            let failed = try await failure { [request] () async throws(CallFailure) in try await harness.web.send(request) }
            #expect(failed == .unavailable(detail: "things: connection refused by localhost:\(port)", mayHaveActed: false))
        }
    }

    @Test func `a name that does not exist is named as such`() async throws {
        try await Harness.run(script: { _ in .silence }) { harness in
            var request = harness.request()
            request.base = try WebBase("https://no-such-backend.invalid")
            let failed = try await failure { [request] () async throws(CallFailure) in try await harness.web.send(request) }
            #expect(failed.mayHaveActed == false)
            #expect(failed.detail.hasPrefix("things: the address of no-such-backend.invalid cannot be found out (DNS): "))
        }
    }

    @Test func `a server that never shakes hands ends at the connect time-out`() async throws {
        let mute = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton).bind(host: "127.0.0.1", port: 0).get()
        let port = try #require(mute.localAddress?.port)
        try await Harness.runAlone(connectTimeout: .milliseconds(300), script: { _ in .silence }) { harness in
            var request = harness.request()
            request.base = try WebBase("https://localhost:\(port)")
            let failed = try await failure { [request] () async throws(CallFailure) in try await harness.web.send(request) }
            #expect(failed.mayHaveActed == false)
            #expect(failed.detail.contains("localhost:\(port)"))
            #expect(failed.detail.hasSuffix("within 0.3 s"))
        }
        try await mute.close()
    }

    @Test func `a deadline that is over sends nothing`() async throws {
        try await Harness.run(script: { _ in .answer(200, "{}") }) { harness in
            for deadline in [Duration.zero, .seconds(-5)] {
                let failed = try await call(harness, deadline: deadline)
                #expect(failed.mayHaveActed == false)
            }
            #expect(harness.server.received.isEmpty)
        }
    }

    @Test func `a header that cannot be sent is not shown`() async throws {
        try await Harness.run(script: { _ in .answer(200, "{}") }) { harness in
            var request = harness.request()
            request.headers = [.init("Authorization", .bearer(Secret("hidden\r\nX-Evil: 1")))]
            let failed = try await failure { [request] () async throws(CallFailure) in try await harness.web.send(request) }
            #expect(failed.mayHaveActed == false)
            #expect(!failed.detail.contains("hidden"))
            #expect(harness.server.received.isEmpty)
        }
    }
}
