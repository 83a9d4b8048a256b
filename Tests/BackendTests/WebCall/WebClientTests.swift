import GatewayModel
import Moments
import NIOCore
import NIOHTTP1
import NIOPosix
import TestSupport
import Testing
import WebCall

@Suite struct WebClientTests {
    @Test func `a call goes out as it was meant`() async throws {
        try await Harness.run(script: { _ in .answer(200, "{\"a\":1}", headers: [("Date", "Sun, 06 Nov 1994 08:49:37 GMT")]) }) { harness in
            var request = harness.request()
            request.query = [.init("client_secret", Secret("a/b c"))]
            let answer = try await harness.web.send(request)
            #expect(String(decoding: answer.body, as: UTF8.self) == "{\"a\":1}")
            #expect(answer.status == 200)
            #expect(answer.date == 784_111_777_000)
            #expect(harness.web.clockSample(of: harness.base)?.server == 784_111_777_000)
            let received = try #require(harness.server.received.first)
            #expect(received.method == "POST")
            #expect(received.uri == "/api/things/?client_secret=a%2Fb%20c")
            #expect(received.body == "{}")
            #expect(received.headers["x-request-id"] == ["pay-1.1"])
            #expect(received.headers["authorization"] == ["Bearer bearer-0123456789"])
            #expect(received.headers["accept"] == ["application/json"])
            #expect(received.headers["host"] == [harness.base.place])
        }
    }

    @Test func `a request shows no secret of its own`() throws {
        var request = WebRequest(name: "things", method: .get, base: try WebBase("https://localhost"), path: "/x", deadline: .seconds(1))
        request.headers = [.init("Authorization", .bearer(Secret("hidden-1")))]
        request.query = [.init("client_secret", Secret("hidden-2"))]
        request.body = .init(Array("hidden-3".utf8))
        request.alsoSecret = [Secret("hidden-4")]
        var dumped = ""
        dump(request, to: &dumped)
        for text in ["\(request)", String(reflecting: request), dumped] { #expect(!text.contains("hidden-")) }
    }

    @Test func `connections are used again, a few at most`() async throws {
        try await Harness.run(script: { _ in .answer(200, "{}") }) { harness in
            for _ in 1...5 { _ = try await harness.web.send(harness.request()) }
            #expect(harness.server.connections == 1)
            await withTaskGroup(of: Bool.self) { group in
                for _ in 1...40 {
                    group.addTask {
                        do {
                            return try await harness.web.send(harness.request()).status == 200
                        } catch {
                            return false
                        }
                    }
                }
                for await isGood in group { #expect(isGood) }
            }
            #expect(harness.server.connections <= 4)
        }
    }

    @Test func `a connection that the server dropped meanwhile is replaced`() async throws {
        try await Harness.run(script: { _ in .answerThenDrop(200, "{}") }) { harness in
            // The end of the first connection may or may not have been heard of when the second call is made: an honest failure is allowed,
            // a repeated request is not.
            var made = 0
            for _ in 1...10 {
                made += 1
                do throws(CallFailure) {
                    _ = try await harness.web.send(harness.request())
                } catch {
                    #expect(error.mayHaveActed != nil)
                    if error.mayHaveActed == false { made -= 1 }
                }
            }
            #expect(harness.server.received.count <= made)
        }
    }

    @Test func `a request that was cut off is not sent again`() async throws {
        try await Harness.run(script: { $0.number == 1 ? .answer(200, "{}") : .bytesThenCut("") }) { harness in
            _ = try await harness.web.send(harness.request())
            let failed = try await failure { () async throws(CallFailure) in try await harness.web.send(harness.request()) }
            #expect(failed.mayHaveActed == true)
            #expect(failed.detail == "things: localhost:\(harness.base.port) closed the connection before its answer was complete")
            #expect(harness.server.received.count == 2)
        }
    }

    @Test func `giving up a call ends it`() async throws {
        try await Harness.run(script: { _ in .silence }) { harness in
            let call = Task {
                try await failure { () async throws(CallFailure) in try await harness.web.send(harness.request(deadline: .seconds(60))) }
            }
            _ = try await harness.server.received(atLeast: 1)
            call.cancel()
            let failed = try await call.value
            #expect(failed.mayHaveActed == true)
            #expect(failed.detail.contains("given up"))
        }
    }

    @Test func `after the shutdown calls fail and say so`() async throws {
        try await Harness.runAlone(script: { _ in .answer(200, "{}") }) { harness in
            await harness.web.shutdown()
            await harness.web.shutdown()
            let failed = try await failure { () async throws(CallFailure) in try await harness.web.send(harness.request()) }
            #expect(failed == .unavailable(detail: "things: readerd is shutting down", mayHaveActed: false))
        }
    }

    @Test func `trust roots that are none are refused at once`() async throws {
        let folder = try TemporaryDirectory()
        let empty = try folder.write("empty.pem", "")
        let other = try folder.write("other.pem", "this is no certificate\n")
        let broken = try folder.write(
            "broken.pem", TestAuthority().pem() + "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n")
        for (path, says) in [
            (empty, "holds no certificate"), (other, "holds no certificate"), (broken, "cannot be read"),
            (folder.path + "/missing.pem", "No such file"), (folder.path, "not a file"),
        ] {
            do throws(WebClient.Problem) {
                await (try WebClient(trustRoots: path)).shutdown()
                Issue.record("\(path) was taken for trust roots")
            } catch let problem {
                #expect(problem.description.contains(says), "\(problem)")
                #expect(problem.description.contains(path))
            }
        }
        try folder.remove()
    }
}
