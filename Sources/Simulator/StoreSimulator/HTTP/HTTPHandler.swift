import NIOCore
import NIOHTTP1

/// Serves one connection: it gathers a request, asks the service, and writes the answer byte for byte.
///
/// It serves one request at a time. Bytes that come before the answer is written (pipelining, which no client of these servers does) end
/// the connection.
final class HTTPHandler: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = ByteBuffer

    private enum State {
        case waiting
        case reading(HTTPRequestHead, [UInt8])
        case answering(closesAfter: Bool)
    }

    private static let largestBody = 4 << 20

    private let connection: Int
    private let service: any HTTPService
    private var state = State.waiting

    init(connection: Int, service: any HTTPService) {
        self.connection = connection
        self.service = service
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch (unwrapInboundIn(data), state) {
        case (.head(let head), .waiting):
            state = .reading(head, [])
        case (.body(let buffer), .reading(let head, var body)):
            guard body.count + buffer.readableBytes <= Self.largestBody else {
                context.close(promise: nil)
                return
            }
            body.append(contentsOf: buffer.readableBytesView)
            state = .reading(head, body)
        case (.end, .reading(let head, let body)):
            state = .answering(closesAfter: !head.isKeepAlive)
            let request = Self.request(head, body, connection: connection)
            perform(service.handle(request), context: context)
        default:
            context.close(promise: nil)
        }
    }

    private static func request(_ head: HTTPRequestHead, _ body: [UInt8], connection: Int) -> HTTPRequest {
        var headers: [String: String] = [:]
        for header in head.headers {
            let name = header.name.lowercased()
            headers[name] = headers[name].map { "\($0), \(header.value)" } ?? header.value
        }
        let parts = head.uri.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        return HTTPRequest(
            method: head.method.rawValue, path: String(parts.first ?? ""),
            query: parts.count > 1 ? FormCoding.decode(String(parts[1])) : [],
            headers: headers, body: body, connection: connection)
    }

    private func perform(_ disposition: Disposition, context: ChannelHandlerContext) {
        switch disposition {
        case .reply(let reply):
            write(reply.wire(date: service.date), context: context)
        case .raw(let bytes):
            state = .answering(closesAfter: true)
            write(bytes, context: context)
        case .close:
            context.close(promise: nil)
        case .silence:
            break
        case .after(let milliseconds, let next):
            // The work goes on when the client has hung up: a reader does not stop charging a card because its client has gone.
            let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
            context.eventLoop.scheduleTask(in: .milliseconds(Int64(max(0, milliseconds)))) {
                let (handler, context) = bound.value
                handler.perform(next(), context: context)
            }
        case .whenReady(let future):
            let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
            future.hop(to: context.eventLoop).whenComplete { result in
                let (handler, context) = bound.value
                switch result {
                case .success(let disposition): handler.perform(disposition, context: context)
                case .failure: context.close(promise: nil)
                }
            }
        }
    }

    private func write(_ bytes: [UInt8], context: ChannelHandlerContext) {
        guard context.channel.isActive, case .answering(let closesAfter) = state else { return }
        let written = context.writeAndFlush(wrapOutboundOut(context.channel.allocator.buffer(bytes: bytes)))
        if closesAfter {
            let bound = NIOLoopBound(context, eventLoop: context.eventLoop)
            written.whenComplete { _ in bound.value.close(promise: nil) }
        } else {
            state = .waiting
        }
    }

    func channelInactive(context: ChannelHandlerContext) {
        service.connectionClosed(connection)
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        // A failed handshake or a request that is no HTTP ends the connection, as servers do.
        context.close(promise: nil)
    }
}
