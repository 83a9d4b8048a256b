import TextSafety
import Certificates
import FoundationEssentials
import GatewayModel
import Moments
import NIOCore
import NIOSSL
import Synchronization

/// TLS towards a reader, over any stream: the chain is verified against the system's roots and the operator's, the name by this code.
///
/// The library's own check of names is off, and this one is stricter: the library would also accept an address in the certificate that
/// equals the socket's, or a common name, and it cannot check on a stream that has no address.
///
/// The client holds the system's roots, which takes some megabytes of reading: the caller makes one for all links and keeps it.
package struct TLSClient: Sendable {
    private let context: NIOSSLContext
    private let roots: String?

    /// - Parameter roots: a PEM file of certificates that are trusted besides the system's.
    package init(roots: String?) throws(TrustProblem) {
        self.roots = roots
        var configuration = TLSConfiguration.makeClientConfiguration()
        configuration.minimumTLSVersion = .tlsv12
        configuration.trustRoots = SystemRoots.trusted
        configuration.certificateVerification = .noHostnameVerification
        // The limit is for the farewell of a connection that is being closed.
        configuration.shutdownTimeout = .seconds(1)
        if let roots {
            do {
                let certificates = try NIOSSLCertificate.fromPEMFile(roots)
                configuration.additionalTrustRoots = [.certificates(certificates)]
            } catch {
                throw .roots(path: roots, detail: Shown.plain(String(describing: error), limit: 100))
            }
        }
        do {
            context = try NIOSSLContext(configuration: configuration)
        } catch {
            throw .context(detail: Shown.plain(String(describing: error), limit: 200))
        }
    }

    /// Shakes hands and checks that the other end is `host`. It sends nothing but the handshake itself.
    ///
    /// - Parameters:
    ///   - channel: a connected channel that does not read yet (`autoRead` off). This call owns it, and closes it when it throws.
    ///   - peer: the name of the other end in texts.
    /// - Throws: `.unreachable` or `.untrusted`.
    package func secure(_ channel: any Channel, host: String, peer: String, timeout: Duration) async throws(ReaderFailure) {
        try await secure(channel, host: host, peer: peer, until: .after(timeout))
    }

    func secure(_ channel: any Channel, host: String, peer: String, until deadline: NIODeadline) async throws(ReaderFailure) {
        do {
            let leaf = try await shakeHands(on: channel, until: deadline) { context in
                try NIOSSLClientHandler(context: context, serverHostname: host)
            }
            guard PresentedCertificate.isFor(host, leaf) else {
                throw ReaderFailure.untrusted(PresentedCertificate.problem(leaf, host: host, now: Self.now()))
            }
            if let flaw = PresentedCertificate.ownFlaw(leaf) { throw ReaderFailure.untrusted(flaw) }
        } catch {
            channel.close(promise: nil)
            throw Self.readerFailure(error, host: host, peer: peer)
        }
    }

    /// Examines the certificate that the other end shows, and hangs up before anything else is sent. It says whether a trusted authority
    /// stands behind the certificate. The caller checks the name in it.
    func look(over channel: any Channel, peer: String, until deadline: NIODeadline) async throws(ReaderFailure) -> PresentedCertificate {
        defer { channel.close(promise: nil) }
        do {
            return .verified(
                try await shakeHands(on: channel, until: deadline) { context in
                    try NIOSSLClientHandler(context: context, serverHostname: nil)
                })
        } catch HandshakeFailure.refused(let leaf?) {
            return .refused(leaf, now: Self.now())
        } catch HandshakeFailure.refused(nil) {
            throw .unreachable(detail: "\(peer) ended the handshake without showing a certificate")
        } catch {
            throw Self.readerFailure(error, host: "", peer: peer)
        }
    }

    /// The reason why the chain at the other end does not verify, from all the certificates that it shows.
    ///
    /// - Parameter channel: a new channel, for the handshake that was refused has shown the leaf alone.
    func problem(
        over channel: any Channel, host: String, peer: String, until deadline: NIODeadline
    ) async throws(ReaderFailure)
        -> CertificateProblem
    {
        let chain = try await chain(over: channel, host: host, peer: peer, until: deadline)
        return PresentedCertificate.problem(
            chain, host: host, trusted: TrustedAuthorities.read(besides: roots), now: Self.now())
    }

    private func chain(
        over channel: any Channel, host: String, peer: String, until deadline: NIODeadline
    ) async throws(ReaderFailure) -> [NIOSSLCertificate] {
        defer { channel.close(promise: nil) }
        let shown = Mutex<[NIOSSLCertificate]>([])
        do {
            _ = try await shakeHands(on: channel, until: deadline) { context in
                try NIOSSLClientHandler(context: context, serverHostname: host) {
                    (chain: [NIOSSLCertificate], verdict: EventLoopPromise<NIOSSLVerificationResult>) in
                    shown.withLock { $0 = chain }
                    verdict.succeed(.failed)
                }
            }
        } catch {
            let chain = shown.withLock { $0 }
            guard chain.isEmpty else { return chain }
            throw Self.readerFailure(error, host: host, peer: peer)
        }
        throw .unreachable(detail: "\(peer) ended the handshake without showing a certificate")
    }

    private func shakeHands(
        on channel: any Channel, until deadline: NIODeadline,
        with handler: @escaping @Sendable (NIOSSLContext) throws -> NIOSSLClientHandler
    ) async throws -> NIOSSLCertificate {
        let context = context
        let done = channel.eventLoop.makePromise(of: NIOSSLCertificate.self)
        let waiter: NIOLoopBound<HandshakeWaiter>
        do {
            waiter = try await channel.eventLoop.submit {
                let tls = try handler(context)
                let waiter = HandshakeWaiter(tls: tls, promise: done, deadline: deadline)
                let pipeline = channel.pipeline.syncOperations
                try pipeline.addHandler(waiter)
                try pipeline.addHandler(tls, position: .before(waiter))
                try channel.syncOptions?.setOption(.autoRead, value: true)
                return NIOLoopBound(waiter, eventLoop: channel.eventLoop)
            }.get()
        } catch {
            // The handler never took the promise over, or it has completed it. A second completion is ignored.
            done.fail(HandshakeFailure.closed)
            throw error
        }
        let leaf = try await withTaskCancellationHandler {
            try await done.futureResult.get()
        } onCancel: {
            channel.eventLoop.execute { waiter.value.finish(.failure(.canceled)) }
        }
        try await channel.eventLoop.flatSubmit { channel.pipeline.syncOperations.removeHandler(waiter.value) }.get()
        return leaf
    }

    private static func readerFailure(_ error: any Error, host: String, peer: String) -> ReaderFailure {
        switch error {
        case let failure as ReaderFailure: failure
        // A call that was given up may end with any error.
        case _ where Task.isCancelled: .unreachable(detail: "the connection to \(peer) was given up")
        case HandshakeFailure.refused(let leaf?):
            .untrusted(PresentedCertificate.problem(leaf, host: host, now: now()))
        case HandshakeFailure.refused(nil): .untrusted(.other(detail: "the chain of its certificate does not verify"))
        case HandshakeFailure.timedOut: .unreachable(detail: "\(peer) accepted the connection, but did not finish a TLS handshake in time")
        case HandshakeFailure.closed, is ChannelError, is IOError:
            .unreachable(detail: "\(peer) closed the connection during the TLS handshake")
        case HandshakeFailure.notTLS(let word): .unreachable(detail: "\(peer) does not speak TLS as a reader does (\(word))")
        case HandshakeFailure.canceled: .unreachable(detail: "the connection to \(peer) was given up")
        default: .unreachable(detail: "no TLS with \(peer): \(Shown.plain(String(describing: error), limit: 100))")
        }
    }

    private static func now() -> WallTime { WallTime(Int64(Date().timeIntervalSince1970 * 1000)) }
}
