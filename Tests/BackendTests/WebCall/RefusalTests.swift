import GatewayModel
import Moments
import NIOHTTP1
import Testing
import WebCall

@Suite struct RefusalTests {
    @Test func `each status has its meaning`() async throws {
        try await Harness.run(script: { .answer(Int($0.uri.dropFirst()) ?? 0, "{\"detail\":\"no\"}") }) { harness in
            func answer(_ status: Int) async throws -> CallFailure {
                try await failure { () async throws(CallFailure) in try await harness.web.send(harness.request("/\(status)")) }
            }
            let place = harness.base.place
            #expect(try await answer(401) == .unauthorized(detail: "things: \(place) answered 401: {\"detail\":\"no\"}"))
            #expect(try await answer(403) == .forbidden(detail: "things: \(place) answered 403: {\"detail\":\"no\"}"))
            for status in [400, 402, 404, 405, 409, 410, 422] {
                #expect(
                    try await answer(status)
                        == .rejected(status: status, detail: "things: \(place) answered \(status): {\"detail\":\"no\"}"))
            }
            for status in [408, 425, 429, 500, 501, 502, 503, 504, 599] {
                #expect(try await answer(status).mayHaveActed == true)
            }
            for status in [300, 301, 302, 303, 304, 307, 308] {
                let failed = try await answer(status)
                #expect(failed.isInvalidAnswer)
                #expect(failed.detail.contains("redirects are not followed"))
            }
        }
    }

    @Test func `a redirect is not followed`() async throws {
        try await Harness.run(script: { _ in .answer(307, "", headers: [("Location", "/elsewhere?secret=x")]) }) { harness in
            let failed = try await failure { () async throws(CallFailure) in try await harness.web.send(harness.request()) }
            #expect(failed.isInvalidAnswer)
            #expect(!failed.detail.contains("secret"))
            #expect(harness.server.received.count == 1)
        }
    }

    @Test func `a refusal's text is bounded and clean`() async throws {
        let body = "bad\u{1b}[2J\u{0} thing\n" + String(repeating: "y", count: 5_000_000)
        try await Harness.run(script: { _ in .answer(422, body) }) { harness in
            let failed = try await failure { () async throws(CallFailure) in try await harness.web.send(harness.request()) }
            #expect(failed.rejectedStatus == 422)
            #expect(failed.detail.contains("bad [2J thing yyy"))
            #expect(failed.detail.count < 400)
        }
    }

    @Test func `a server that repeats our secrets is not quoted`() async throws {
        try await Harness.run(script: {
            .answer(401, "bad token \($0.headers["authorization"]) at \($0.uri) with \($0.body)")
        }) { harness in
            var request = harness.request()
            request.query = [.init("client_secret", Secret("query-0123456789"))]
            request.body = .init(Array("client_secret=body-0123456789".utf8))
            request.alsoSecret = [Secret("body-0123456789")]
            let failed = try await failure { () async throws(CallFailure) in try await harness.web.send(request) }
            #expect(failed.isUnauthorized)
            #expect(failed.detail.contains("<redacted>"))
            #expect(!failed.detail.contains("0123456789"))
        }
    }

    @Test func `a refusal counts although its body never ends`() async throws {
        try await Harness.run(script: {
            $0.number == 1 ? .answer(200, "{}") : .bytes("HTTP/1.1 403 No\r\nContent-Length: 50\r\n\r\nnot you")
        }) { harness in
            _ = try await harness.web.send(harness.request())
            let failed = try await failure { () async throws(CallFailure) in
                try await harness.web.send(harness.request(deadline: .seconds(20)))
            }
            #expect(failed.isForbidden)
            #expect(failed.detail.hasSuffix("not you"))
        }
    }

    @Test func `a wait that is asked for is told`() async throws {
        try await Harness.run(script: { _ in .answer(429, "slow down", headers: [("Retry-After", "7")]) }) { harness in
            let failed = try await failure { () async throws(CallFailure) in try await harness.web.send(harness.request()) }
            #expect(failed.detail.hasSuffix("slow down (it asks to wait 7 s)"))
        }
    }
}
