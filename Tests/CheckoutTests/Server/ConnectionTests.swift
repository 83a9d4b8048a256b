import CheckoutAPI
import CheckoutServer
import NIOPosix
import TestSupport
import Testing

@Suite struct ConnectionTests {
    private static let info = "GET /v1/info HTTP/1.1\r\nHost: x\r\n\r\n"

    @Test func `one request is answered the same wherever its bytes are split`() async throws {
        try await withServer { server in
            let body = RouteTests.body
            let request = Array(
                "PUT /v1/payments/a HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)"
                    .utf8)
            let connection = try await server.connect()
            defer { connection.close() }
            for split in 1..<request.count {
                try await connection.send(Array(request[..<split]))
                try await connection.send(Array(request[split...]))
                let answer = try await connection.answer()
                #expect(answer.status == (split == 1 ? 201 : 200), "split at \(split)")
            }
            for byte in request { try await connection.send([byte]) }
            #expect(try await connection.answer().status == 200)
        }
    }

    @Test func `pipelined requests are answered in order`() async throws {
        try await withServer { server in
            let connection = try await server.connect()
            defer { connection.close() }
            let count = 200
            try await connection.send(
                (0..<count).map { "GET /v1/readers/r\($0) HTTP/1.1\r\nHost: x\r\nX-Request-Id: \($0)\r\n\r\n" }.joined())
            for index in 0..<count { #expect(try await connection.answer().field("x-request-id") == "\(index)") }
            #expect(server.service.calls == (0..<count).map { "reader r\($0)" })
        }
    }

    @Test func `more than the server keeps is taken when it is its turn`() async throws {
        try await withServer { server in
            let connection = try await server.connect()
            defer { connection.close() }
            let padding = String(repeating: "x", count: 8000)
            let text = String(repeating: "GET /v1/info HTTP/1.1\r\nHost: x\r\nX-Padding: \(padding)\r\n\r\n", count: 150)
            async let sent: Void = connection.send(text)
            for _ in 0..<150 { #expect(try await connection.answer().status == 200) }
            try await sent
        }
    }

    @Test func `connections are kept or closed as the caller says`() async throws {
        try await withServer { server in
            for (line, fields, keeps) in [
                ("HTTP/1.1", "", true), ("HTTP/1.1", "Connection: foo, Close\r\n", false), ("HTTP/1.0", "", false),
                ("HTTP/1.0", "Connection: keep-alive\r\n", true),
            ] {
                let connection = try await server.connect()
                defer { connection.close() }
                try await connection.send("GET /v1/info \(line)\r\nHost: x\r\n\(fields)\r\n")
                let answer = try await connection.answer()
                #expect(answer.status == 200)
                if keeps {
                    #expect(answer.field("connection") == (line == "HTTP/1.0" ? "keep-alive" : nil))
                    try await connection.send(Self.info)
                    #expect(try await connection.answer().status == 200)
                } else {
                    #expect(answer.field("connection") == "close")
                    #expect(try await connection.rest() == [])
                }
            }
        }
    }

    @Test func `HEAD is GET without the body`() async throws {
        try await withServer { server in
            let connection = try await server.connect()
            defer { connection.close() }
            for target in ["/v1/info", "/v1/nothing", "/v1/events"] {
                try await connection.send("HEAD \(target) HTTP/1.1\r\nHost: x\r\n\r\n")
                let answer = try await connection.answerHead()
                #expect(answer.status == (target == "/v1/nothing" ? 404 : 200))
            }
            #expect(await server.service.endedStreams.reaches(1))
            try await connection.send(Self.info)
            #expect(try await connection.answer().text.contains("\"name\":\"readerd\""))
        }
    }

    @Test func `the word to go on is given when the head is good`() async throws {
        try await withServer { server in
            let connection = try await server.connect()
            defer { connection.close() }
            let body = RouteTests.body
            let head =
                "PUT /v1/payments/a HTTP/1.1\r\nHost: x\r\nExpect: 100-Continue\r\nContent-Type: application/json\r\nContent-Length: \(body.utf8.count)\r\n\r\n"
            try await connection.send(head)
            #expect(try await connection.answer().status == 100)
            try await connection.send(body)
            #expect(try await connection.answer().status == 201)
        }
    }

    @Test func `the word to go on is not given when the head is refused`() async throws {
        try await withServer(role: .monitor) { server in
            for (target, fields, code) in [
                ("/v1/payments/a", "Content-Length: 5", "not_permitted"), ("/v1/nothing", "Content-Length: 5", "not_found"),
                ("/v1/payments/a", "Content-Length: 300000", "too_large"),
            ] {
                let answer = try await server.ask("PUT \(target) HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\n\(fields)\r\n\r\n")
                #expect(answer.code == code && answer.field("connection") == "close")
            }
        }
    }

    @Test func `what is too large is answered though the caller is still sending`() async throws {
        try await withServer { server in
            for (request, status) in [
                ("GET / HTTP/1.1\r\nX: " + String(repeating: "x", count: 1_000_000), 431),
                (
                    "PUT /v1/payments/a HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\n" + String(repeating: "x", count: 1_000_000),
                    413
                ),
                (
                    "PUT /v1/payments/a HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
                        + String(repeating: "8000\r\n\(String(repeating: "x", count: 32_768))\r\n", count: 30), 413
                ),
            ] {
                let connection = try await server.connect()
                defer { connection.close() }
                async let sent: Void = connection.send(request)
                let answer = try await connection.answer()
                #expect(answer.status == status && answer.code == "too_large" && answer.field("connection") == "close")
                try await sent
            }
        }
    }

    @Test func `a body that is too large is refused under the request's own name`() async throws {
        try await withServer { server in
            let head = "PUT /v1/payments/a HTTP/1.1\r\nHost: x\r\nX-Request-Id: till-7\r\nContent-Length: 262145\r\n"
            for more in ["", "Expect: 100-continue\r\n"] {
                let answer = try await server.ask("\(head)\(more)\r\n")
                #expect(answer.status == 413 && answer.field("x-request-id") == "till-7")
            }
        }
    }

    @Test func `garbage is answered before the connection closes`() async throws {
        try await withServer { server in
            for bytes: [UInt8] in [
                [0], [0x16, 0x03, 0x01, 0x02, 0x00, 0x01], Array("hello\r\n".utf8), Array("GET / HTTP/9.9\r\n\r\n".utf8), [0xff, 0xfe],
            ] {
                let connection = try await server.connect()
                defer { connection.close() }
                try await connection.send(bytes)
                let answer = try await connection.answer()
                #expect(answer.status == 400 && answer.code == "malformed_request")
                #expect(try await connection.rest() == [])
            }
        }
    }

    @Test func `random bytes always get a whole answer or a closed connection`() async throws {
        let seed = UInt64.random(in: 0...UInt64.max)
        try await withServer { server in
            var random = Seeded(seed)
            let body = RouteTests.body
            let whole = Array(
                "PUT /v1/payments/a HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)"
                    .utf8)
            for round in 0..<150 {
                var bytes = whole
                for _ in 0...Int.random(in: 0...2, using: &random) {
                    let place = Int.random(in: 0..<bytes.count, using: &random)
                    if Bool.random(using: &random) {
                        bytes[place] = UInt8.random(in: 0...255, using: &random)
                    } else {
                        bytes.removeSubrange(place..<min(bytes.count, place + 3))
                    }
                }
                let connection = try await server.connect()
                defer { connection.close() }
                try await connection.send(bytes)
                // The end of what is sent ends every wait for more of it.
                connection.closeWriting()
                let rest = try await connection.rest()
                #expect(
                    rest.starts(with: Array("HTTP/1.1 ".utf8)), "seed \(seed), round \(round): \(String(decoding: rest, as: UTF8.self))")
            }
            // And the server serves on.
            #expect(try await server.get("/v1/info").status == 200)
        }
    }

    @Test func `a caller that stops in the middle is told so`() async throws {
        try await withServer { server in
            for part in ["G", "GET /v1/info HTTP/1.1\r\nHost: x", "PUT /v1/payments/a HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nab"] {
                let connection = try await server.connect()
                defer { connection.close() }
                try await connection.send(part)
                connection.closeWriting()
                #expect(try await connection.answer().code == "malformed_request")
            }
        }
    }

    @Test func `a caller that has closed its half still gets its answers`() async throws {
        try await withServer { server in
            let connection = try await server.connect()
            defer { connection.close() }
            try await connection.send(Self.info + Self.info)
            connection.closeWriting()
            #expect(try await connection.answer().status == 200)
            #expect(try await connection.answer().status == 200)
            #expect(try await connection.rest() == [])
        }
    }

    @Test func `a request that does not arrive in time is answered`() async throws {
        var limits = ServerLimits()
        limits.request = .milliseconds(200)
        try await withServer(limits: limits) { server in
            for part in ["GET", "PUT /v1/payments/a HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nab"] {
                let connection = try await server.connect()
                defer { connection.close() }
                try await connection.send(part)
                let answer = try await connection.answer()
                #expect(answer.status == 408 && answer.code == "request_timeout" && answer.field("connection") == "close")
                #expect(try await connection.rest() == [])
            }
        }
    }

    @Test func `a connection without a request is closed after a while`() async throws {
        var limits = ServerLimits()
        limits.idle = .seconds(3)
        try await withServer(limits: limits) { server in
            let fresh = try await server.connect()
            defer { fresh.close() }
            #expect(try await fresh.rest() == [])
            let used = try await server.connect()
            defer { used.close() }
            try await used.send(Self.info)
            #expect(try await used.answer().status == 200)
            #expect(try await used.rest() == [])
        }
    }

    @Test func `one connection too many is answered and closed`() async throws {
        var limits = ServerLimits()
        limits.connections = 3
        try await withServer(limits: limits) { server in
            var open: [RawConnection] = []
            for _ in 0..<3 {
                let connection = try await server.connect()
                try await connection.send(Self.info)
                #expect(try await connection.answer().status == 200)
                open.append(connection)
            }
            let extra = try await server.connect()
            defer { extra.close() }
            try await extra.send(Self.info)
            let answer = try await extra.answer()
            #expect(answer.status == 429 && answer.code == "overloaded" && answer.field("connection") == "close")
            #expect(answer.field("readerd-version") == "1.2.3" && answer.field("x-request-id") != nil)
            open.removeLast().close()
            // The place is free when the server has seen the end.
            let deadline = ContinuousClock.now + .seconds(20)
            var status = 0
            while status != 200, ContinuousClock.now < deadline {
                let next = try await server.connect()
                try await next.send(Self.info)
                status = try await next.answer().status
                next.close()
            }
            #expect(status == 200)
            for connection in open { connection.close() }
        }
    }

    @Test func `callers that only look on leave half of the places to the tills`() async throws {
        var limits = ServerLimits()
        limits.connections = 4
        for (role, places) in [(Role.monitor, 2), (nil, 2), (.checkout, 4)] {
            try await withServer(role: role, limits: limits) { server in
                var open: [RawConnection] = []
                defer { for connection in open { connection.close() } }
                for place in 0...places {
                    let connection = try await server.connect()
                    open.append(connection)
                    try await connection.send(Self.info)
                    let answer = try await connection.answer()
                    #expect((answer.code == "overloaded") == (place == places), "\(place) of \(places)")
                }
            }
        }
    }
}
