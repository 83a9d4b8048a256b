import TextSafety
import GatewayModel
import Moments
import Glibc
import NIOCore
import NIOPosix
import Synchronization

/// Connects to addresses that a reader may have, and says in one sentence why it could not.
struct Dialer: Sendable {
    let group: any EventLoopGroup

    /// - Returns: a connected channel that does not read yet.
    func connect(_ address: String, _ port: Int, until deadline: NIODeadline) async throws(ReaderFailure) -> any Channel {
        let peer = "\(Shown.plain(address, limit: 64)):\(port)"
        let target: SocketAddress
        do {
            guard (1...65_535).contains(port) else { throw ReaderFailure.unreachable(detail: "\(port) is not a port") }
            target = try SocketAddress(ipAddress: try PrivateAddress(address).text, port: port)
        } catch {
            throw Self.refusal(error, address: address, peer: peer)
        }
        let attempt = Attempt()
        let bootstrap = ClientBootstrap(group: group)
            .connectTimeout(max(.nanoseconds(1), deadline - .now()))
            .channelOption(.tcpOption(.tcp_nodelay), value: 1)
            .channelOption(.socketOption(.so_keepalive), value: 1)
            // The agent notices within 15 s that a reader has lost its power or its network, also while it only waits for the reader: an
            // issuer may take minutes.
            .channelOption(.tcpOption(.init(rawValue: TCP_KEEPIDLE)), value: 5)
            .channelOption(.tcpOption(.init(rawValue: TCP_KEEPINTVL)), value: 5)
            .channelOption(.tcpOption(.init(rawValue: TCP_KEEPCNT)), value: 3)
            // The same limit holds for sent data that is not acknowledged. The kernel would go on for a quarter of an hour.
            .channelOption(.tcpOption(.init(rawValue: TCP_USER_TIMEOUT)), value: 15_000)
            // The channel reads nothing before a handler is there to read it.
            .channelOption(.autoRead, value: false)
            .channelInitializer { channel in
                attempt.began(channel)
                return channel.eventLoop.makeSucceededVoidFuture()
            }
        do {
            return try await withTaskCancellationHandler {
                try await bootstrap.connect(to: target).get()
            } onCancel: {
                attempt.cancel()
            }
        } catch {
            if attempt.isCanceled { throw .unreachable(detail: "the connection to \(peer) was given up") }
            throw Self.failure(error, peer: peer)
        }
    }

    /// - Throws: `.unreachable` for a text that is not the address of a reader.
    static func check(_ address: String, _ port: Int) throws(ReaderFailure) {
        do {
            _ = try PrivateAddress(address)
        } catch {
            throw refusal(error, address: address, peer: "\(Shown.plain(address, limit: 64)):\(port)")
        }
    }

    /// Says what a text in place of a reader's address is: readers have IPv4 addresses only (reader-protocol, section 10).
    static func notIPv4(_ address: String) -> String {
        let shown = Shown.plain(address, limit: 64)
        if address.utf8.allSatisfy({ $0 <= 0x20 }) { return "the reader's address is blank: Stripe has not heard of it yet" }
        let parts = address.split(separator: ":", omittingEmptySubsequences: false)
        if parts.count > 2 { return "\(shown) is an IPv6 address, and readers are reached by IPv4 only" }
        if parts.count == 2 { return "\(shown) is an address with a port; the port is set by lan.port, and the address stands alone" }
        if address.contains("/") { return "\(shown) is a network or a path, not an address" }
        return "\(shown) is not an IPv4 address; readers have no other"
    }

    private static func refusal(_ error: any Error, address: String, peer: String) -> ReaderFailure {
        switch error {
        case let failure as ReaderFailure: failure
        case PrivateAddress.Problem.notIPv4: .unreachable(detail: notIPv4(address))
        case PrivateAddress.Problem.notPrivate:
            .unreachable(detail: "\(peer) is not an address of a local network; a reader elsewhere is not dialled")
        default: .unreachable(detail: "\(peer) is not an address that can be dialled")
        }
    }

    private static func failure(_ error: any Error, peer: String) -> ReaderFailure {
        switch error {
        case ChannelError.connectTimeout: return .unreachable(detail: "\(peer) did not answer in time")
        case let error as IOError:
            switch error.errnoCode {
            case ECONNREFUSED: return .unreachable(detail: "\(peer) refused the connection")
            case EHOSTUNREACH: return .unreachable(detail: "nobody has the address of \(peer) on this network")
            case ENETUNREACH: return .unreachable(detail: "this box has no route to \(peer)")
            case ETIMEDOUT: return .unreachable(detail: "\(peer) did not answer in time")
            case EMFILE, ENFILE: return .unreachable(detail: "this box has no file descriptor left to connect to \(peer)")
            default: return .unreachable(detail: "no connection to \(peer): \(Shown.plain(String(describing: error), limit: 100))")
            }
        default: return .unreachable(detail: "no connection to \(peer): \(Shown.plain(String(describing: error), limit: 100))")
        }
    }
}

/// One connection attempt under way, so that it can be ended.
private final class Attempt: Sendable {
    private struct State {
        var channel: (any Channel)?
        var canceled = false
    }

    private let state = Mutex(State())

    var isCanceled: Bool { state.withLock { $0.canceled } }

    func began(_ channel: any Channel) {
        let canceled = state.withLock { state in
            state.channel = channel
            return state.canceled
        }
        if canceled { channel.close(promise: nil) }
    }

    func cancel() {
        let channel = state.withLock { state in
            state.canceled = true
            return state.channel
        }
        channel?.close(promise: nil)
    }
}
