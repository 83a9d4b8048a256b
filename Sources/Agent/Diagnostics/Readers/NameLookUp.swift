internal import Glibc
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
        var hints = addrinfo()
        hints.ai_family = AF_INET
        hints.ai_socktype = CInt(SOCK_STREAM.rawValue)
        var list: UnsafeMutablePointer<addrinfo>?
        let code = getaddrinfo(name, nil, &hints, &list)
        defer { if let list { freeaddrinfo(list) } }
        switch code {
        case 0: break
        // -5 is EAI_NODATA, which glibc hides: the name is there, without an address.
        case EAI_NONAME, -5: return .none
        default: return .silent
        }
        var addresses: [String] = []
        var next = list
        while let entry = next?.pointee {
            var text = [CChar](repeating: 0, count: Int(NI_MAXHOST))
            if getnameinfo(entry.ai_addr, entry.ai_addrlen, &text, socklen_t(text.count), nil, 0, NI_NUMERICHOST) == 0 {
                addresses.append(String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self))
            }
            next = entry.ai_next
        }
        return addresses.isEmpty ? .none : .addresses(addresses)
    }
}
