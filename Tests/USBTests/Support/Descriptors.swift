/// Descriptors for tests, byte by byte (USB 2.0, section 9.6).
enum Descriptors {
    static let device: [UInt8] = [18, 1, 0, 2, 0, 0, 0, 64, 0x09, 0x12, 1, 0, 0, 1, 1, 2, 3, 1]

    /// One configuration with a reader link.
    static let readerLink: [UInt8] =
        device + [9, 2, 32, 0, 1, 1, 0, 0x80, 50] + [9, 4, 0, 0, 2, 0xff, 0x52, 1, 0] + [7, 5, 0x81, 2, 0, 2, 0] + [7, 5, 1, 2, 0, 2, 0]

    static func hex(_ byte: UInt8) -> String { (byte < 16 ? "0" : "") + String(byte, radix: 16) }
}

/// SplitMix64: the same numbers for the same seed.
struct Seeded: RandomNumberGenerator {
    private var state: UInt64

    init(_ seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var value = state
        value = (value ^ (value >> 30)) &* 0xbf58_476d_1ce4_e5b9
        value = (value ^ (value >> 27)) &* 0x94d0_49bb_1331_11eb
        return value ^ (value >> 31)
    }
}
