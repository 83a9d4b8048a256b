import NIOCore
import NIOPosix

/// Finds which of a host's addresses can be connected to. A host with addresses in two families is there when one of them leads to it.
struct FirstToAnswer: Sendable {
    /// The time after which the next address is tried beside one that has not answered (RFC 8305, section 5).
    static let head = Duration.milliseconds(250)

    let group: any EventLoopGroup

    private enum Event: Sendable {
        case answered(String)
        case failed
        case late
    }

    /// - Returns: the first address that took a connection, which is closed again. If none did, it is the first address, whose failure the
    ///   dialling caller then reports.
    func of(_ addresses: [String], port: Int, within limit: Duration) async -> String? {
        guard addresses.count > 1 else { return addresses.first }
        let order = Self.interleaved(addresses)
        let end = ContinuousClock.now + limit
        let found = await withTaskGroup(of: Event.self, returning: String?.self) { group in
            defer { group.cancelAll() }
            var rest = order[...]
            var open = 0
            func tryNext() {
                guard let address = rest.popFirst() else { return }
                open += 1
                group.addTask { await answers(address, port, within: end - .now) ? .answered(address) : .failed }
                group.addTask {
                    // The sleep was cancelled, for an address has answered.
                    do { try await Task.sleep(for: Self.head) } catch { return .failed }
                    return .late
                }
            }
            tryNext()
            while let event = await group.next() {
                switch event {
                case .answered(let address): return address
                case .failed:
                    open -= 1
                    tryNext()
                    if open == 0 { return nil }
                case .late: tryNext()
                }
            }
            return nil
        }
        return found ?? order.first
    }

    /// The addresses in their order, taken from each family in turn.
    static func interleaved(_ addresses: [String]) -> [String] {
        var rest = addresses
        var order: [String] = []
        while !rest.isEmpty {
            let last = order.last?.contains(":")
            let next = rest.firstIndex { $0.contains(":") != last } ?? rest.startIndex
            order.append(rest.remove(at: next))
        }
        return order
    }

    private func answers(_ address: String, _ port: Int, within limit: Duration) async -> Bool {
        guard limit > .zero else { return false }
        let promise = group.any().makePromise(of: (any Channel).self)
        do {
            let target = try SocketAddress(ipAddress: address, port: port)
            ClientBootstrap(group: group).connectTimeout(TimeAmount(limit)).connect(to: target).whenComplete { result in
                switch result {
                case .success(let channel):
                    promise.succeed(channel)
                    // The connection has shown that the address answers, and is closed.
                    channel.close(promise: nil)
                case .failure(let error): promise.fail(error)
                }
            }
        } catch {
            promise.fail(error)
        }
        do {
            _ = try await withTaskCancellationHandler {
                try await promise.futureResult.get()
            } onCancel: {
                // A second completion is ignored. Attempts under way end with their own time.
                promise.fail(CancellationError())
            }
            return true
        } catch {
            return false
        }
    }
}
