import TextSafety
import GatewayModel
import Moments
import NIOCore
import NIOPosix
import NIOSSL

/// Opens verified TLS streams to readers on the store's network.
///
/// The address is dialled as it is and no name is ever resolved: a router that hides private addresses from public names cannot break it.
/// The published name serves for SNI and for the check of the certificate.
package struct LANLink: Sendable {
    private let tls: TLSClient
    private let dialer: Dialer

    /// Reads the system's roots, which takes time: the caller makes one link and keeps it.
    ///
    /// - Parameter roots: the path of a PEM file with authorities that are trusted besides the system's.
    package init(roots: String?, group: any EventLoopGroup = MultiThreadedEventLoopGroup.singleton) throws(TrustProblem) {
        self.init(tls: try TLSClient(roots: roots), group: group)
    }

    /// Uses a TLS client that other links use too.
    package init(tls: TLSClient, group: any EventLoopGroup = MultiThreadedEventLoopGroup.singleton) {
        self.tls = tls
        dialer = Dialer(group: group)
    }

    /// Connects and verifies. It sends nothing but the handshake.
    ///
    /// - Throws: `.unreachable` with a sentence that says what happened, or `.untrusted` with what is wrong with the certificate.
    package func open(_ route: ReaderRoute, timeout: Duration) async throws(ReaderFailure) -> any Channel {
        guard case .lan(let address) = route.link else { throw .unreachable(detail: "\(route.address) is not on the LAN") }
        // The name is made of the address: without a valid address there is no valid name either.
        try Dialer.check(address, route.port)
        guard HostName.isValid(route.host) else {
            throw .unreachable(detail: "\"\(Shown.plain(route.host, limit: 100))\" is not a name that a reader's certificate can bear")
        }
        let deadline = NIODeadline.after(timeout)
        let peer = "\(address):\(route.port)"
        let channel = try await dialer.connect(address, route.port, until: deadline)
        do {
            try await tls.secure(channel, host: route.host, peer: peer, until: deadline)
        } catch .untrusted(.unknownAuthority(let issuer)) {
            // A missing authority is the last reason to report, so the whole chain is examined first.
            do throws(ReaderFailure) {
                let again = try await dialer.connect(address, route.port, until: deadline)
                throw .untrusted(try await tls.problem(over: again, host: route.host, peer: peer, until: deadline))
            } catch {
                if case .untrusted = error { throw error }
                throw .untrusted(.unknownAuthority(issuer: issuer))
            }
        }
        return channel
    }

    /// Examines the certificate that is shown at an address, and hangs up. It serves diagnosis and discovery, sends nothing, and says
    /// whether an authority stands behind the certificate.
    ///
    /// The handshake names no host (SNI): at this point none is known. That readers show their certificate all the same is inferred, for
    /// they have only one.
    ///
    /// - Parameter answeringWithin: the time for the connection alone. Nil allows it all of the time.
    package func inspect(
        address: String, port: Int, answeringWithin: Duration? = nil, timeout: Duration
    ) async throws(ReaderFailure) -> PresentedCertificate {
        let deadline = NIODeadline.after(timeout)
        let channel = try await dialer.connect(address, port, until: min(deadline, .after(answeringWithin ?? timeout)))
        return try await tls.look(over: channel, peer: "\(address):\(port)", until: deadline)
    }
}

extension NIODeadline {
    /// The deadline is bounded, so that no settings file can make it overflow.
    static func after(_ timeout: Duration) -> NIODeadline {
        .now() + TimeAmount(min(max(timeout, .zero), .seconds(86_400)))
    }
}
