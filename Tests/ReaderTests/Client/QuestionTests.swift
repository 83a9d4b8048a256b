import JSON
import FoundationEssentials
import GatewayModel
import Moments
import Testing

@testable import ReaderRPC

/// One lost answer sends no customer away: what only asks is asked again, and nothing else is.
@Suite(.timeLimit(.minutes(3))) struct QuestionTests {
    private func carryOut(
        _ command: ReaderCommand, _ script: @escaping ScriptedReader.Script, timeout: Duration = .seconds(60)
    ) async throws -> (result: Result<ReaderReply, ReaderFailure>, requests: [ScriptedReader.Request]) {
        try await ScriptedReader.run(script: script) { reader in
            let client = plainClient(port: reader.port)
            let result: Result<ReaderReply, ReaderFailure>
            do throws(ReaderFailure) {
                result = .success(try await client.carryOut(command, session: session, trace: "t", timeout: timeout))
            } catch {
                result = .failure(error)
            }
            await client.close()
            return (result, reader.requests)
        }
    }

    private static func good(_ request: ScriptedReader.Request, code: JSONValue = "RPC_OK") throws -> [ScriptedReader.Step] {
        [.bytes(Answers.http(Answers.envelope(id: try request.envelope().id, changing: ["rpc_error_code": code])))]
    }

    private static let questions: [ReaderCommand] = [.heartbeat, .query(transaction), .queryReusable]

    @Test(arguments: questions)
    func `a question is asked again when the connection is cut, the answer is cut short, or it is no answer`(
        _ question: ReaderCommand
    ) async throws {
        let (result, requests) = try await carryOut(question) { request in
            switch request.number {
            case 1: [.hangUp]
            case 2: [.bytes(Array("HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n{".utf8)), .hangUp]
            case 3: [.bytes(Array("HTTP/1.1 502 Bad\r\nContent-Length: 0\r\n\r\n".utf8))]
            default: try Self.good(request)
            }
        }
        #expect(result == .success(question == .heartbeat ? .done : .pending))
        #expect(requests.count == 4)
    }

    @Test func `a question that silence answers is asked again over another connection`() async throws {
        let (result, requests) = try await carryOut(.query(transaction), { $0.number == 1 ? [] : try Self.good($0) }, timeout: .seconds(60))
        #expect(result == .success(.pending))
        #expect(requests.map(\.connection) == [1, 2])
    }

    @Test(arguments: ["RETRY", "SERVER_BUSY", "TIMEOUT", "NETWORK_UNAVAILABLE"])
    func `a reader that cannot just now is asked again, some times`(_ code: String) async throws {
        let (passing, _) = try await carryOut(.heartbeat) { try Self.good($0, code: $0.number < 3 ? .string(code) : "RPC_OK") }
        #expect(passing == .success(.done))
        let (lasting, requests) = try await carryOut(.heartbeat) { try Self.good($0, code: .string(code)) }
        #expect(lasting == .failure(.rpc(RPCErrorCode(wire: code), detail: "the reader gave no reason")))
        #expect(requests.count == Questions.refusedLimit)
    }

    @Test func `a question whose time is over has failed`() async throws {
        let (result, requests) = try await carryOut(.heartbeat, { _ in [.hangUp] }, timeout: .seconds(15))
        guard case .failure(.lost) = result else {
            Issue.record("\(result)")
            return
        }
        #expect(requests.count > 2)
    }

    @Test func `a reader that is not there is missed soon`() async throws {
        let port = try await ScriptedReader.run(script: { _ in [] }, { $0.port })
        let client = plainClient(port: port)
        await #expect(throws: ReaderFailure.unreachable(detail: "refused")) {
            try await client.carryOut(.query(transaction), session: session, trace: "t", timeout: .seconds(600))
        }
        await client.close()
    }

    @Test(arguments: everyCommand.filter { !$0.onlyAsks })
    func `what moves something is never asked again`(_ command: ReaderCommand) async throws {
        let (result, requests) = try await carryOut(command) { _ in [.hangUp] }
        guard case .failure(.lost) = result else {
            Issue.record("\(result)")
            return
        }
        #expect(requests.count == 1)
    }

    @Test func `only the questions ask`() {
        #expect(everyCommand.filter(\.onlyAsks) == Self.questions)
    }
}
