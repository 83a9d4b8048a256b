import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL

/// The answer to a call.
package struct HTTPAnswer: Sendable {
    package var status: Int
    package var headers: [String: String]
    package var body: [UInt8]

    package var text: String { String(decoding: body, as: UTF8.self) }
}

/// Makes single HTTP/1.1 calls, for `readersim`'s own commands and for tests that must see every byte. Each call has its own connection.
package struct HTTPCaller: Sendable {
    package var address: String
    package var port: Int
    /// The name in the Host header. For TLS it is also the name that is asked for and must be in the certificate.
    package var host: String
    /// The trust roots as PEM. Nil means plain HTTP.
    package var trustRoots: String?

    package init(address: String, port: Int, host: String? = nil, trustRoots: String? = nil) {
        self.address = address
        self.port = port
        self.host = host ?? address
        self.trustRoots = trustRoots
    }

    /// Makes a call and waits for the whole answer.
    ///
    /// - Throws: `SimulatorError` when the time is over or the connection ends before the answer does, and TLS and socket errors.
    package func call(
        _ method: String, _ path: String, headers: [String: String] = [:], body: [UInt8] = [], within limit: TimeAmount = .seconds(30)
    ) async throws -> HTTPAnswer {
        let loop = MultiThreadedEventLoopGroup.singleton.any()
        let promise = loop.makePromise(of: HTTPAnswer.self)
        let tls = try context()
        let host = host
        let channel: any Channel
        do {
            channel = try await ClientBootstrap(group: loop)
                .channelOption(.tcpOption(.tcp_nodelay), value: 1)
                .connectTimeout(.seconds(5))
                .channelInitializer { channel in
                    channel.eventLoop.makeCompletedFuture {
                        let pipeline = channel.pipeline.syncOperations
                        if let tls { try pipeline.addHandler(NIOSSLClientHandler(context: tls, serverHostname: host)) }
                        try pipeline.addHTTPClientHandlers()
                        try pipeline.addHandler(AnswerCollector(promise))
                    }
                }
                .connect(host: address, port: port).get()
        } catch {
            promise.fail(error)
            throw error
        }
        let timer = loop.scheduleTask(in: limit) { promise.fail(SimulatorError("no answer in time")) }
        promise.futureResult.whenComplete { _ in
            timer.cancel()
            channel.close(promise: nil)
        }
        var head = HTTPRequestHead(version: .http1_1, method: HTTPMethod(rawValue: method), uri: path)
        head.headers.add(name: "Host", value: "\(host):\(port)")
        head.headers.add(name: "Connection", value: "close")
        head.headers.add(name: "Content-Length", value: String(body.count))
        for (name, value) in headers.sorted(by: { $0.key < $1.key }) { head.headers.replaceOrAdd(name: name, value: value) }
        channel.write(HTTPClientRequestPart.head(head), promise: nil)
        channel.write(HTTPClientRequestPart.body(.byteBuffer(channel.allocator.buffer(bytes: body))), promise: nil)
        channel.writeAndFlush(HTTPClientRequestPart.end(nil), promise: nil)
        return try await withTaskCancellationHandler {
            try await promise.futureResult.get()
        } onCancel: {
            channel.close(promise: nil)
        }
    }

    private func context() throws -> NIOSSLContext? {
        guard let trustRoots else { return nil }
        var configuration = TLSConfiguration.makeClientConfiguration()
        configuration.trustRoots = .certificates(try NIOSSLCertificate.fromPEMBytes(Array(trustRoots.utf8)))
        return try NIOSSLContext(configuration: configuration)
    }
}

/// Gathers one answer. It succeeds or fails its promise exactly once: when the answer is whole, on an error, or when the connection ends.
private final class AnswerCollector: ChannelInboundHandler {
    typealias InboundIn = HTTPClientResponsePart

    private let promise: EventLoopPromise<HTTPAnswer>
    private var answer = HTTPAnswer(status: 0, headers: [:], body: [])

    init(_ promise: EventLoopPromise<HTTPAnswer>) { self.promise = promise }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head):
            answer.status = Int(head.status.code)
            for header in head.headers { answer.headers[header.name.lowercased()] = header.value }
        case .body(let buffer): answer.body.append(contentsOf: buffer.readableBytesView)
        case .end: promise.succeed(answer)
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        promise.fail(error)
        context.close(promise: nil)
    }

    func channelInactive(context: ChannelHandlerContext) {
        promise.fail(SimulatorError("the connection ended before the answer"))
        context.fireChannelInactive()
    }
}
