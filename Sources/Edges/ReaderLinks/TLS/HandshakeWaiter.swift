import TextSafety
import NIOCore
import NIOSSL
import NIOTLS

/// The end of a handshake that did not succeed.
enum HandshakeFailure: Error {
    /// The certificate's chain did not verify. The certificate is the one that the other end showed.
    case refused(NIOSSLCertificate?)
    /// The deadline came first.
    case timedOut
    /// The other end closed or cut the connection.
    case closed
    /// The other end does not speak TLS, or not as this side does. The text is the library's word for it.
    case notTLS(String)
    /// This side ended the handshake.
    case canceled
}

/// Sits behind the TLS handler until the handshake is done, and reports its result.
final class HandshakeWaiter: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = NIOAny

    private let tls: NIOSSLClientHandler
    private let deadline: NIODeadline
    private var promise: EventLoopPromise<NIOSSLCertificate>?
    private var timeout: Scheduled<Void>?

    /// - Parameter promise: the promise that is completed exactly once, with the certificate of a chain that verified.
    init(tls: NIOSSLClientHandler, promise: EventLoopPromise<NIOSSLCertificate>, deadline: NIODeadline) {
        self.tls = tls
        self.promise = promise
        self.deadline = deadline
    }

    func handlerAdded(context: ChannelHandlerContext) {
        timeout = context.eventLoop.assumeIsolated().scheduleTask(deadline: deadline) { [weak self] in
            self?.finish(.failure(.timedOut))
        }
    }

    func handlerRemoved(context: ChannelHandlerContext) { finish(.failure(.closed)) }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        guard case .handshakeCompleted = event as? TLSUserEvent else {
            context.fireUserInboundEventTriggered(event)
            return
        }
        // A verified chain without a leaf cannot be. If it could, it would prove nothing.
        finish(tls.peerCertificate.map { .success($0) } ?? .failure(.refused(nil)))
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { finish(.failure(failure(error))) }

    func channelInactive(context: ChannelHandlerContext) {
        finish(.failure(.closed))
        context.fireChannelInactive()
    }

    /// Ends the wait from this side.
    func finish(_ result: Result<NIOSSLCertificate, HandshakeFailure>) {
        guard let promise else { return }
        self.promise = nil
        timeout?.cancel()
        switch result {
        case .success(let leaf): promise.succeed(leaf)
        case .failure(let failure): promise.fail(failure)
        }
    }

    private func failure(_ error: any Error) -> HandshakeFailure {
        switch error {
        case NIOSSLError.handshakeFailed(let reason):
            let text = String(describing: reason)
            // The library gives the reason only as BoringSSL's own text.
            if text.contains("CERTIFICATE_VERIFY_FAILED") { return .refused(tls.peerCertificate) }
            if text.contains("EOF during handshake") { return .closed }
            return .notTLS(Self.word(in: text))
        case is NIOSSLError, is BoringSSLError: return .notTLS(Shown.plain(String(describing: error), limit: 100))
        case is IOError, is ChannelError: return .closed
        default: return .notTLS(Shown.plain(String(describing: error), limit: 100))
        }
    }

    /// BoringSSL's word for a fault, taken from "error:…:SSL routines:OPENSSL_internal:WRONG_VERSION_NUMBER at /file:12".
    private static func word(in text: String) -> String {
        guard let start = text.firstRange(of: "OPENSSL_internal:")?.upperBound else { return "handshake failed" }
        let word = text[start...].prefix { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "_") }.prefix(60)
        return word.lowercased().split(separator: "_").joined(separator: " ")
    }
}
