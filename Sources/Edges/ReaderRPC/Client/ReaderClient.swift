import TextSafety
import JSON
import FoundationEssentials
import GatewayModel
import Moments
import NIOCore
import NIOHTTP1

/// Speaks to one reader over any stream of bytes that the caller has opened and secured.
///
/// One request is in flight at a time. A second call waits its turn, no longer than its own timeout. The connection is kept between calls.
/// A request that was sent, or may have been, is never sent again, but for a question that moves nothing (``ReaderCommand/onlyAsks``).
package actor ReaderClient {
    /// The time after which a kept connection that has rested is not trusted with a request. The reader may be closing it at this moment,
    /// and then it is unknown whether the request arrived. A new handshake is cheaper than that doubt.
    package static let usualRestLimit = Duration.seconds(20)

    private let identity: ReaderIdentity
    private let authority: String
    private let restLimit: Duration
    private let observe: (@Sendable (ReaderExchange) -> Void)?
    private let openStream: @Sendable (_ timeout: Duration) async throws(ReaderFailure) -> any Channel
    private let turn = Turn()
    private var connection: ReaderConnection?
    private var rested: ContinuousClock.Instant
    private var lastID: Int64 = 0
    private var closed = false

    /// Makes a client, which connects when it is first called. Its owner closes it.
    ///
    /// - Parameters:
    ///   - host: the reader's published name, for the `Host` header.
    ///   - restLimit: how long a kept connection may have rested and still be used.
    ///   - observe: gets every call that was not refused here when it has ended, its secrets included.
    ///   - openStream: opens a stream whose other end has proved to be the reader. It keeps to its timeout, and ends early when its task is
    ///     cancelled.
    package init(
        identity: ReaderIdentity, host: String, port: Int, restLimit: Duration = usualRestLimit,
        observe: (@Sendable (ReaderExchange) -> Void)? = nil,
        openStream: @escaping @Sendable (_ timeout: Duration) async throws(ReaderFailure) -> any Channel
    ) {
        self.identity = identity
        self.restLimit = restLimit
        self.observe = observe
        self.authority = "\(host):\(port)"
        self.openStream = openStream
        self.rested = .now
    }

    /// Works as ``call(_:session:trace:timeout:)``, and asks a question whose answer is lost again, over a new connection, until its time
    /// is over.
    package func carryOut(
        _ command: ReaderCommand, session: SessionToken?, trace: String, timeout: Duration
    ) async throws(ReaderFailure) -> ReaderReply {
        guard command.onlyAsks else { return try await call(command, session: session, trace: trace, timeout: timeout) }
        let end = ContinuousClock.now + min(max(timeout, .zero), .seconds(86_400))
        var questions = Questions()
        while true {
            do throws(ReaderFailure) {
                // One try gets a part of the time: on a connection that the network has forgotten nothing would come in all of it.
                let share = max(timeout / Questions.share, Questions.leastShare)
                return try await call(command, session: session, trace: trace, timeout: min(share, end - .now))
            } catch {
                guard !closed, !Task.isCancelled, let pause = questions.pause(after: error, left: end - .now) else { throw error }
                // A cancelled task ends the loop, and the failure is the answer.
                do { try await Task.sleep(for: pause) } catch { continue }
            }
        }
    }

    /// Makes one call.
    ///
    /// - Parameters:
    ///   - session: the token that the activation gave. It is nil before.
    ///   - trace: free text by which the vendor's side can follow one payment: the payment's id.
    ///   - timeout: the time for waiting its turn, connecting, writing and the whole answer together.
    /// - Throws: `.unreachable` and `.untrusted` only when nothing was sent. Every other failure means that the request was sent, or may
    ///   have been.
    package func call(
        _ command: ReaderCommand, session: SessionToken?, trace: String, timeout: Duration
    ) async throws(ReaderFailure) -> ReaderReply {
        let timeout = min(max(timeout, .zero), .seconds(86_400))
        let deadline = ContinuousClock.now + timeout
        guard await turn.take(before: deadline) else {
            throw .unreachable(detail: "another call to this reader took all the time of \(command.name); nothing was sent")
        }
        defer { turn.pass() }
        let message = try request(command, session: session, trace: trace)
        let begun = ContinuousClock.now
        let answer: HTTPAnswer
        do {
            answer = try await exchange(message, for: command, until: deadline)
        } catch {
            observe?(ReaderExchange(authority, message.body, begun: begun, .failure(error)))
            throw error
        }
        observe?(ReaderExchange(authority, message.body, begun: begun, .answer(status: answer.status, .init(answer.body))))
        do {
            return try ReplyReader(command: command, session: session).reply(
                status: answer.status, body: answer.body.readableBytesView, id: message.id)
        } catch {
            // After an answer that makes no sense nothing that follows on this connection can be trusted. Refusals by code are sound
            // answers.
            switch error {
            case .rpc, .app, .unsupported: break
            case .unreachable, .untrusted, .lost, .invalidAnswer: discard()
            }
            throw error
        }
    }

    /// Hangs up for good: a call in flight ends as `.lost`, and later ones are refused.
    package func close() async {
        closed = true
        let connection = connection
        self.connection = nil
        await connection?.close()
    }

    /// Whether the kept connection has noticed its end. It serves tests, which must not guess how long that takes.
    var keptConnectionIsOver: Bool {
        get async { await connection?.isOver ?? true }
    }

    private struct Message {
        var id: Int64
        var body: ByteBuffer
    }

    private func request(_ command: ReaderCommand, session: SessionToken?, trace: String) throws(ReaderFailure) -> Message {
        // The number is unique and increases, also when the clock is set back.
        lastID = max(Int64(Date().timeIntervalSince1970 * 1000), lastID + 1)
        do {
            let envelope = try RequestWriter(identity: identity).envelope(
                command, id: lastID, session: session, trace: Shown.line(trace, limit: 200))
            return Message(id: lastID, body: ByteBuffer(bytes: try JSONValue(encoding: envelope).bytes()))
        } catch {
            throw .unreachable(detail: "the request \(command.name) could not be written; nothing was sent")
        }
    }

    private func exchange(
        _ message: Message, for command: ReaderCommand, until deadline: ContinuousClock.Instant
    ) async throws(ReaderFailure) -> HTTPAnswer {
        let head = HTTPRequestHead(
            version: .http1_1, method: .POST, uri: Wire.path,
            headers: [
                "Host": authority, "Content-Type": "application/json", "Content-Length": String(message.body.readableBytes),
                "Accept": "application/json", "User-Agent": "\(identity.product)/\(identity.productVersion)",
            ])
        while true {
            let (connection, fresh) = try await connected(until: deadline)
            do {
                let answer = try await connection.exchange(head, message.body, until: .now() + TimeAmount(deadline - .now))
                if answer.reusable { rested = .now } else { discard() }
                return answer
            } catch {
                discard()
                switch error {
                case .lost(let reason): throw .lost(detail: "\(command.name): \(reason)")
                // The kept connection ended while it rested. The request never left, so it may go over a new one, once.
                case .notSent(let reason):
                    if fresh || Task.isCancelled || closed { throw .unreachable(detail: "\(command.name): \(reason)") }
                }
            }
        }
    }

    private func connected(until deadline: ContinuousClock.Instant) async throws(ReaderFailure) -> (ReaderConnection, fresh: Bool) {
        if closed { throw .unreachable(detail: "this side has closed the connection to the reader") }
        if let connection {
            if ContinuousClock.now - rested < restLimit { return (connection, false) }
            discard()
        }
        let left = deadline - .now
        guard left > .zero, !Task.isCancelled else { throw .unreachable(detail: "the call was given up before it was connected") }
        let channel = try await openStream(left)
        let opened: ReaderConnection
        do {
            opened = try await ReaderConnection(over: channel)
        } catch {
            // The channel may be closed already. Closing it then reports that, which is no news.
            try? await channel.close()
            throw .unreachable(detail: "the reader closed the connection before anything was sent")
        }
        if closed {
            await opened.close()
            throw .unreachable(detail: "this side has closed the connection to the reader")
        }
        connection = opened
        rested = .now
        return (opened, true)
    }

    private func discard() {
        connection?.drop()
        connection = nil
    }
}
