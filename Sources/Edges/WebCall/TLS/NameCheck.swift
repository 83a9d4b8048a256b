import Certificates
import NIOConcurrencyHelpers
import NIOCore
import NIOSSL

/// Checks the name in the certificate of a fresh connection before anything is sent over it (see ``CertificateName``).
///
/// The transport does not say which host a connection was made for. It does not have to: NIOSSL has taken the certificate for the very host
/// that was asked for, or for the address that was dialled. So it is enough that the certificate bears the name of a host that this client
/// calls, in a form that counts.
final class NameCheck: Sendable {
    private let hosts = NIOLockedValueBox<Set<WebBase>>([])

    /// Adds a host. The caller does so before the host is called.
    func expect(_ base: WebBase) {
        hosts.withLockedValue { _ = $0.insert(base) }
    }

    /// Runs on the connection's loop, once TLS is up. It fails when no name in the certificate is one that is called.
    func run(on channel: any Channel) -> EventLoopFuture<Void> {
        do {
            guard let certificate = try channel.pipeline.syncOperations.nioSSL_peerCertificate() else {
                throw NIOSSLError.noCertificateToValidate
            }
            guard isWanted(certificate, at: channel.remoteAddress) else { throw WrongCertificateName() }
            if let flaw = CertificateLook.facts(certificate).flatMap(ChainJudge.ownFlaw) { throw flaw }
            return channel.eventLoop.makeSucceededVoidFuture()
        } catch {
            // The channel closes in the loop's next turn: the pool must hear of the failure first, and only then of the end of a connection
            // that it has dropped.
            channel.eventLoop.execute { channel.close(promise: nil) }
            return channel.eventLoop.makeFailedFuture(error)
        }
    }

    func isWanted(_ certificate: NIOSSLCertificate, at address: SocketAddress?) -> Bool {
        // A certificate without a DNS name was taken by its common name, which no authority should issue any more. A wildcard for
        // everything stands for no host.
        let names = CertificateName.names(of: certificate)
        return hosts.withLockedValue { $0 }.contains { base in
            base.isAddress ? base.host == address?.ipAddress : names.contains { CertificateName.covers($0, base.host) }
        }
    }
}
