import TextSafety
import GatewayModel
import Moments
import NIOCore
import NIOPosix

/// Opens verified TLS streams to readers over their USB reader links.
///
/// The cable proves nothing about the device at its end: the certificate is verified as on the LAN, to the reader's published name.
package struct USBLink: Sendable {
    private let tls: TLSClient
    private let streams: USBStreams

    package init(tls: TLSClient, group: any EventLoopGroup = MultiThreadedEventLoopGroup.singleton) {
        self.tls = tls
        streams = USBStreams(group: group)
    }

    /// Claims the interface, begins a stream and verifies the reader at its end. It sends nothing but the handshake.
    ///
    /// - Throws: `.unreachable` with a sentence that says what happened, or `.untrusted` with what is wrong with the certificate.
    package func open(_ route: ReaderRoute, timeout: Duration) async throws(ReaderFailure) -> any Channel {
        guard case .usb(let place) = route.link else { throw .unreachable(detail: "\(route.address) is not on USB") }
        guard HostName.isValid(route.host) else {
            throw .unreachable(detail: "\"\(Shown.plain(route.host, limit: 100))\" is not a name that a reader's certificate can bear")
        }
        let deadline = ContinuousClock.now + min(max(timeout, .zero), .seconds(86_400))
        let channel = try await streams.begin(place, before: deadline)
        try await tls.secure(channel, host: route.host, peer: place.name, timeout: deadline - .now)
        return channel
    }
}
