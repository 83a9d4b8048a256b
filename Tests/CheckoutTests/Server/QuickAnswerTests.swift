import CheckoutAPI
import JSON
import TestSupport
import Testing

@testable import CheckoutServer

/// What is answered where its bytes arrive is what the common way would answer.
@Suite struct QuickAnswerTests {
    private static func get(_ target: String, _ fields: String = "") -> String { "GET \(target) HTTP/1.1\r\nHost: x\r\n\(fields)\r\n" }

    /// A service with an ended payment "a".
    private static func service(_ settled: SettledAnswers, isInfoAtHand: Bool = false) -> FakeService {
        let service = FakeService(settled: settled, isInfoAtHand: isInfoAtHand)
        service.add(FakeService.payment("a", PaymentBody(cart: "1", amount: "1.00"), state: .succeeded))
        return service
    }

    private static func asks(_ service: FakeService) -> Int { service.calls.filter { $0 == "payment a" }.count }

    @Test(arguments: ["/v1/payments/a", "/v1/info"])
    func `the quick answer is the common one, fields and all`(route: String) async throws {
        let common = Self.service(SettledAnswers(limit: 0))
        let quick = Self.service(SettledAnswers(), isInfoAtHand: true)
        try await withServer(service: common) { server async throws in
            let expected = try await server.ask(Self.get(route, "X-Request-Id: mine\r\n"))
            try await withServer(service: quick) { server async throws in
                let connection = try await server.connect()
                defer { connection.close() }
                for _ in 0..<3 {
                    try await connection.send(Self.get(route, "X-Request-Id: mine\r\n"))
                    let answer = try await connection.answer()
                    #expect(answer.status == 200 && answer.body == expected.body)
                    #expect(answer.fields.map(\.name) == expected.fields.map(\.name))
                    #expect(answer.field("x-request-id") == "mine" && answer.field("readerd-version") == "1.2.3")
                }
                try await connection.send(Self.get(route))
                let first = try await connection.answer().field("x-request-id")
                try await connection.send(Self.get(route, "Connection: close\r\n"))
                let last = try await connection.answer()
                #expect(first?.utf8.count == 16 && last.field("x-request-id") != first)
                #expect(last.field("connection") == "close")
                #expect(try await connection.rest() == [])
            }
        }
        #expect(quick.calls.count == (route == "/v1/info" ? 0 : 1))
    }

    @Test func `an answer does not outlive a change of its payment, nor come up while one is on its way`() async throws {
        let settled = SettledAnswers()
        let service = Self.service(settled)
        try await withServer(service: service) { server async throws in
            for _ in 0..<3 { #expect(try await server.get("/v1/payments/a").json?["state"] == "succeeded") }
            #expect(Self.asks(service) == 1)
            settled.willChange(["a"])
            for _ in 0..<2 { #expect(try await server.get("/v1/payments/a").status == 200) }
            #expect(Self.asks(service) == 3)
            service.add(FakeService.payment("a", PaymentBody(cart: "2", amount: "1.00"), state: .succeeded))
            settled.didChange(["a"])
            for _ in 0..<3 { #expect(try await server.get("/v1/payments/a").json?["cart"] == "2") }
            #expect(Self.asks(service) == 4)
            settled.forgetAll()
            #expect(try await server.get("/v1/payments/a").status == 200)
            #expect(Self.asks(service) == 5)
        }
    }

    @Test func `what has not ended is asked for every time`() async throws {
        let service = FakeService(settled: SettledAnswers())
        service.add(FakeService.payment("a", PaymentBody(cart: "1", amount: "1.00"), state: .unresolved))
        try await withServer(service: service) { server async throws in
            for _ in 0..<3 { #expect(try await server.get("/v1/payments/a").json?["state"] == "unresolved") }
            service.end("a")
            #expect(try await server.get("/v1/payments/a").json?["state"] == "succeeded")
            #expect(Self.asks(service) == 4)
        }
    }

    @Test func `a web page is refused, and an odd request judged, whatever is at hand`() async throws {
        let service = Self.service(SettledAnswers(), isInfoAtHand: true)
        try await withServer(service: service) { server async throws in
            #expect(try await server.get("/v1/payments/a").status == 200)
            for route in ["/v1/payments/a", "/v1/info"] {
                #expect(try await server.ask(Self.get(route, "Origin: http://x\r\n")).code == "browser_refused")
                #expect(try await server.get(route + "?odd=1").status == 422)
                #expect(try await server.ask("DELETE \(route) HTTP/1.1\r\nHost: x\r\n\r\n").status == 405)
                let head = try await server.connect()
                defer { head.close() }
                try await head.send("HEAD \(route) HTTP/1.1\r\nHost: x\r\n\r\n")
                #expect(try await head.answerHead().status == 200)
            }
        }
        try await withServer(role: nil, service: service) { server async throws in
            #expect(try await server.get("/v1/payments/a").status == 403)
            #expect(try await server.get("/v1/info").status == 403)
        }
    }

    @Test func `pipelined questions are answered in order, whichever way they go`() async throws {
        let service = Self.service(SettledAnswers(), isInfoAtHand: true)
        try await withServer(service: service) { server async throws in
            #expect(try await server.get("/v1/payments/a").status == 200)
            let connection = try await server.connect()
            defer { connection.close() }
            let routes = ["/v1/payments/a", "/v1/info", "/v1/readers/r", "/v1/payments/a?wait=1", "/v1/payments/none"]
            var expected: [Int] = []
            for route in routes { expected.append(try await server.get(route).status) }
            #expect(expected[0] == 200 && expected[1] == 200 && expected[4] == 404)
            let count = 400
            async let sent: Void = connection.send(
                (0..<count).map { Self.get(routes[$0 / 3 % routes.count], "X-Request-Id: \($0)\r\n") }.joined())
            for index in 0..<count {
                let answer = try await connection.answer()
                #expect(answer.field("x-request-id") == "\(index)" && answer.status == expected[index / 3 % routes.count])
            }
            try await sent
        }
    }

    @Test func `who does not read its quick answers loses the connection, and who asks keeps it`() async throws {
        var limits = ServerLimits()
        limits.write = .milliseconds(500)
        limits.idle = .seconds(2)
        try await withServer(limits: limits, service: Self.service(SettledAnswers(), isInfoAtHand: true)) { server async throws in
            let deaf = try await server.connect()
            defer { deaf.close() }
            // More than the kernel keeps of questions and answers: this returns because the server hangs up, or fails after its own time.
            try await deaf.send(String(repeating: Self.get("/v1/info"), count: 20_000))
            let used = try await server.connect()
            defer { used.close() }
            for _ in 0..<5 {
                // The pause is the test: together they are longer than a connection may lie idle.
                try await Task.sleep(for: .milliseconds(600))
                try await used.send(Self.get("/v1/info"))
                #expect(try await used.answer().status == 200)
            }
            #expect(try await used.rest() == [])
        }
    }

    // MARK: What is kept

    @Test func `an answer that was read before a change is not kept after it`() {
        let settled = SettledAnswers()
        let early = settled.ticket()
        settled.willChange(["a"])
        let during = settled.ticket()
        settled.keep([1], of: "a", for: .checkout, early)
        settled.keep([1], of: "a", for: .checkout, during)
        #expect(settled.answer(of: "a", for: .checkout) == nil)
        settled.willChange(["a"])
        settled.didChange(["a"])
        settled.keep([2], of: "a", for: .checkout, settled.ticket())
        #expect(settled.answer(of: "a", for: .checkout) == nil, "one of two rows is still on its way")
        settled.didChange(["a"])
        settled.keep([1], of: "a", for: .checkout, during)
        #expect(settled.answer(of: "a", for: .checkout) == nil)
        settled.keep([3], of: "a", for: .checkout, settled.ticket())
        #expect(settled.answer(of: "a", for: .technician) == [3])
        #expect(settled.answer(of: "a", for: .monitor) == nil, "a monitor is never shown what a checkout was")
        settled.keep([4], of: "a", for: .monitor, settled.ticket())
        settled.willChange(["a"])
        #expect(settled.answer(of: "a", for: .monitor) == nil && settled.answer(of: "a", for: .checkout) == nil)
    }

    @Test func `so much is kept and no more, and what is asked for stays`() {
        let settled = SettledAnswers(limit: 8000)
        settled.keep(Array(repeating: 0, count: 1001), of: "large", for: .checkout, settled.ticket())
        #expect(settled.answer(of: "large", for: .checkout) == nil)
        for number in 0..<100 {
            settled.keep(Array(repeating: 0, count: 1000), of: "\(number)", for: .checkout, settled.ticket())
            #expect(settled.answer(of: "0", for: .checkout) != nil)
        }
        #expect((0..<100).filter { settled.answer(of: "\($0)", for: .checkout) != nil }.count <= 8)
    }
}
