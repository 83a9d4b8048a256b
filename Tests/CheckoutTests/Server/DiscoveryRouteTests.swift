import JSON
import CheckoutAPI
import Testing

@testable import CheckoutServer

@Suite struct DiscoveryRouteTests {
    @Test func `a look is told line by line, the summary last`() async throws {
        try await withServer(role: .technician) { server in
            let answer = try await server.send("POST", "/v1/discovery", #"{"transports": ["lan"], "subnets": ["192.168.8.0/24"]}"#)
            #expect(answer.status == 200 && answer.field("content-type") == "application/x-ndjson")
            let lines = answer.text.split(separator: "\n").map(String.init)
            #expect(lines.contains { $0.contains(#""type":"progress""#) && $0.contains(#""looked":1"#) && $0.contains(#""of":2"#) })
            #expect(lines.contains { $0.contains(#""type":"device""#) && $0.contains(#""code":"unregistered""#) })
            #expect(lines.last?.contains(#""type":"summary""#) == true && lines.last?.contains("192.168.8.0") == true)
        }
    }

    @Test func `no body at all looks everywhere`() async throws {
        try await withServer(role: .technician) { server in
            let answer = try await server.ask(
                "POST /v1/discovery HTTP/1.1\r\nHost: x\r\nAccept: application/json\r\nContent-Length: 0\r\n\r\n")
            #expect(answer.status == 200 && answer.field("content-type") == "application/json")
            #expect(answer.json?["summary"]?["devices"] == 1)
        }
    }

    @Test(arguments: [
        (#"{"subnets": ["8.8.8.0/24"]}"#, "subnets[0]", "is not a private network"),
        (#"{"subnets": ["10.0.0.0/24", "10.0.0.0/21"]}"#, "subnets[1]", "is larger than a /22"),
        (#"{"subnets": ["fe80::/64"]}"#, "subnets[0]", "is not an IPv4 network"),
        (#"{"subnets": ["10.0.0.0"]}"#, "subnets[0]", "is not an IPv4 network"),
        (#"{"subnets": [7]}"#, "subnets[0]", "must be a string"), (#"{"subnets": []}"#, "subnets", "must have 1 to 8 entries"),
        (#"{"subnets": "10.0.0.0/24"}"#, "subnets", "must be a list"),
        (#"{"transports": ["serial"]}"#, "transports[0]", "must be one of usb, lan"),
        (#"{"transports": ["usb"], "subnets": ["10.0.0.0/24"]}"#, "subnets", "goes with the transport lan"),
        (#"{"network": "10.0.0.0/24"}"#, "network", "is not a field"),
    ])
    func `what may not be looked at is refused by its field`(_ body: String, _ field: String, _ words: String) async throws {
        try await withServer(role: .technician) { server in
            let answer = try await server.send("POST", "/v1/discovery", body)
            #expect(answer.status == 422 && answer.json?["code"] == "invalid_request")
            #expect(answer.text.contains("\"field\":\"\(field)\""), "\(answer.text)")
            if field != "network" { #expect(answer.text.contains(words), "\(answer.text)") }
        }
    }

    @Test func `looking needs a technician`() async throws {
        try await withServer(role: .checkout) { server in
            let answer = try await server.send("POST", "/v1/discovery", "{}")
            #expect(answer.status == 403)
        }
    }
}
