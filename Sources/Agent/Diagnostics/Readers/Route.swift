internal import Glibc

/// How this box would send to an address, as its kernel says. Nothing is sent to find out.
enum Route: Sendable, Equatable {
    /// Over this interface of the box, in the same network.
    case direct(interface: String, own: String)
    /// Through a router.
    case routed(own: String)
    case none
    case unknown

    static func to(_ address: String) -> Route {
        guard let own = ownAddress(towards: address) else { return errno == ENETUNREACH ? .none : .unknown }
        if address.hasPrefix("127.") { return .direct(interface: "lo", own: own) }
        var list: UnsafeMutablePointer<ifaddrs>?
        guard getifaddrs(&list) == 0, let target = number(address), let source = number(own) else { return .unknown }
        defer { freeifaddrs(list) }
        var next = list
        while let entry = next?.pointee {
            next = entry.ifa_next
            guard let pointer = entry.ifa_addr, CInt(pointer.pointee.sa_family) == AF_INET, let mask = entry.ifa_netmask,
                value(pointer) == source
            else { continue }
            let bits = value(mask)
            return target & bits == source & bits ? .direct(interface: String(cString: entry.ifa_name), own: own) : .routed(own: own)
        }
        return .routed(own: own)
    }

    /// A datagram socket that is connected sends nothing, but has been given the address it would send from.
    private static func ownAddress(towards address: String) -> String? {
        let descriptor = socket(AF_INET, CInt(SOCK_DGRAM.rawValue) | CInt(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var target = sockaddr_in()
        target.sin_family = sa_family_t(AF_INET)
        target.sin_port = UInt16(4443).bigEndian
        guard inet_pton(AF_INET, address, &target.sin_addr) == 1 else { return nil }
        let size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let connected = withUnsafePointer(to: &target) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { connect(descriptor, $0, size) }
        }
        guard connected == 0 else { return nil }
        var own = sockaddr_in()
        var length = size
        let named = withUnsafeMutablePointer(to: &own) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(descriptor, $0, &length) }
        }
        guard named == 0 else { return nil }
        var text = [CChar](repeating: 0, count: Int(INET_ADDRSTRLEN))
        guard inet_ntop(AF_INET, &own.sin_addr, &text, socklen_t(text.count)) != nil else { return nil }
        return String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    private static func number(_ address: String) -> UInt32? {
        var parsed = in_addr()
        return inet_pton(AF_INET, address, &parsed) == 1 ? UInt32(bigEndian: parsed.s_addr) : nil
    }

    private static func value(_ pointer: UnsafeMutablePointer<sockaddr>) -> UInt32 {
        pointer.withMemoryRebound(to: sockaddr_in.self, capacity: 1) { UInt32(bigEndian: $0.pointee.sin_addr.s_addr) }
    }
}
