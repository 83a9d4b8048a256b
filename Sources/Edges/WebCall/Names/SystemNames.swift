import Glibc
import NIOCore
import NIOPosix

/// What the system's resolver says of a name.
package enum SystemNames {
    package enum Outcome: Sendable, Equatable {
        /// In the order in which the system would try them.
        case addresses([String])
        /// There is no such name, or no address for it.
        case none
        /// It could not find out.
        case trouble
    }

    /// The resolver's call cannot be cancelled, and waits for a dead name server as long as it pleases: it gets threads of its own, so that nobody
    /// else has to wait for them. They live as long as the process.
    package static let threads: NIOThreadPool = {
        let pool = NIOThreadPool(numberOfThreads: 4)
        pool.start()
        return pool
    }()

    static func ask(_ name: String) async -> Outcome {
        do {
            return try await threads.runIfActive { lookUp(name) }
        } catch {
            // Never asked: the task was cancelled while it waited for a thread.
            return .trouble
        }
    }

    /// Blocks its thread for as long as the resolver pleases.
    ///
    /// - Parameter onlyFour: IPv4 addresses alone.
    package static func lookUp(_ name: String, onlyFour: Bool = false) -> Outcome {
        var hints = addrinfo()
        hints.ai_family = onlyFour ? AF_INET : AF_UNSPEC
        hints.ai_socktype = CInt(SOCK_STREAM.rawValue)
        var list: UnsafeMutablePointer<addrinfo>?
        let code = getaddrinfo(name, nil, &hints, &list)
        defer { if let list { freeaddrinfo(list) } }
        switch code {
        case 0: break
        // -5 is EAI_NODATA, which glibc hides: the name is there, without an address.
        case EAI_NONAME, -5: return .none
        default: return .trouble
        }
        var addresses: [String] = []
        var next = list
        while let entry = next?.pointee {
            var text = [CChar](repeating: 0, count: Int(NI_MAXHOST))
            if getnameinfo(entry.ai_addr, entry.ai_addrlen, &text, socklen_t(text.count), nil, 0, NI_NUMERICHOST) == 0 {
                let address = String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
                if !addresses.contains(address) { addresses.append(address) }
            }
            next = entry.ai_next
        }
        return addresses.isEmpty ? .none : .addresses(addresses)
    }
}
