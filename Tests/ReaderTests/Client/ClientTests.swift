import JSON
import FoundationEssentials
import GatewayModel
import Moments
import NIOCore
import NIOHTTP1
import NIOPosix
import Synchronization
import TestSupport
import Testing

@testable import ReaderRPC

/// The client against a server that answers with whatever a test wants, over real connections.
@Suite(.timeLimit(.minutes(3))) struct ClientTests {
    private static let patience = Duration.seconds(60)

    /// Answers every request as a reader would.
    private static let good: ScriptedReader.Script = { request in
        [.bytes(Answers.http(Answers.envelope(id: try request.envelope().id)))]
    }

    private func heartbeat(_ client: ReaderClient, timeout: Duration = patience) async -> Result<ReaderReply, ReaderFailure> {
        await call(client, .heartbeat, timeout: timeout)
    }

    private func call(
        _ client: ReaderClient, _ command: ReaderCommand, timeout: Duration = patience
    ) async -> Result<ReaderReply, ReaderFailure> {
        do {
            return .success(try await client.call(command, session: session, trace: "payment-1", timeout: timeout))
        } catch {
            return .failure(error)
        }
    }

    private func isLost(_ result: Result<ReaderReply, ReaderFailure>) -> Bool {
        if case .failure(.lost) = result { true } else { false }
    }

    @Test func `calls share one connection and carry what HTTP needs`() async throws {
        try await ScriptedReader.run(script: Self.good) { reader in
            let client = plainClient(port: reader.port)
            for _ in 0..<5 { #expect(await heartbeat(client) == .success(.done)) }
            await client.close()
            #expect(reader.connections == 1)
            let requests = reader.requests
            #expect(requests.count == 5)
            let ids = try requests.map { try $0.envelope().id }
            #expect(ids == ids.sorted() && Set(ids).count == 5)
            let first = try #require(requests.first)
            #expect(first.head.uri == "/protojsonservice/JackRabbitService" && first.head.method == .POST)
            #expect(first.head.headers["Host"] == ["reader.test:\(reader.port)"])
            #expect(first.head.headers["Content-Type"] == ["application/json"])
            #expect(try first.envelope().parentTraceID == "payment-1")
            #expect(try first.envelope().sessionToken == "session-0123456789")
            #expect(await reader.allHungUp())
        }
    }

    @Test func `an answer is understood however it is cut into pieces`() async throws {
        let cut = Mutex(0)
        let script: ScriptedReader.Script = { request in
            let bytes = Answers.http(Answers.envelope(id: try request.envelope().id))
            let place = cut.withLock { cut in
                defer { cut += 1 }
                return cut % bytes.count
            }
            return [.bytes(Array(bytes[..<place])), .bytes(Array(bytes[place...]))]
        }
        try await ScriptedReader.run(script: script) { reader in
            let client = plainClient(port: reader.port)
            for _ in 0..<230 { #expect(await heartbeat(client) == .success(.done)) }
            await client.close()
            #expect(reader.connections == 1)
        }
    }

    @Test func `a chunked answer and one that ends with the connection are whole`() async throws {
        let script: ScriptedReader.Script = { request in
            let body = Answers.bytes(Answers.envelope(id: try request.envelope().id))
            if request.number == 1 {
                let head = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
                let chunks = body.map { "1\r\n\(String(decoding: [$0], as: UTF8.self))\r\n" }.joined()
                return [.bytes(Array("\(head)\(chunks)0\r\n\r\n".utf8))]
            }
            return [.bytes(Array("HTTP/1.0 200 OK\r\n\r\n".utf8) + body), .hangUp]
        }
        try await ScriptedReader.run(script: script) { reader in
            let client = plainClient(port: reader.port)
            #expect(await heartbeat(client) == .success(.done))
            #expect(await heartbeat(client) == .success(.done))
            #expect(reader.connections == 1)
            #expect(await heartbeat(client) == .success(.done))
            #expect(reader.connections == 2)
            await client.close()
        }
    }

    @Test func `a refusal by code keeps the connection`() async throws {
        let script: ScriptedReader.Script = { request in
            let code: JSONValue = request.number == 1 ? "ILLEGAL_STATE" : "OK"
            return [.bytes(Answers.http(Answers.envelope(id: try request.envelope().id, changing: ["app_error_code": code])))]
        }
        try await ScriptedReader.run(script: script) { reader in
            let client = plainClient(port: reader.port)
            #expect(
                await heartbeat(client)
                    == .failure(.app(.illegalState, detail: "the reader gave no reason")))
            #expect(await heartbeat(client) == .success(.done))
            #expect(reader.connections == 1)
            await client.close()
        }
    }

    @Test func `an answer to another request ends the connection`() async throws {
        let script: ScriptedReader.Script = { request in
            let id = try request.envelope().id
            return [.bytes(Answers.http(Answers.envelope(id: request.number == 1 ? id - 1 : id)))]
        }
        try await ScriptedReader.run(script: script) { reader in
            let client = plainClient(port: reader.port)
            #expect(
                await heartbeat(client)
                    == .failure(.invalidAnswer(detail: "terminalHeartbeat: the answer belongs to another request")))
            #expect(await heartbeat(client) == .success(.done))
            #expect(reader.connections == 2)
            await client.close()
        }
    }

    @Test func `a second answer that nobody asked for is never taken for the next one`() async throws {
        let script: ScriptedReader.Script = { request in
            let answer = Answers.http(Answers.envelope(id: try request.envelope().id))
            let stray = Answers.http(Answers.envelope(changing: ["app_error_code": "UNAUTHORIZED"]))
            return [.bytes(request.number == 1 ? answer + stray : answer)]
        }
        try await ScriptedReader.run(script: script) { reader in
            let client = plainClient(port: reader.port)
            #expect(await heartbeat(client) == .success(.done))
            #expect(await heartbeat(client) == .success(.done))
            #expect(reader.connections == 2)
            await client.close()
        }
    }

    @Test(arguments: [
        "not HTTP at all\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\n{\"rpc", "HTTP/1.1 2",
        "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 7\r\n\r\n{}", "HTTP/1.1 500 Oops\r\nContent-Length: 0\r\n\r\n", "",
    ])
    func `an answer that is not one is lost, and is asked for once`(_ text: String) async throws {
        try await ScriptedReader.run(script: { _ in [.bytes(Array(text.utf8)), .hangUp] }) { reader in
            let client = plainClient(port: reader.port)
            #expect(isLost(await heartbeat(client)))
            #expect(reader.requests.count == 1)
            await client.close()
        }
    }

    @Test func `a request that was sent is never sent again by itself`() async throws {
        // The first answer is fine, so that the connection is a kept one when it is cut on the second request.
        let script: ScriptedReader.Script = { request in
            request.number == 1 ? [.bytes(Answers.http(Answers.envelope(id: try request.envelope().id)))] : [.hangUp]
        }
        try await ScriptedReader.run(script: script) { reader in
            let client = plainClient(port: reader.port)
            #expect(await heartbeat(client) == .success(.done))
            let confirm = ReaderCommand.confirm(transaction, intent: IntentID(unchecked: "pi_1"), card: sampleCard)
            let lost = await call(client, confirm)
            #expect(isLost(lost))
            #expect(reader.requests.count == 2 && reader.connections == 1)
            await client.close()
        }
    }

    @Test func `a kept connection that ended while it rested is opened again`() async throws {
        try await ScriptedReader.run(script: Self.good) { reader in
            let client = plainClient(port: reader.port)
            for round in 1...5 {
                #expect(await heartbeat(client) == .success(.done))
                #expect(reader.connections == round)
                await reader.hangUpAll()
                // The end of the connection has to reach this side before the next call is made; then nothing is written into it.
                try await eventually("the kept connection is over") { await client.keptConnectionIsOver }
            }
            #expect(reader.requests.count == 5)
            await client.close()
        }
    }

    @Test func `a connection that has rested too long is not trusted with a request`() async throws {
        try await ScriptedReader.run(script: Self.good) { reader in
            let client = plainClient(port: reader.port, restLimit: .zero)
            #expect(await heartbeat(client) == .success(.done))
            #expect(await heartbeat(client) == .success(.done))
            #expect(reader.connections == 2 && reader.requests.count == 2)
            await client.close()
            #expect(await reader.allHungUp())
        }
    }

    @Test func `a huge answer ends at once`() async throws {
        let script: ScriptedReader.Script = { _ in
            let head = Array("HTTP/1.1 200 OK\r\nContent-Length: 10000000\r\n\r\n".utf8)
            return [.bytes(head)] + Array(repeating: .bytes([UInt8](repeating: 0x20, count: 100_000)), count: 100)
        }
        try await ScriptedReader.run(script: script) { reader in
            let client = plainClient(port: reader.port)
            let lost = await heartbeat(client)
            #expect(lost == .failure(.lost(detail: "terminalHeartbeat: the answer was larger than any reader's")))
            #expect(await reader.allHungUp())
            await client.close()
        }
    }

    @Test func `endless headers end at once`() async throws {
        let script: ScriptedReader.Script = { _ in
            [.bytes(Array("HTTP/1.1 200 OK\r\n".utf8))]
                + Array(repeating: .bytes(Array(String(repeating: "X-Y: zzzzzzzzzzzzzzzz\r\n", count: 1000).utf8)), count: 30)
        }
        try await ScriptedReader.run(script: script) { reader in
            let client = plainClient(port: reader.port)
            #expect(isLost(await heartbeat(client)))
            #expect(await reader.allHungUp())
            await client.close()
        }
    }

    @Test func `silence is lost after the timeout, and the connection with it`() async throws {
        let script: ScriptedReader.Script = { request in
            request.number == 1 ? [] : [.bytes(Answers.http(Answers.envelope(id: try request.envelope().id)))]
        }
        try await ScriptedReader.run(script: script) { reader in
            let client = plainClient(port: reader.port)
            let start = ContinuousClock.now
            let lost = await heartbeat(client, timeout: .seconds(15))
            #expect(lost == .failure(.lost(detail: "terminalHeartbeat: there was no whole answer in time")))
            #expect(ContinuousClock.now - start >= .milliseconds(14_990))
            #expect(await reader.allHungUp())
            #expect(await heartbeat(client) == .success(.done))
            #expect(reader.connections == 2 && reader.requests.count == 2)
            await client.close()
        }
    }

    @Test func `an answer that only drips does not stretch the deadline`() async throws {
        let drip = DripServer()
        let port = try await drip.start()
        let client = plainClient(port: port)
        let start = ContinuousClock.now
        #expect(isLost(await heartbeat(client, timeout: .seconds(15))))
        #expect(ContinuousClock.now - start < .seconds(120))
        await client.close()
        try await drip.stop()
    }

    @Test func `a cancelled call hangs up`() async throws {
        try await ScriptedReader.run(script: { _ in [] }) { reader in
            let client = plainClient(port: reader.port)
            let failure = try await withThrowingTaskGroup(of: Result<ReaderReply, ReaderFailure>?.self) { group in
                group.addTask { await heartbeat(client) }
                try await eventually("the reader has the request") { reader.requests.count == 1 }
                group.cancelAll()
                return try await group.next() ?? nil
            }
            #expect(failure == .failure(.lost(detail: "terminalHeartbeat: the call was given up")))
            #expect(await reader.allHungUp())
            await client.close()
        }
    }

    @Test func `closing ends a call in flight as lost and refuses later ones`() async throws {
        try await ScriptedReader.run(script: { _ in [] }) { reader in
            let client = plainClient(port: reader.port)
            async let lost = heartbeat(client)
            try await eventually("the reader has the request") { reader.requests.count == 1 }
            await client.close()
            #expect(isLost(await lost))
            #expect(
                await heartbeat(client)
                    == .failure(.unreachable(detail: "this side has closed the connection to the reader")))
            #expect(await reader.allHungUp() && reader.connections == 1)
        }
    }

    @Test func `calls take turns`() async throws {
        try await ScriptedReader.run(script: Self.good) { reader in
            let client = plainClient(port: reader.port)
            let replies = await withTaskGroup(of: Result<ReaderReply, ReaderFailure>.self) { group in
                for _ in 0..<30 { group.addTask { await heartbeat(client) } }
                return await group.reduce(into: []) { $0.append($1) }
            }
            #expect(replies == Array(repeating: .success(.done), count: 30))
            #expect(reader.connections == 1 && reader.requests.count == 30)
            await client.close()
        }
    }

    @Test func `who waits for a turn waits no longer than the timeout`() async throws {
        try await ScriptedReader.run(script: { _ in [] }) { reader in
            let client = plainClient(port: reader.port)
            async let first = heartbeat(client)
            try await eventually("the reader has the request") { reader.requests.count == 1 }
            let second = await heartbeat(client, timeout: .milliseconds(100))
            #expect(
                second
                    == .failure(
                        .unreachable(detail: "another call to this reader took all the time of terminalHeartbeat; nothing was sent")))
            #expect(reader.requests.count == 1)
            await client.close()
            #expect(isLost(await first))
        }
    }

    @Test func `when no stream can be opened the reason comes through`() async {
        let refused = ReaderFailure.untrusted(.expired(notAfter: 5))
        let client = ReaderClient(identity: identity, host: "reader.test", port: 1) { _ async throws(ReaderFailure) in throw refused }
        #expect(await heartbeat(client) == .failure(refused))
        await client.close()
    }

    @Test func `the stream is given the time that is left`() async throws {
        let given = Mutex<[Duration]>([])
        let client = ReaderClient(identity: identity, host: "reader.test", port: 1) { timeout async throws(ReaderFailure) in
            given.withLock { $0.append(timeout) }
            throw .unreachable(detail: "no")
        }
        for timeout: Duration in [.seconds(3), .zero, .seconds(-5), .seconds(Int64.max / 2)] {
            #expect(await heartbeat(client, timeout: timeout) != .success(.done))
        }
        let times = given.withLock { $0 }
        #expect(times.count == 2)
        #expect(times.first.map { $0 <= .seconds(3) && $0 > .seconds(1) } == true)
        #expect(times.last.map { $0 <= .seconds(86_400) } == true)
    }

    @Test func `a stream that closes before anything is written was not reached`() async throws {
        // The listener accepts and hangs up; the call is made only after the end has arrived.
        try await ScriptedReader.run(script: Self.good) { reader in
            let client = ReaderClient(identity: identity, host: "reader.test", port: 1) { _ async throws(ReaderFailure) in
                do {
                    let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
                        .connect(host: "127.0.0.1", port: reader.port).get()
                    try await channel.close()
                    return channel
                } catch {
                    throw .unreachable(detail: "test fault")
                }
            }
            #expect(
                await heartbeat(client)
                    == .failure(.unreachable(detail: "the reader closed the connection before anything was sent")))
            #expect(reader.requests.isEmpty)
            await client.close()
        }
    }
}
