internal import NIOCore
internal import NIOPosix
internal import WebCall

/// What the system's resolver says of a name.
enum NameLookUp: Sendable, Equatable {
    case addresses([String])
    /// The resolver answered: there is no such name, or no address for it.
    case none
    /// No answer of the name server, or not in time.
    case silent

    /// The resolver's call cannot be cancelled: after the time it is left to end by itself on its thread.
    static func of(_ name: String, within limit: Duration) async -> NameLookUp {
        let loop = MultiThreadedEventLoopGroup.singleton.next()
        let promise = loop.makePromise(of: NameLookUp.self)
        let timer = loop.scheduleTask(in: TimeAmount(limit)) { promise.succeed(.silent) }
        SystemNames.threads.submit { state in
            // A second completion, after the timer's, changes nothing.
            promise.succeed(state == .active ? ask(name) : .silent)
        }
        do {
            let answer = try await promise.futureResult.get()
            timer.cancel()
            return answer
        } catch {
            return .silent
        }
    }

    private static func ask(_ name: String) -> NameLookUp {
        switch SystemNames.lookUp(name, onlyFour: true) {
        case .addresses(let addresses): .addresses(addresses)
        case .none: .none
        case .trouble: .silent
        }
    }
}
