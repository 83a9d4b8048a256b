/// Writes rtnetlink messages as the kernel does, for a box that a test describes.
enum KernelWords {
    static func bytes<Number: FixedWidthInteger>(_ number: Number) -> [UInt8] { withUnsafeBytes(of: number) { Array($0) } }

    static func padded(_ bytes: [UInt8]) -> [UInt8] { bytes + [UInt8](repeating: 0, count: (4 - bytes.count % 4) % 4) }

    static func attribute(_ type: UInt16, _ value: [UInt8]) -> [UInt8] {
        padded(bytes(UInt16(4 + value.count)) + bytes(type) + value)
    }

    static func message(_ type: UInt16, _ body: [UInt8]) -> [UInt8] {
        padded(bytes(UInt32(16 + body.count)) + bytes(type) + bytes(UInt16(2)) + bytes(UInt32(1)) + bytes(UInt32(0)) + body)
    }

    static func text(_ text: String) -> [UInt8] { Array(text.utf8) + [0] }

    static func octets(_ address: String) -> [UInt8] { address.split(separator: ".").compactMap { UInt8($0) } }

    static func link(_ index: Int32, _ name: String, flags: UInt32 = 0x1043, kind: String? = nil, master: Int32? = nil) -> [UInt8] {
        var body: [UInt8] = [0, 0] + bytes(UInt16(1)) + bytes(index) + bytes(flags) + bytes(UInt32(0))
        body += attribute(3, text(name)) + attribute(4, bytes(UInt32(1500)))
        if let master { body += attribute(10, bytes(master)) }
        // NLA_F_NESTED
        if let kind { body += attribute(18 | 0x8000, attribute(1, text(kind)) + attribute(2, [])) }
        return message(16, body)
    }

    static func address(_ interface: Int32, _ address: String, _ prefix: UInt8) -> [UInt8] {
        message(20, [2, prefix, 0x80, 0] + bytes(interface) + attribute(1, octets(address)) + attribute(2, octets(address)))
    }

    /// A route to anywhere; `table` 254 is the main one.
    static func route(_ interface: Int32, metric: UInt32? = nil, prefix: UInt8 = 0, table: UInt8 = 254) -> [UInt8] {
        var body: [UInt8] = [2, prefix, 0, 0, table, 3, 0, 1] + bytes(UInt32(0)) + attribute(5, octets("10.0.0.1"))
        if let metric { body += attribute(6, bytes(metric)) }
        return message(24, body + attribute(4, bytes(interface)))
    }

    static func routes(_ interfaces: [Int32]) -> [UInt8] {
        let hops = interfaces.flatMap { (interface: Int32) -> [UInt8] in bytes(UInt16(8)) + [0, 0] as [UInt8] + bytes(interface) }
        return message(24, [2, 0, 0, 0, 254, 3, 0, 1] + bytes(UInt32(0)) + attribute(9, hops))
    }

    static func neighbour(_ interface: Int32, _ address: String, state: UInt16) -> [UInt8] {
        message(
            28,
            [2, 0, 0, 0] + bytes(interface) + bytes(state) + [0, 1] + attribute(1, octets(address)) + attribute(2, [2, 0, 0, 0, 0, 9]))
    }

    static let done = message(3, bytes(Int32(0)))
}
