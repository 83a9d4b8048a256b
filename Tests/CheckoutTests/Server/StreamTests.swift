import JSON
import CheckoutAPI
import CheckoutServer
import Testing

@Suite struct StreamTests {
    private static func event(_ cursor: String, note: String = "") -> Event {
        var payment = FakeService.payment("a", PaymentBody(cart: "1", amount: "1"))
        payment.readerLabel = note
        return Event(cursor: cursor, at: FakeService.when, type: "payment.state", payment: payment)
    }

    /// The next line that is no heartbeat.
    private static func next(_ connection: RawConnection) async throws -> JSONValue? {
        while let line = try await connection.nextChunk() {
            #expect(line.hasSuffix("\n"))
            let json = try JSONParser.parse(Array(line.utf8))
            if json["type"] != "heartbeat" { return json }
        }
        return nil
    }

    @Test func `events come one by one, each at once`() async throws {
        try await withServer { server in
            let connection = try await server.connect()
            defer { connection.close() }
            try await connection.send("GET /v1/events?topics=readers,payments&after=c1 HTTP/1.1\r\nHost: x\r\n\r\n")
            let head = try await connection.answerHead()
            #expect(head.status == 200 && head.field("content-type") == "application/x-ndjson")
            #expect(head.field("transfer-encoding") == "chunked" && head.field("content-length") == nil)
            try #require(await server.service.streams.reaches(1))
            #expect(server.service.calls == ["events payments,readers c1"])
            for index in 0..<50 {
                server.service.send(Self.event("c\(index)"))
                let line = try #require(try await Self.next(connection))
                #expect(line["cursor"] == .string("c\(index)") && line["payment"]?["id"] == "a" && line["reader"] == nil)
            }
            server.service.endStreams()
            #expect(try await Self.next(connection) == nil)
            // The connection serves on.
            try await connection.send("GET /v1/info HTTP/1.1\r\nHost: x\r\n\r\n")
            #expect(try await connection.answer().status == 200)
        }
    }

    @Test func `a quiet stream has heartbeats`() async throws {
        var limits = ServerLimits()
        limits.heartbeat = .milliseconds(50)
        try await withServer(limits: limits) { server in
            let connection = try await server.connect()
            defer { connection.close() }
            try await connection.send("GET /v1/events HTTP/1.1\r\nHost: x\r\n\r\n")
            #expect(try await connection.answerHead().status == 200)
            for _ in 0..<5 { #expect(try await connection.nextChunk() == "{\"type\":\"heartbeat\"}\n") }
            #expect(server.service.calls == ["events agent,devices,payments,readers -"])
        }
    }

    @Test func `the promised heartbeat is kept by the limits as they stand`() {
        #expect(ServerLimits().heartbeat <= .seconds(15))
    }

    @Test func `a refusal comes as an ordinary answer`() async throws {
        try await withServer { server in
            let answer = try await server.get("/v1/payments/a/events?after=gone")
            #expect(answer.status == 410 && answer.code == "cursor_gone")
        }
    }

    @Test func `a monitor sees no card data in events`() async throws {
        try await withServer(role: .monitor) { server in
            let connection = try await server.connect()
            defer { connection.close() }
            try await connection.send("GET /v1/payments/a/events HTTP/1.1\r\nHost: x\r\n\r\n")
            _ = try await connection.answerHead()
            try #require(await server.service.streams.reaches(1))
            server.service.send(Self.event("1"))
            #expect(try await Self.next(connection)?["payment"]?["card"] == .null)
        }
    }

    @Test func `a stream that fails says why as its last line`() async throws {
        try await withServer { server in
            let connection = try await server.connect()
            defer { connection.close() }
            try await connection.send("GET /v1/events HTTP/1.1\r\nHost: x\r\n\r\n")
            _ = try await connection.answerHead()
            try #require(await server.service.streams.reaches(1))
            server.service.endStreams(Problem(.journalUnavailable, "The journal cannot be read."))
            let line = try #require(try await Self.next(connection))
            #expect(line["type"] == "end" && line["problem"]?["code"] == "journal_unavailable")
            #expect(try await Self.next(connection) == nil)
        }
    }

    @Test func `a stop ends streams with a line that says so`() async throws {
        try await withServer { server in
            let connection = try await server.connect()
            defer { connection.close() }
            try await connection.send("GET /v1/events HTTP/1.1\r\nHost: x\r\n\r\n")
            _ = try await connection.answerHead()
            try #require(await server.service.streams.reaches(1))
            server.server.stop()
            #expect(try await Self.next(connection)?["problem"]?["code"] == "shutting_down")
            #expect(try await Self.next(connection) == nil)
            #expect(await server.finished.reaches(1))
            #expect(server.service.endedStreams.count == 1)
        }
    }

    @Test func `a caller that goes ends its stream`() async throws {
        try await withServer { server in
            let connection = try await server.connect()
            try await connection.send("GET /v1/events HTTP/1.1\r\nHost: x\r\n\r\n")
            _ = try await connection.answerHead()
            try #require(await server.service.streams.reaches(1))
            connection.close()
            #expect(await server.service.endedStreams.reaches(1))
        }
    }

    @Test func `a caller of HTTP/1.0 gets lines until the connection ends`() async throws {
        try await withServer { server in
            let connection = try await server.connect()
            defer { connection.close() }
            try await connection.send("GET /v1/events HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
            let head = try await connection.answerHead()
            #expect(head.field("transfer-encoding") == nil && head.field("connection") == "close")
            try #require(await server.service.streams.reaches(1))
            server.service.send(Self.event("1"))
            server.service.endStreams()
            let lines = String(decoding: try await connection.rest(), as: UTF8.self).split(separator: "\n")
            #expect(lines.count == 2 && lines.first == "{\"type\":\"heartbeat\"}")
        }
    }

    @Test func `a caller that reads too slowly loses the stream, and is told`() async throws {
        let service = FakeService(streamLimit: 64)
        try await withServer(service: service) { server in
            let connection = try await server.connect()
            defer { connection.close() }
            try await connection.send("GET /v1/events HTTP/1.1\r\nHost: x\r\n\r\n")
            _ = try await connection.answerHead()
            try #require(await service.streams.reaches(1))
            let note = String(repeating: "x", count: 10_000)
            for index in 0..<2000 where service.endedStreams.count == 0 { service.send(Self.event("\(index)", note: note)) }
            #expect(await service.endedStreams.reaches(1))
            var last: JSONValue?
            while let line = try await Self.next(connection) { last = line }
            #expect(last?["type"] == "end" && last?["problem"]?["code"] == "overloaded")
        }
    }

    @Test func `a caller that reads nothing at all loses the connection`() async throws {
        let service = FakeService(streamLimit: 64)
        var limits = ServerLimits()
        limits.write = .seconds(3)
        limits.connections = 1
        try await withServer(limits: limits, service: service) { server in
            let connection = try await server.connect()
            defer { connection.close() }
            try await connection.send("GET /v1/events HTTP/1.1\r\nHost: x\r\n\r\n")
            _ = try await connection.answerHead()
            try #require(await service.streams.reaches(1))
            let note = String(repeating: "x", count: 100_000)
            for index in 0..<60 { service.send(Self.event("\(index)", note: note)) }
            #expect(await service.endedStreams.reaches(1))
        }
    }
}
