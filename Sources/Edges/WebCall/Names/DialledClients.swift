import AsyncHTTPClient
import NIOConcurrencyHelpers
import NIOCore

/// Keeps a client for each host at the address at which it is dialled: the library knows no other way to say where a name is. Names in TLS
/// stay the host's.
///
/// A host that has moved gets a client of its own for the new place. The old one is shut down when its last call has ended.
final class DialledClients: Sendable {
    struct Dialled: Sendable {
        let client: HTTPClient
        fileprivate let key: Key
    }

    fileprivate struct Key: Hashable, Sendable {
        var host: String
        /// The address that is dialled. Nil leaves it to the library to find it.
        var address: String?
    }

    private struct Slot {
        let client: HTTPClient
        var users = 0
    }

    private struct State {
        var slots: [Key: Slot] = [:]
        /// The places of the hosts now.
        var places: [String: String] = [:]
        var isShutDown = false
    }

    private let configuration: HTTPClient.Configuration
    private let group: any EventLoopGroup
    private let state = NIOLockedValueBox(State())

    init(_ configuration: HTTPClient.Configuration, group: any EventLoopGroup) {
        self.configuration = configuration
        self.group = group
    }

    /// Takes the client for a host, which ``giveBack(_:)`` returns. It is nil after the shutdown.
    func take(_ host: String, at address: String?) -> Dialled? {
        let key = Key(host: host, address: address)
        let (client, left): (HTTPClient?, [HTTPClient]) = state.withLockedValue { state in
            guard !state.isShutDown else { return (nil, []) }
            var left: [HTTPClient] = []
            if let address {
                state.places[host] = address
                for old in state.slots.keys where old.host == host && old != key && state.slots[old]?.users == 0 {
                    if let slot = state.slots.removeValue(forKey: old) { left.append(slot.client) }
                }
            }
            var slot = state.slots[key] ?? Slot(client: make(key))
            slot.users += 1
            state.slots[key] = slot
            return (slot.client, left)
        }
        retire(left)
        return client.map { Dialled(client: $0, key: key) }
    }

    func giveBack(_ dialled: Dialled) {
        let left: HTTPClient? = state.withLockedValue { state in
            state.slots[dialled.key]?.users -= 1
            guard state.slots[dialled.key]?.users == 0, let address = dialled.key.address, state.places[dialled.key.host] != address,
                !state.isShutDown
            else { return nil }
            return state.slots.removeValue(forKey: dialled.key)?.client
        }
        if let left { retire([left]) }
    }

    /// Cuts what is under way and closes every connection.
    func shutdown() async {
        let clients = state.withLockedValue { state in
            defer { state.slots = [:] }
            state.isShutDown = true
            return state.slots.values.map(\.client)
        }
        for client in clients { await Self.end(client) }
    }

    /// Makes a client with one event loop for all its calls and connections.
    ///
    /// With more loops, the library lets a call of one loop use a connection of another. When the answer is there before the request's end
    /// was written (every server that reads quickly does that), the connection then goes home by way of the call's loop. When it closes on
    /// that way, its pool no longer knows it and ends the process. On one loop nothing comes between the written end and the way home.
    private func make(_ key: Key) -> HTTPClient {
        var configuration = configuration
        if let address = key.address { configuration.dnsOverride = [key.host: address] }
        return HTTPClient(eventLoopGroupProvider: .shared(group.next()), configuration: configuration)
    }

    /// Shuts clients down without waiting for their end, for nothing is under way on them.
    private func retire(_ clients: [HTTPClient]) {
        guard !clients.isEmpty else { return }
        Task { for client in clients { await Self.end(client) } }
    }

    private static func end(_ client: HTTPClient) async {
        do {
            try await client.shutdown()
        } catch {
            // The error can only say that the client was shut down before or that a connection broke while it was closed. Either way it is
            // closed.
        }
    }
}
