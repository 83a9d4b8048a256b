/// Messages of rtnetlink, byte by byte in this machine's order (linux/netlink.h, linux/rtnetlink.h, linux/if_link.h, linux/neighbour.h).
///
/// The parser believes only what lies whole within the bytes: a length that leads outside ends the reading there.
enum NetlinkMessages {
    struct Message {
        var type: UInt16
        /// What follows the header: a fixed part, then attributes.
        var body: ArraySlice<UInt8>

        /// The attributes behind a fixed part of that many bytes. Of equal ones the last counts.
        func attributes(after fixed: Int) -> [UInt16: ArraySlice<UInt8>] { NetlinkMessages.attributes(body.dropFirst(fixed)) }
    }

    enum End: Equatable {
        case more
        case done
        case refused(Int32)
    }

    /// The types NLMSG_ERROR and NLMSG_DONE.
    private static let (error, done): (UInt16, UInt16) = (2, 3)

    /// A request for a whole list (NLM_F_REQUEST | NLM_F_DUMP). Its fixed part is the longest one there is, which begins with the family.
    static func request(_ type: UInt16, family: UInt8) -> [UInt8] {
        let flags: UInt16 = 0x301
        return bytes(UInt32(32)) + bytes(type) + bytes(flags) + bytes(UInt32(1)) + bytes(UInt32(0)) + [family]
            + [UInt8](repeating: 0, count: 15)
    }

    static func split(_ bytes: [UInt8]) -> [Message] {
        var messages: [Message] = []
        var rest = bytes[...]
        while let length = number(rest, 0, UInt32.self).map({ Int($0) }), length >= 16, length <= rest.count,
            let type = number(rest, 4, UInt16.self)
        {
            messages.append(Message(type: type, body: rest.prefix(length).dropFirst(16)))
            rest = rest.dropFirst(aligned(length))
        }
        return messages
    }

    /// What the last of these messages says of the list.
    static func end(of bytes: [UInt8]) -> End {
        guard let last = split(bytes).last else { return .refused(0) }
        switch last.type {
        case done: return .done
        case error: return .refused(number(last.body, 0, Int32.self).map { $0 == .min ? .max : abs($0) } ?? 0)
        default: return .more
        }
    }

    static func attributes(_ bytes: ArraySlice<UInt8>) -> [UInt16: ArraySlice<UInt8>] {
        var found: [UInt16: ArraySlice<UInt8>] = [:]
        var rest = bytes
        while let length = number(rest, 0, UInt16.self).map({ Int($0) }), length >= 4, length <= rest.count,
            let type = number(rest, 2, UInt16.self)
        {
            // The two highest bits are flags (NLA_F_NESTED, NLA_F_NET_BYTEORDER).
            found[type & 0x3fff] = rest.prefix(length).dropFirst(4)
            rest = rest.dropFirst(aligned(length))
        }
        return found
    }

    /// The number at a place. It is nil where the bytes end before it does.
    static func number<Number: FixedWidthInteger>(_ bytes: ArraySlice<UInt8>?, _ offset: Int, _: Number.Type) -> Number? {
        guard let part = bytes?.dropFirst(offset).prefix(MemoryLayout<Number>.size), part.count == MemoryLayout<Number>.size else {
            return nil
        }
        var number = Number.zero
        withUnsafeMutableBytes(of: &number) { $0.copyBytes(from: part) }
        return number
    }

    /// The text up to its NUL.
    static func text(_ bytes: ArraySlice<UInt8>?) -> String? {
        guard let text = bytes?.prefix(while: { $0 != 0 }), !text.isEmpty else { return nil }
        return String(decoding: text, as: UTF8.self)
    }

    /// The four octets of an IPv4 address.
    static func address(_ bytes: ArraySlice<UInt8>?) -> UInt32? {
        guard let bytes, bytes.count == 4 else { return nil }
        return number(bytes, 0, UInt32.self).map { UInt32(bigEndian: $0) }
    }

    private static func aligned(_ length: Int) -> Int { (length + 3) & ~3 }

    private static func bytes<Number: FixedWidthInteger>(_ number: Number) -> [UInt8] { withUnsafeBytes(of: number) { Array($0) } }
}
