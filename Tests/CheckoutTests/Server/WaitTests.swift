import JSON
import CheckoutAPI
import CheckoutServer
import Testing

@Suite struct WaitTests {
    private static func put(_ id: String, wait: Int) -> String {
        let body = RouteTests.body
        return
            "PUT /v1/payments/\(id)?wait=\(wait) HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)"
    }

    @Test func `the answer is held until the payment has ended`() async throws {
        try await withServer { server in
            let connection = try await server.connect()
            defer { connection.close() }
            try await connection.send(Self.put("a", wait: 120))
            try #require(await server.service.waits.reaches(1))
            server.service.end("a")
            let answer = try await connection.answer()
            #expect(answer.status == 201 && answer.json?["state"] == "succeeded")
            try await connection.send("GET /v1/payments/a?wait=120 HTTP/1.1\r\nHost: x\r\n\r\n")
            #expect(try await connection.answer().json?["state"] == "succeeded")
        }
    }

    @Test func `the answer comes when the time is over`() async throws {
        try await withServer { server in
            let answer = try await server.ask(Self.put("a", wait: 1))
            #expect(answer.status == 201 && answer.json?["state"] == "queued")
            #expect(try await server.get("/v1/payments/a?wait=0").json?["state"] == "queued")
            #expect(server.service.waits.count == 1)
        }
    }

    @Test func `a caller that goes ends its wait, and not the payment`() async throws {
        try await withServer { server in
            let connection = try await server.connect()
            try await connection.send(Self.put("a", wait: 120))
            try #require(await server.service.waits.reaches(1))
            connection.close()
            #expect(await server.service.cancelled.reaches(1))
            #expect(try await server.get("/v1/payments/a").json?["state"] == "queued")
        }
    }

    @Test func `a caller that goes with requests still unread ends its wait`() async throws {
        try await withServer { server in
            let connection = try await server.connect()
            try await connection.send(Self.put("a", wait: 120))
            try #require(await server.service.waits.reaches(1))
            // Enough that the server stops reading.
            try await connection.send(String(repeating: "GET /v1/info HTTP/1.1\r\nHost: x\r\n\r\n", count: 3000))
            connection.close()
            #expect(await server.service.cancelled.reaches(1))
        }
    }

    @Test func `a caller that closes its half is still waited for`() async throws {
        try await withServer { server in
            let connection = try await server.connect()
            defer { connection.close() }
            try await connection.send(Self.put("a", wait: 120))
            connection.closeWriting()
            try #require(await server.service.waits.reaches(1))
            server.service.end("a")
            #expect(try await connection.answer().json?["state"] == "succeeded")
            #expect(server.service.cancelled.count == 0)
        }
    }

    @Test func `a stop answers waits as things are`() async throws {
        try await withServer { server in
            let connection = try await server.connect()
            defer { connection.close() }
            try await connection.send(Self.put("a", wait: 120))
            try #require(await server.service.waits.reaches(1))
            let began = ContinuousClock.now
            server.server.stop()
            let answer = try await connection.answer()
            #expect(answer.status == 201 && answer.json?["state"] == "queued" && answer.field("connection") == "close")
            #expect(try await connection.rest() == [])
            #expect(await server.finished.reaches(1))
            #expect(ContinuousClock.now - began < .seconds(9))
        }
    }

    @Test func `a stop refuses new requests on open connections, and new connections`() async throws {
        var limits = ServerLimits()
        limits.stopGrace = .seconds(8)
        try await withServer(limits: limits) { server in
            let connection = try await server.connect()
            defer { connection.close() }
            try await connection.send("GET /v1/info HTTP/1.1\r\nHost: x\r\n\r\n")
            #expect(try await connection.answer().status == 200)
            server.server.stop()
            try await connection.send(Self.put("a", wait: 0))
            let answer = try await connection.answer()
            #expect(answer.status == 503 && answer.code == "shutting_down" && answer.field("connection") == "close")
            #expect(await server.finished.reaches(1))
            #expect(server.service.calls == ["info"])
            await #expect(throws: ClientError.self) { try await server.connect() }
        }
    }

    @Test func `a stop closes idle connections after a moment`() async throws {
        try await withServer { server in
            let connection = try await server.connect()
            defer { connection.close() }
            try await connection.send("GET /v1/info HTTP/1.1\r\nHost: x\r\n\r\n")
            #expect(try await connection.answer().status == 200)
            server.server.stop()
            #expect(try await connection.rest() == [])
            #expect(await server.finished.reaches(1))
        }
    }

    @Test func `a stop does not wait longer than its limit`() async throws {
        var limits = ServerLimits()
        limits.stop = .milliseconds(300)
        try await withServer(limits: limits) { server in
            let connection = try await server.connect()
            defer { connection.close() }
            // Half a request: it could take thirty seconds.
            try await connection.send("GET /v1/info HTTP/1.1\r\n")
            #expect(try await server.get("/v1/info").status == 200)
            server.server.stop()
            #expect(await server.finished.reaches(1, within: .seconds(10)))
        }
    }
}
