import NIOCore
import NIOPosix

/// Which of a host's addresses can be connected to. A host with addresses in two families is there when one of them leads to it.
struct FirstToAnswer: Sendable {
    /// The next address is tried beside when this one has not answered for so long (RFC 8305, section 5).
    static let head = Duration.milliseconds(250)

    let group: any EventLoopGroup

    private enum Event: Sendable {
        case answered(String)
        case failed
        case late
    }

    /// - Returns: the first that took a connection, which is closed again; else the first one, whose failure is then told by whoever dials it.
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
                    // Cancelled: one has answered.
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

    /// As they come, but from each family in turn.
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
                    // It has shown what it was for, if anybody still wants to know.
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
                // A second completion is ignored; what is under way ends with its own time.
                promise.fail(CancellationError())
            }
            return true
        } catch {
            return false
        }
    }
}
