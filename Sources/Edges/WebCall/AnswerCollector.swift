import AsyncHTTPClient
import NIOConcurrencyHelpers
import NIOCore
import NIOHTTP1

/// Gathers one answer up to its limit, and remembers whether the request ever went out, which decides whether it may have acted.
final class AnswerCollector: HTTPClientResponseDelegate, Sendable {
    typealias Response = Void

    struct Collected: Sendable {
        /// The request's head was given to the connection.
        var sent = false
        var head: HTTPResponseHead?
        var body = ByteBuffer()
        /// The answer was longer than the limit.
        var overflowed = false
        /// The answer came to its proper end.
        var complete = false
    }

    /// Ends the transfer of an answer when no more of it is wanted.
    struct Enough: Error {}

    /// The bytes of a refusal that are read, for its text is only shown.
    private static let refusalLimit = 16 * 1024

    private let limit: Int
    private let takesAnyStatus: Bool
    private let state = NIOLockedValueBox(Collected())

    init(limit: Int, takesAnyStatus: Bool) {
        self.limit = limit
        self.takesAnyStatus = takesAnyStatus
    }

    var collected: Collected { state.withLockedValue { $0 } }

    func didSendRequestHead(task: HTTPClient.Task<Void>, _ head: HTTPRequestHead) {
        state.withLockedValue { $0.sent = true }
    }

    func didReceiveHead(task: HTTPClient.Task<Void>, _ head: HTTPResponseHead) -> EventLoopFuture<Void> {
        let announced = head.headers.first(name: "content-length").flatMap { Int($0) } ?? 0
        let tooLong = state.withLockedValue { state in
            state.head = head
            state.overflowed = announced > bound(head)
            return state.overflowed
        }
        // A refusal is read in part even when it announces more than that.
        return tooLong && isWanted(head) ? task.eventLoop.makeFailedFuture(Enough()) : task.eventLoop.makeSucceededVoidFuture()
    }

    func didReceiveBodyPart(task: HTTPClient.Task<Void>, _ buffer: ByteBuffer) -> EventLoopFuture<Void> {
        let full = state.withLockedValue { state -> Bool in
            guard let head = state.head else { return true }
            var part = buffer
            let room = bound(head) - state.body.readableBytes
            let overflowed = part.readableBytes > room
            if overflowed { state.overflowed = true }
            if var piece = part.readSlice(length: min(room, part.readableBytes)) { state.body.writeBuffer(&piece) }
            return overflowed
        }
        return full ? task.eventLoop.makeFailedFuture(Enough()) : task.eventLoop.makeSucceededVoidFuture()
    }

    func didFinishRequest(task: HTTPClient.Task<Void>) throws {
        state.withLockedValue { $0.complete = true }
    }

    private func isWanted(_ head: HTTPResponseHead) -> Bool {
        takesAnyStatus || (200...299).contains(head.status.code)
    }

    private func bound(_ head: HTTPResponseHead) -> Int {
        isWanted(head) ? limit : Self.refusalLimit
    }
}
