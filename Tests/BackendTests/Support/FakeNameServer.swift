import NIOConcurrencyHelpers
import NIOCore
import NIOPosix

/// A name server of a test's own, on a free port of the loopback address.
final class FakeNameServer: Sendable {
    enum Manner: Sendable {
        /// Swallows every question.
        case dead
        /// Knows these addresses, of whatever family, for every name.
        case knows([String])
        /// Answers for the one family, and swallows questions for the other.
        case onlyFour([String])
        /// A code of its own for every question.
        case code(UInt8)
        /// Answers with what a test makes of the question.
        case bytes(@Sendable ([UInt8]) -> [[UInt8]])
    }

    let port: Int
    private let channel: any Channel
    private let count = NIOLockedValueBox(0)

    static func run<Result>(_ manner: Manner, _ body: (FakeNameServer) async throws -> Result) async throws -> Result {
        let server = try await FakeNameServer(manner)
        do {
            let result = try await body(server)
            try await server.channel.close()
            return result
        } catch {
            try await server.channel.close()
            throw error
        }
    }

    private init(_ manner: Manner) async throws {
        let count = count
        channel = try await DatagramBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(Answering(manner, count))
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        port = channel.localAddress?.port ?? 0
    }

    var questions: Int { count.withLockedValue { $0 } }

    /// An answer to a question, with records for these addresses.
    static func answer(_ question: [UInt8], code: UInt8 = 0, _ addresses: [String] = []) -> [UInt8] {
        let kind = question.suffix(4).dropFirst().first ?? 0
        let records = addresses.filter { $0.contains(":") == (kind == 28) }.map { text -> [UInt8] in
            let octets = Self.octets(text)
            return [0xc0, 12, 0, kind, 0, 1, 0, 0, 0, 60, 0, UInt8(octets.count)] + octets
        }
        var bytes = Array(question.prefix(2)) + [0x81, 0x80 | code, 0, 1, 0, UInt8(records.count), 0, 0, 0, 0]
        bytes += question.dropFirst(12)
        return bytes + records.flatMap(\.self)
    }

    /// Of an address that makes sense; two colons stand for as many noughts as are missing.
    private static func octets(_ text: String) -> [UInt8] {
        guard text.contains(":") else { return text.split(separator: ".").compactMap { UInt8($0) } }
        func groups(_ part: Substring) -> [UInt8] {
            part.split(separator: ":").compactMap { UInt16($0, radix: 16) }.flatMap { [UInt8($0 >> 8), UInt8($0 & 0xff)] as [UInt8] }
        }
        let halves = text.split(separator: "::", maxSplits: 1, omittingEmptySubsequences: false).map(groups)
        let known = halves.flatMap(\.self).count
        return (halves.first ?? []) + [UInt8](repeating: 0, count: max(0, 16 - known)) + halves.dropFirst().flatMap(\.self)
    }

    private final class Answering: ChannelInboundHandler {
        typealias InboundIn = AddressedEnvelope<ByteBuffer>
        typealias OutboundOut = AddressedEnvelope<ByteBuffer>

        private let manner: Manner
        private let count: NIOLockedValueBox<Int>

        init(_ manner: Manner, _ count: NIOLockedValueBox<Int>) {
            self.manner = manner
            self.count = count
        }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            let envelope = unwrapInboundIn(data)
            let question = Array(envelope.data.readableBytesView)
            count.withLockedValue { $0 += 1 }
            let answers: [[UInt8]]
            switch manner {
            case .dead: answers = []
            case .knows(let addresses): answers = [FakeNameServer.answer(question, addresses)]
            case .onlyFour(let addresses):
                answers = question.suffix(3).first == 28 ? [] : [FakeNameServer.answer(question, addresses)]
            case .code(let code): answers = [FakeNameServer.answer(question, code: code)]
            case .bytes(let make): answers = make(question)
            }
            for bytes in answers {
                context.writeAndFlush(
                    wrapOutboundOut(AddressedEnvelope(remoteAddress: envelope.remoteAddress, data: ByteBuffer(bytes: bytes))), promise: nil)
            }
        }
    }
}
