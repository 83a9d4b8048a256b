import CheckoutAPI
import CheckoutClient
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(1)))
struct `A stream of events` {
    private func client(_ path: String, silence: Duration = .seconds(30), most: Int = 100_000) -> CheckoutClient {
        CheckoutClient(socketPath: path, timeout: .seconds(30), silenceLimit: silence, maximumAnswerBytes: most)
    }

    private func notice(_ number: Int) -> String {
        #"{"cursor":"c\#(number)","at":"2026-01-31T09:30:00.250Z","topic":"agent","type":"agent.note","agent":{"code":"n","message":"\#(number)"}}"#
            + "\n"
    }

    @Test func `events come in order however the bytes are cut, and heartbeats are swallowed`() async throws {
        let text = notice(1) + #"{"type":"heartbeat"}"# + "\n\n" + notice(2) + notice(3)
        let cut = text.map { httpChunk(String($0)) }
        let server = try await ScriptedServer([httpStreamHead()] + cut + [.send("0\r\n\r\n")])
        var cursors: [String] = []
        for try await event in client(server.path).events(topics: [.agent, .readers], after: "c0") { cursors.append(event.cursor) }
        #expect(cursors == ["c1", "c2", "c3"])
        #expect(server.requests.first?.hasPrefix("GET /v1/events?after=c0&topics=agent%2Creaders HTTP/1.1") == true)
        try await server.stop()
    }

    @Test func `a stream that breaks off throws after the last whole event`() async throws {
        let server = try await ScriptedServer([httpStreamHead(), httpChunk(notice(1)), httpChunk(String(notice(2).dropLast(20))), .close])
        let (error, cursors) = await failure(of: client(server.path).events())
        guard case .connectionLost = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(cursors == ["c1"])
        try await server.stop()
    }

    @Test func `silence longer than the heartbeats allow ends it`() async throws {
        let server = try await ScriptedServer([httpStreamHead(), httpChunk(notice(1)), .hang])
        let (error, cursors) = await failure(of: client(server.path, silence: .seconds(4)).events())
        guard case .timedOut = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(cursors == ["c1"])
        try await eventually("the connection is closed") { server.closed == 1 }
        try await server.stop()
    }

    @Test func `a line without an end is refused`() async throws {
        let flood = (0..<30).map { _ in httpChunk(String(repeating: "x", count: 5000)) }
        let server = try await ScriptedServer([httpStreamHead()] + flood + [.hang])
        let (error, _) = await failure(of: client(server.path).events())
        guard case .invalidAnswer = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        try await server.stop()
    }

    @Test func `a refusal comes before the first event`() async throws {
        let problem = #"{"type":"urn:x","title":"Gone","status":410,"detail":"Too old.","code":"cursor_gone","retryable":false}"#
        let server = try await ScriptedServer([httpAnswer(410, problem)])
        let (error, _) = await failure(of: client(server.path).events(after: "old"))
        guard case .problem(let problem) = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(problem.code == .cursorGone)
        try await server.stop()
    }

    @Test func `the agent's own end of a stream is told`() async throws {
        let end =
            #"{"type":"end","problem":{"type":"urn:x","title":"Stop","status":503,"detail":"Stopping.","code":"shutting_down","retryable":true}}"#
        let server = try await ScriptedServer([httpStreamHead(), httpChunk(notice(1) + end + "\n"), .send("0\r\n\r\n")])
        let (error, cursors) = await failure(of: client(server.path).events())
        guard case .problem(let problem) = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(problem.code == .shuttingDown)
        #expect(cursors == ["c1"])
        try await server.stop()
    }

    @Test func `cancelling the reader closes the connection`() async throws {
        let server = try await ScriptedServer([httpStreamHead(), httpChunk(notice(1)), .hang])
        let client = client(server.path, silence: .seconds(60))
        let reading = Task { for try await _ in client.events() {} }
        try await eventually("the stream is open") { server.requests.count == 1 }
        reading.cancel()
        _ = await reading.result
        try await eventually("the connection is closed") { server.closed == 1 }
        try await server.stop()
    }

    @Test func `cancelling the reader closes the connection although the stream is kept`() async throws {
        let server = try await ScriptedServer([httpStreamHead(), httpChunk(notice(1)), .hang])
        let stream = client(server.path, silence: .seconds(60)).events()
        let reading = Task { for try await _ in stream {} }
        try await eventually("the stream is open") { server.requests.count == 1 }
        reading.cancel()
        _ = await reading.result
        try await eventually("the connection is closed") { server.closed == 1 }
        withExtendedLifetime(stream) {}
        try await server.stop()
    }

    @Test func `leaving the loop closes the connection`() async throws {
        let server = try await ScriptedServer([httpStreamHead(), httpChunk(notice(1) + notice(2)), .hang])
        let client = client(server.path, silence: .seconds(60))
        func first() async throws -> String? {
            for try await event in client.events() { return event.cursor }
            return nil
        }
        #expect(try await first() == "c1")
        try await eventually("the connection is closed") { server.closed == 1 }
        try await server.stop()
    }

    @Test func `a slow reader loses nothing`() async throws {
        let lines = (0..<2000).map { httpChunk(notice($0)) }
        let server = try await ScriptedServer([httpStreamHead()] + lines + [.send("0\r\n\r\n")])
        var count = 0
        for try await event in client(server.path).events() {
            #expect(event.cursor == "c\(count)")
            if count % 500 == 0 { try await Task.sleep(for: .milliseconds(20)) }
            count += 1
        }
        #expect(count == 2000)
        try await server.stop()
    }
}
