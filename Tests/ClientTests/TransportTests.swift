import CheckoutAPI
import CheckoutClient
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(1)))
struct `The client's transport` {
    private func client(
        _ path: String, timeout: Duration = .seconds(30), silence: Duration = .seconds(5), most: Int = 100_000
    ) -> CheckoutClient {
        CheckoutClient(socketPath: path, timeout: timeout, silenceLimit: silence, maximumAnswerBytes: most)
    }

    @Test func `a missing socket is told as such`() async throws {
        let directory = try TemporaryDirectory()
        for path in [directory.socket, directory.file("no/such/directory.sock"), "/" + String(repeating: "x", count: 200)] {
            let error = try await failure { () throws(ClientError) in try await client(path).info() }
            guard case .noSocket(let told) = error else {
                Issue.record("\(error)")
                return
            }
            #expect(told == path)
        }
    }

    @Test func `a socket that nobody serves any more is told like a missing one`() async throws {
        let directory = try TemporaryDirectory()
        try leaveSocket(at: directory.socket)
        let error = try await failure { () throws(ClientError) in try await client(directory.socket).info() }
        guard case .noSocket(let told) = error else {
            Issue.record("\(error)")
            return
        }
        #expect(told == directory.socket)
    }

    @Test func `a connection that is refused unheard is told to come again, whether its request was on the way or not`() async throws {
        let problem = #"{"type":"urn:x","title":"T","status":429,"detail":"Too many.","code":"overloaded","retryable":true}"#
        let head = "HTTP/1.1 429 X\r\nContent-Type: application/problem+json\r\nConnection: close\r\n"
        let server = try await ScriptedServer(greeting: head + "Content-Length: \(problem.utf8.count)\r\n\r\n" + problem)
        for _ in 1...200 {
            let error = try await failure { () throws(ClientError) in try await client(server.path).info() }
            guard case .problem(let told) = error else {
                Issue.record("\(error)")
                return
            }
            #expect(told.code == .overloaded)
        }
    }

    @Test func `a problem comes through with its code`() async throws {
        let problem =
            #"{"type":"urn:x","title":"T","status":409,"detail":"The cart is busy.","code":"cart_busy","retryable":true,"payment":"p-1"}"#
        let server = try await ScriptedServer([httpAnswer(409, problem, type: "application/problem+json")])
        let error = try await failure { () throws(ClientError) in
            try await client(server.path).pay("p-2", PaymentBody(cart: "1", amount: "1.00"))
        }
        guard case .problem(let problem) = error else {
            Issue.record("\(error)")
            return
        }
        #expect(problem.code == .cartBusy)
        #expect(problem.payment == "p-1")
        try await server.stop()
    }

    @Test(arguments: [
        [ScriptedServer.Step.close],
        [.send("HTTP/1.1 200 OK\r\n"), .close],
        [.send("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{"), .close],
        [httpStreamHead(), httpChunk("{"), .close],
    ])
    func `an answer that breaks off is a lost connection, never an answer`(_ script: [ScriptedServer.Step]) async throws {
        let server = try await ScriptedServer(script)
        let error = try await failure { () throws(ClientError) in try await client(server.path).status() }
        guard case .connectionLost = error else {
            Issue.record("\(error)")
            return
        }
        try await server.stop()
    }

    @Test(arguments: [
        [ScriptedServer.Step.send("SSH-2.0-OpenSSH_9.2\r\n\r\n"), .close],
        [httpAnswer(200, "not json"), .close],
        [httpAnswer(200, "{}"), .close],
        [httpAnswer(200, #"{"token":7}"#), .close],
        [httpAnswer(302, ""), .close],
        [httpAnswer(500, "<html>"), .close],
        [httpAnswer(200, "\"" + String(repeating: "x", count: 100_001) + "\""), .close],
        [httpStreamHead(), httpChunk(String(repeating: "x", count: 60_000)), httpChunk(String(repeating: "x", count: 60_000)), .hang],
    ])
    func `what is not the agent's answer is refused`(_ script: [ScriptedServer.Step]) async throws {
        let server = try await ScriptedServer(script)
        let error = try await failure { () throws(ClientError) in try await client(server.path).createConnectionToken(cart: "1") }
        guard case .invalidAnswer = error else {
            Issue.record("\(error)")
            return
        }
        try await server.stop()
    }

    @Test func `a refused answer is not quoted, for it could hold a secret`() async throws {
        let server = try await ScriptedServer([httpAnswer(200, #"{"token":["pst_secret"]}"#), .close])
        let error = try await failure { () throws(ClientError) in try await client(server.path).createConnectionToken(cart: "1") }
        #expect(!"\(error)".contains("pst_secret"))
        #expect("\(error)".contains("token"))
        try await server.stop()
    }

    @Test func `an agent that does not answer is left after the deadline, and the connection closed`() async throws {
        let server = try await ScriptedServer([.send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n12345"), .hang])
        let start = ContinuousClock.now
        let error = try await failure { () throws(ClientError) in try await client(server.path, timeout: .milliseconds(200)).info() }
        guard case .timedOut(let limit) = error else {
            Issue.record("\(error)")
            return
        }
        #expect(limit == .milliseconds(200))
        #expect(start.duration(to: .now) < .seconds(20))
        try await eventually("the connection is closed") { server.closed == 1 }
        try await server.stop()
    }

    @Test func `a cancelled call ends at once and closes its connection`() async throws {
        let server = try await ScriptedServer([.hang])
        let client = client(server.path, timeout: .seconds(60))
        let call = Task { () async -> ClientError? in
            do throws(ClientError) {
                _ = try await client.info()
                return nil
            } catch {
                return error
            }
        }
        try await eventually("the request arrives") { server.requests.count == 1 }
        call.cancel()
        guard case .canceled = await call.value else {
            Issue.record("it should say that it was cancelled")
            return
        }
        try await eventually("the connection is closed") { server.closed == 1 }
        try await server.stop()
    }

    @Test func `names from outside cannot break out of the path`() async throws {
        let server = try await ScriptedServer([.close])
        let error = try await failure { () throws(ClientError) in try await client(server.path).reader("Front Desk/../x?y=1\r\nEvil: 1") }
        guard case .connectionLost = error else {
            Issue.record("\(error)")
            return
        }
        let request = try #require(server.requests.first)
        #expect(request.hasPrefix("GET /v1/readers/Front%20Desk%2F..%2Fx%3Fy%3D1%0D%0AEvil%3A%201 HTTP/1.1\r\n"))
        #expect(!request.contains("\r\nEvil"))
        try await server.stop()
    }
}
