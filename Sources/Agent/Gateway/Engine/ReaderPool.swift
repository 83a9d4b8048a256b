internal import GatewayCore
internal import GatewayModel
import Moments
internal import ReaderLinks
internal import ReaderRPC

/// One connection a reader, kept between calls; a new one when the reader is somewhere else.
actor ReaderPool {
    private let lan: LANLink
    private let usb: USBLink
    private let identity: ReaderIdentity
    private let observe: (@Sendable (ReaderID, ReaderExchange) -> Void)?
    private var clients: [ReaderID: (route: ReaderRoute, client: ReaderClient)] = [:]

    init(lan: LANLink, usb: USBLink, identity: ReaderIdentity, observe: (@Sendable (ReaderID, ReaderExchange) -> Void)?) {
        self.lan = lan
        self.usb = usb
        self.identity = identity
        self.observe = observe
    }

    func client(for id: ReaderID, at route: ReaderRoute) async -> ReaderClient {
        if let known = clients[id] {
            if known.route == route { return known.client }
            clients[id] = nil
            await known.client.close()
        }
        // Another call may have made one while the old was being closed.
        if let known = clients[id], known.route == route { return known.client }
        let (lan, usb) = (lan, usb)
        let seen = observe.map { observe in { @Sendable (exchange: ReaderExchange) in observe(id, exchange) } }
        let client = ReaderClient(
            identity: identity, host: route.host, port: route.port, observe: seen
        ) { timeout throws(ReaderFailure) in
            switch route.link {
            case .lan: try await lan.open(route, timeout: timeout)
            case .usb: try await usb.open(route, timeout: timeout)
            }
        }
        clients[id] = (route, client)
        return client
    }

    func closeAll() async {
        let all = clients.values.map(\.client)
        clients = [:]
        for client in all { await client.close() }
    }
}
