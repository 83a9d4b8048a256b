import JSON
import CheckoutAPI
import Testing

@testable import CheckoutServer

@Suite struct DiagnosisRouteTests {
    @Test func `checks come as lines, the summary last`() async throws {
        try await withServer(role: .technician) { server in
            let answer = try await server.send("POST", "/v1/checks", "{}")
            #expect(answer.status == 200)
            #expect(answer.field("content-type") == "application/x-ndjson")
            let lines = answer.text.split(separator: "\n").map(String.init)
            #expect(lines.first?.contains("heartbeat") == true)
            #expect(lines.contains { $0.contains(#""type":"check""#) && $0.contains(#""id":"disk""#) && $0.contains(#""status":"fail""#) })
            #expect(lines.last?.contains(#""type":"summary""#) == true)
            #expect(lines.last?.contains(#""fail":1"#) == true)
        }
    }

    @Test func `who accepts JSON alone gets one object`() async throws {
        try await withServer(role: .technician) { server in
            let body = #"{"checks": ["backend"]}"#
            let answer = try await server.ask(
                "POST /v1/checks HTTP/1.1\r\nHost: x\r\nAccept: application/json\r\nContent-Type: application/json\r\n"
                    + "Content-Length: \(body.utf8.count)\r\n\r\n" + body)
            #expect(answer.status == 200)
            #expect(answer.field("content-type") == "application/json")
            #expect(answer.json?["summary"]?["pass"] == 1)
            #expect(answer.json?["summary"]?["fail"] == 0)
        }
    }

    @Test func `a check that does not exist is refused before the stream begins`() async throws {
        try await withServer(role: .technician) { server in
            let answer = try await server.send("POST", "/v1/checks", #"{"checks": ["disc"]}"#)
            #expect(answer.status == 422)
            #expect(answer.text.contains("disc is not a check"))
        }
    }

    @Test func `looking needs a technician, numbers need a monitor`() async throws {
        try await withServer(role: .checkout) { server in
            #expect(try await server.send("POST", "/v1/checks", "{}").status == 403)
            let metrics = try await server.get("/v1/metrics")
            #expect(metrics.status == 200)
            #expect(metrics.field("content-type") == "application/openmetrics-text; version=1.0.0; charset=utf-8")
        }
    }
}
