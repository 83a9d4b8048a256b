import Glibc
import NIOCore
import NIOPosix

/// The system resolver's answer for a name.
package enum SystemNames {
    package enum Outcome: Sendable, Equatable {
        /// The addresses, in the order in which the system would try them.
        case addresses([String])
        /// There is no such name, or no address for it.
        case none
        /// The system could not find out.
        case trouble
    }

    /// The resolver's call cannot be cancelled, and waits for a dead name server for any length of time. It gets threads of its own, so
    /// that no other work has to wait for them. They live as long as the process.
    package static let threads: NIOThreadPool = {
        let pool = NIOThreadPool(numberOfThreads: 4)
        pool.start()
        return pool
    }()

    static func ask(_ name: String) async -> Outcome {
        do {
            return try await threads.runIfActive { lookUp(name) }
        } catch {
            // The name was never asked for: the task was cancelled while it waited for a thread.
            return .trouble
        }
    }

    /// Looks a name up, and blocks its thread for as long as the resolver takes.
    ///
    /// - Parameter onlyFour: whether to ask for IPv4 addresses alone.
    package static func lookUp(_ name: String, onlyFour: Bool = false) -> Outcome {
        var hints = addrinfo()
        hints.ai_family = onlyFour ? AF_INET : AF_UNSPEC
        hints.ai_socktype = CInt(SOCK_STREAM.rawValue)
        var list: UnsafeMutablePointer<addrinfo>?
        let code = getaddrinfo(name, nil, &hints, &list)
        defer { if let list { freeaddrinfo(list) } }
        switch code {
        case 0: break
        // The number -5 is EAI_NODATA, which glibc hides: the name is there, without an address.
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
