import TextSafety
import Certificates
import GatewayModel
import Moments
import NIOCore
import NIOPosix
import NIOSSL

/// Examines the certificate that a server shows, without trusting it and without sending anything, to say what is wrong with it.
///
/// It is used only after a connection was refused for its certificate: the refusal itself says no more than "verification failed".
enum CertificateLook {
    /// The reason, or nil when the server could not be examined in that time.
    ///
    /// - Parameters:
    ///   - address: the server's address. Nil dials the address that its name leads to.
    ///   - trustRoots: the operator's own authorities.
    static func problem(
        of base: WebBase, at address: String? = nil, trustRoots: String?, group: any EventLoopGroup, within time: TimeAmount
    ) async -> CertificateProblem? {
        let context: NIOSSLContext
        do {
            // The context has no roots: it never verifies, it only examines, and roots are what makes a context expensive.
            var bare = TLSConfiguration.makeClientConfiguration()
            bare.trustRoots = .certificates([])
            context = try NIOSSLContext(configuration: bare)
        } catch {
            return nil
        }
        let loop = group.any()
        let shown = loop.makePromise(of: [NIOSSLCertificate].self)
        let limit = loop.scheduleTask(in: time) { shown.fail(ChannelError.connectTimeout(time)) }
        let bootstrap = ClientBootstrap(group: loop)
            .connectTimeout(time)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let handler = try NIOSSLClientHandler(
                        context: context, serverHostname: base.isAddress ? nil : base.host,
                        customVerificationCallback: { chain, verdict in
                            if chain.isEmpty { shown.fail(NIOSSLError.noCertificateToValidate) } else { shown.succeed(chain) }
                            verdict.succeed(.failed)
                        })
                    try channel.pipeline.syncOperations.addHandler(handler)
                    try channel.pipeline.syncOperations.addHandler(CloseOnError(shown: shown))
                }
            }
        let connection = bootstrap.connect(host: address ?? base.host, port: base.port)
        connection.whenFailure { shown.fail($0) }
        defer {
            limit.cancel()
            connection.whenSuccess { $0.close(promise: nil) }
        }
        do {
            return judge(
                try await shown.futureResult.get(), host: base.host, isAddress: base.isAddress,
                trusted: TrustedAuthorities.read(besides: trustRoots), now: BoxClock.now())
        } catch {
            // The first refusal stands, and is reported without a reason.
            return nil
        }
    }

    static func judge(
        _ chain: [NIOSSLCertificate], host: String, isAddress: Bool, trusted: [[UInt8]: CertificateFacts], now: WallTime
    ) -> CertificateProblem {
        guard let leaf = chain.first else { return .other(detail: "nothing was shown") }
        let notBefore = WallTime(Int64(leaf.notValidBefore) * 1000)
        let notAfter = WallTime(Int64(leaf.notValidAfter) * 1000)
        if now < notBefore { return .notYetValid(notBefore: notBefore) }
        if now > notAfter { return .expired(notAfter: notAfter) }
        if !isAddress, !CertificateName.matches(host, leaf) {
            let names = CertificateName.names(of: leaf).prefix(5).map { Shown.line($0, limit: 100) }
            return .wrongName(expected: host, presented: Array(names))
        }
        let facts = chain.prefix(16).compactMap(Self.facts)
        if let flaw = ChainJudge.flaw(in: facts, trusted: trusted, host: host, now: now.milliseconds / 1000) {
            return .flawed(words: flaw.words, remedy: flaw.remedy)
        }
        let issuer = facts.first?.issuerName ?? ""
        if ChainJudge.isAuthorityKnown(facts, trusted: trusted) {
            return .other(detail: "it is not signed by the authority that it names, \(issuer)")
        }
        return .unknownAuthority(issuer: issuer)
    }

    static func facts(_ certificate: NIOSSLCertificate) -> CertificateFacts? {
        do {
            return CertificateFacts(try certificate.toDERBytes())
        } catch {
            return nil
        }
    }

    /// What is wrong, as a sentence about the server at `place`.
    static func sentence(_ problem: CertificateProblem, place: String, now: WallTime) -> String {
        switch problem {
        case .wrongName(let expected, let presented):
            "the certificate of \(place) is not for \(expected)"
                + (presented.isEmpty ? ": it names no host" : " but for \(presented.joined(separator: ", "))")
        case .expired(let notAfter):
            "the certificate of \(place) ended on \(CivilTime(notAfter).sentence), or \(TransportWords.clock) is wrong: it says \(CivilTime(now).sentence)"
        case .notYetValid(let notBefore):
            "the certificate of \(place) begins on \(CivilTime(notBefore).sentence), but \(TransportWords.clock) says \(CivilTime(now).sentence): set the clock"
        case .unknownAuthority:
            "the certificate of \(place) \(TransportWords.untrusted): no authority that this box trusts has signed it (a private authority belongs into trust_roots)"
        case .flawed(let words, let remedy):
            "the certificate of \(place) \(words): \(remedy.prefix(1).lowercased() + remedy.dropFirst().trimmed)"
        case .other(let detail):
            "the certificate of \(place) \(TransportWords.untrusted): \(detail)"
        }
    }
}

extension StringProtocol {
    /// The text without the point at its end, for the sentence goes on.
    fileprivate var trimmed: String { hasSuffix(".") ? String(dropLast()) : String(self) }
}

/// Ends the examination when the handshake fails before a certificate was shown.
private final class CloseOnError: ChannelInboundHandler {
    typealias InboundIn = NIOAny

    private let shown: EventLoopPromise<[NIOSSLCertificate]>

    init(shown: EventLoopPromise<[NIOSSLCertificate]>) { self.shown = shown }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        shown.fail(error)
        context.close(promise: nil)
    }

    func channelInactive(context: ChannelHandlerContext) {
        shown.fail(ChannelError.eof)
    }
}
