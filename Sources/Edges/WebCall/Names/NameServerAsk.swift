import NIOConcurrencyHelpers
import NIOCore
import NIOPosix

/// Asks one name server for a name by itself, past the system's resolver, which does not say which of them is silent.
package enum NameServerAsk {
    package enum Outcome: Sendable, Equatable {
        /// The addresses of both families, in the server's order. The list may be empty.
        case addresses([String])
        case noSuchName
        /// The server answers that it cannot or will not. The number is its code (RFC 1035, section 4.1.1).
        case trouble(Int)
        case silent
        /// Nothing can be sent to the server from here.
        case unreachable
    }

    /// The time that the second family is waited for. One family is enough.
    private static let grace = TimeAmount.milliseconds(100)
    /// The time after which a lost packet is sent again.
    private static let again = TimeAmount.milliseconds(700)

    package static func of(_ name: String, server: String, port: Int = 53, within limit: Duration) async -> Outcome {
        await of(name, server: server, port: port, within: limit, kinds: NameMessage.Kind.allCases)
    }

    static func of(_ name: String, server: String, port: Int, within limit: Duration, kinds: [NameMessage.Kind]) async -> Outcome {
        let group = MultiThreadedEventLoopGroup.singleton
        let questions = kinds.compactMap { kind in
            let id = UInt16.random(in: 0 ... .max)
            return NameMessage.question(name, kind, id: id).map { Question(kind: kind, id: id, bytes: $0) }
        }
        // A text that is no name has no address, whichever server is asked.
        guard questions.count == kinds.count else { return .noSuchName }
        let promise = group.any().makePromise(of: Outcome.self)
        let conversation = Conversation(name, questions, promise)
        let channel: any Channel
        do {
            // The kernel drops packets from any other sender.
            channel = try await DatagramBootstrap(group: group)
                .channelInitializer { channel in
                    channel.eventLoop.makeCompletedFuture {
                        try channel.pipeline.syncOperations.addHandler(ReplyHandler(conversation))
                    }
                }
                .connect(to: try SocketAddress(ipAddress: server, port: port)).get()
        } catch {
            promise.succeed(.unreachable)
            return .unreachable
        }
        let limit = TimeAmount(min(max(limit, .zero), .seconds(60)))
        let timeout = channel.eventLoop.scheduleTask(in: limit) { conversation.timeIsOver() }
        let repeats = channel.eventLoop.scheduleRepeatedTask(initialDelay: .zero, delay: again) { _ in
            for question in conversation.open {
                channel.writeAndFlush(ByteBuffer(bytes: question.bytes)).whenFailure { _ in conversation.failed() }
            }
        }
        defer {
            timeout.cancel()
            repeats.cancel()
            channel.close(promise: nil)
        }
        do {
            return try await withTaskCancellationHandler {
                try await promise.futureResult.get()
            } onCancel: {
                conversation.timeIsOver()
            }
        } catch {
            return .unreachable
        }
    }

    struct Question: Sendable {
        var kind: NameMessage.Kind
        var id: UInt16
        var bytes: [UInt8]
    }

    /// Collects the answers to the questions that were asked together. It ends once.
    private final class Conversation: Sendable {
        private struct State {
            var open: [Question]
            var addresses: [String] = []
            var trouble: Outcome?
        }

        private let name: String
        private let state: NIOLockedValueBox<State>
        private let promise: EventLoopPromise<Outcome>

        init(_ name: String, _ questions: [Question], _ promise: EventLoopPromise<Outcome>) {
            self.name = name
            state = NIOLockedValueBox(State(open: questions))
            self.promise = promise
        }

        var open: [Question] { state.withLockedValue { $0.open } }

        /// - Returns: whether there is an address already, although not every question has been answered.
        func answered(_ bytes: [UInt8]) -> Bool {
            let (end, isEnough): (Outcome?, Bool) = state.withLockedValue { state in
                for (index, question) in state.open.enumerated() {
                    guard let reply = NameMessage.reply(bytes, to: name, question.kind, id: question.id) else { continue }
                    state.open.remove(at: index)
                    switch reply {
                    case .addresses(let addresses): state.addresses += addresses
                    // The reply is about one family only: some servers say so of a name that has no address in it.
                    case .noSuchName: state.trouble = .noSuchName
                    case .trouble(let code): state.trouble = state.trouble ?? .trouble(code)
                    }
                    break
                }
                guard state.open.isEmpty else { return (nil, !state.addresses.isEmpty) }
                return (state.addresses.isEmpty ? state.trouble ?? .addresses([]) : .addresses(state.addresses), false)
            }
            if let end { promise.succeed(end) }
            return isEnough
        }

        func timeIsOver() {
            let known = state.withLockedValue { $0.addresses }
            promise.succeed(known.isEmpty ? .silent : .addresses(known))
        }

        func failed() { promise.succeed(.unreachable) }
    }

    private final class ReplyHandler: ChannelInboundHandler {
        typealias InboundIn = AddressedEnvelope<ByteBuffer>

        private let conversation: Conversation

        init(_ conversation: Conversation) { self.conversation = conversation }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            guard conversation.answered(Array(unwrapInboundIn(data).data.readableBytesView)) else { return }
            let conversation = conversation
            context.eventLoop.scheduleTask(in: NameServerAsk.grace) { conversation.timeIsOver() }
        }

        // No server listens at the port (ICMP).
        func errorCaught(context: ChannelHandlerContext, error: any Error) { conversation.failed() }
    }
}
