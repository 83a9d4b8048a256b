import JSON
import CheckoutAPI
import Foundation
import Synchronization
import Testing

@testable import CheckoutServer

/// What happens when more is asked for than the server bears.
@Suite struct OverloadTests {
    private static func get(_ target: String) -> String { "GET \(target) HTTP/1.1\r\nHost: x\r\n\r\n" }

    private static func put(_ target: String, _ body: String = RouteTests.body) -> String {
        "PUT \(target) HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)"
    }

    /// Asks until the answer is another one than `overloaded`: a place is free when the server has seen the end of what took it.
    private static func status(_ server: TestServer, of request: String) async throws -> Int {
        let deadline = ContinuousClock.now + .seconds(20)
        while true {
            let answer = try await server.ask(request)
            guard answer.code == "overloaded", ContinuousClock.now < deadline else { return answer.status }
        }
    }

    // MARK: - Connections

    @Test func `who hangs up keeps the place until the work has ended`() async throws {
        var limits = ServerLimits()
        (limits.connections, limits.reserve) = (2, 0)
        let gate = EventCounter()
        try await withServer(limits: limits, service: FakeService(readersGate: gate)) { server in
            for asked in 1...2 {
                let connection = try await server.connect()
                try await connection.send(Self.get("/v1/readers"))
                try #require(await server.service.atGate.reaches(asked))
                connection.close()
            }
            // Both are gone, and what they asked for is not. (Were it counted by sockets, this would soon be 200.)
            for _ in 0..<50 { #expect(try await server.get("/v1/info").code == "overloaded") }
            gate.add()
            #expect(try await Self.status(server, of: Self.get("/v1/info")) == 200)
        }
    }

    @Test func `when all places are taken a payment still gets through, and nothing else`() async throws {
        var limits = ServerLimits()
        (limits.connections, limits.reserve) = (2, 1)
        try await withServer(role: .checkout, limits: limits) { server in
            var open: [RawConnection] = []
            for _ in 0..<2 {
                let connection = try await server.connect()
                try await connection.send(Self.get("/v1/info"))
                #expect(try await connection.answer().status == 200)
                open.append(connection)
            }
            let info = try await server.get("/v1/info")
            #expect(info.status == 429 && info.code == "overloaded" && info.field("connection") == "close")
            for request in [
                Self.put("/v1/payments/a"), Self.get("/v1/payments/a"), "POST /v1/payments/a/cancel HTTP/1.1\r\nHost: x\r\n\r\n",
            ] {
                let status = try await Self.status(server, of: request)
                #expect([200, 201, 202].contains(status), "\(status): \(request)")
            }
            for connection in open { connection.close() }
        }
    }

    @Test func `the place that is kept for payments is not kept by silence`() async throws {
        var limits = ServerLimits()
        (limits.connections, limits.reserve, limits.reserveIdle) = (1, 1, .milliseconds(200))
        try await withServer(role: .checkout, limits: limits) { server in
            let first = try await server.connect()
            defer { first.close() }
            try await first.send(Self.get("/v1/info"))
            #expect(try await first.answer().status == 200)
            for start in ["", "PUT /v1/payments/a HTTP/1.1\r\n"] {
                let silent = try await server.connect()
                defer { silent.close() }
                // Closed, or answered and closed, whichever comes first; on a busy machine even before it was sent.
                do {
                    try await silent.send(start)
                    _ = try await silent.rest()
                } catch is ClientError {}
            }
            #expect(try await Self.status(server, of: Self.put("/v1/payments/a")) == 201)
        }
    }

    @Test func `who only looks on cannot use what is kept for payments`() async throws {
        var limits = ServerLimits()
        (limits.connections, limits.reserve) = (2, 1)
        try await withServer(role: .monitor, limits: limits) { server in
            let first = try await server.connect()
            defer { first.close() }
            try await first.send(Self.get("/v1/info"))
            #expect(try await first.answer().status == 200)
            #expect(try await server.get("/v1/payments/a").code == "overloaded")
        }
    }

    @Test func `who is one too many among very many is told, too`() async throws {
        var limits = ServerLimits()
        (limits.connections, limits.reserve, limits.linger) = (1, 0, .seconds(20))
        try await withServer(limits: limits) { server in
            var open: [RawConnection] = []
            defer { for connection in open { connection.close() } }
            for place in 0..<20 {
                let connection = try await server.connect()
                open.append(connection)
                if place == 0 { try await connection.send(Self.get("/v1/info")) }
                let answer = try await connection.answer()
                #expect(answer.status == (place == 0 ? 200 : 429))
            }
        }
    }

    // MARK: - Kinds of work

    @Test func `waits have a budget, and payments do not need it`() async throws {
        var limits = ServerLimits()
        limits.work[.waits] = 1
        try await withServer(limits: limits) { server in
            server.service.add(FakeService.payment("a", PaymentBody(cart: "1", amount: "1")))
            let waiting = try await server.connect()
            defer { waiting.close() }
            try await waiting.send(Self.get("/v1/payments/a?wait=20"))
            try #require(await server.service.waits.reaches(1))
            let second = try await server.get("/v1/payments/a?wait=20")
            #expect(second.status == 429 && second.code == "overloaded" && second.json?["retryable"] == .bool(true))
            #expect(try await server.get("/v1/payments/a").status == 200)
            let paying = try await server.connect()
            defer { paying.close() }
            try await paying.send(Self.put("/v1/payments/b?wait=20"))
            try #require(await server.service.waits.reaches(2))
            server.service.end("b")
            #expect(try await paying.answer().status == 201)
            server.service.end("a")
            #expect(try await waiting.answer().status == 200)
            #expect(try await server.get("/v1/payments/a?wait=20").status == 200)
        }
    }

    @Test func `streams have a budget, which is given back`() async throws {
        var limits = ServerLimits()
        limits.work[.streams] = 1
        try await withServer(limits: limits) { server in
            let first = try await server.connect()
            try await first.send(Self.get("/v1/events"))
            _ = try await first.answerHead()
            #expect(try await server.get("/v1/payments/a/events").code == "overloaded")
            first.close()
            try #require(await server.service.endedStreams.reaches(1))
            // The place is free when the server has seen the end.
            let deadline = ContinuousClock.now + .seconds(20)
            var status = 0
            repeat {
                let next = try await server.connect()
                defer { next.close() }
                try await next.send(Self.get("/v1/events"))
                status = try await next.answerHead().status
            } while status == 429 && ContinuousClock.now < deadline
            #expect(status == 200)
        }
    }

    @Test func `every kind of work has a budget, of which who only looks on has half`() throws {
        let budgets = Budgets(ServerLimits().work)
        for work in Work.allCases where work != .sells {
            let limit = try #require(ServerLimits().work[work], "\(work) is bounded")
            var places = try (0..<limit / 2).map { _ in try budgets.take(work, for: .monitor) }
            #expect(throws: Problem.self) { try budgets.take(work, for: .monitor) }
            #expect(throws: Problem.self) { try budgets.take(work, for: nil) }
            places += try (limit / 2..<limit).map { _ in try budgets.take(work, for: .checkout) }
            #expect(throws: Problem.self) { try budgets.take(work, for: .technician) }
            for place in places { budgets.giveBack(place) }
            budgets.giveBack(try budgets.take(work, for: .monitor))
        }
        // A payment is bounded by the connections alone.
        for _ in 0..<10_000 { _ = try budgets.take(.sells, for: .checkout) }
    }

    @Test func `a payment waits for none of the threads on which lists, documents and streams are made`() async throws {
        try await withServer { server in
            let release = DispatchSemaphore(value: 0)
            let lanes = [WorkLane.lists, .looks, .streams]
            let held = EventCounter()
            try await withThrowingTaskGroup(of: Void.self) { group in
                for lane in lanes {
                    group.addTask {
                        try await lane.run {
                            held.add()
                            release.wait()
                        }
                    }
                }
                defer { for _ in lanes { release.signal() } }
                try #require(await held.reaches(3))
                let list = try await server.connect()
                defer { list.close() }
                try await list.send(Self.get("/v1/payments"))
                #expect(try await server.ask(Self.put("/v1/payments/a")).status == 201)
                #expect(try await server.get("/v1/payments/a").status == 200)
                #expect(try await server.ask(Self.put("/v1/carts/1", "{}")).status == 200)
                for _ in lanes { release.signal() }
                #expect(try await list.answer().status == 200)
            }
        }
    }

    // MARK: - Bodies

    @Test func `large bodies that are not whole have a budget together, and small ones do not need it`() async throws {
        var limits = ServerLimits()
        limits.bodyBytes = 150_000
        try await withServer(limits: limits) { server in
            let head = "PUT /v1/payments/a HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 200000\r\n\r\n"
            let first = try await server.connect()
            defer { first.close() }
            try await first.send(head + String(repeating: " ", count: 100_000))
            // Both together are too much; which of them is told so depends on whose bytes are read first.
            let second = try await server.connect()
            defer { second.close() }
            try await second.send(head + String(repeating: " ", count: 199_999))
            let told = await withTaskGroup(of: String?.self) { group in
                for connection in [first, second] { group.addTask { await Self.code(connection) } }
                let told = await group.next() ?? nil
                // The other one is not answered: its body never comes.
                for connection in [first, second] { connection.closeWriting() }
                return told
            }
            #expect(told == "overloaded")
            #expect(try await server.ask(Self.put("/v1/payments/a")).status == 201)
            // What was taken from the budget has been given back.
            let whole = String(repeating: " ", count: 140_000) + RouteTests.body
            let deadline = ContinuousClock.now + .seconds(20)
            var status = 0
            repeat {
                status = try await server.ask(Self.put("/v1/payments/b", whole)).status
            } while status == 429 && ContinuousClock.now < deadline
            #expect(status == 201)
        }
    }

    @Test func `a body that nobody will read is not kept`() async throws {
        var limits = ServerLimits()
        limits.bodyBytes = 20_000
        try await withServer(role: .monitor, limits: limits) { server in
            let connection = try await server.connect()
            defer { connection.close() }
            let chunked = "PUT /v1/carts/1 HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n30000\r\n"
            for _ in 0..<3 {
                // Refused for the caller's role, in order, on a connection that is kept.
                try await connection.send(Self.put("/v1/carts/1", String(repeating: " ", count: 200_000)))
                #expect(try await connection.answer().status == 403)
                try await connection.send(chunked + String(repeating: " ", count: 0x30000) + "\r\n0\r\n\r\n")
                #expect(try await connection.answer().status == 403)
            }
            try await connection.send(Self.get("/v1/info"))
            #expect(try await connection.answer().status == 200)
        }
    }

    private static func code(_ connection: RawConnection) async -> String? {
        do { return try await connection.answer().code } catch { return nil }
    }
}
