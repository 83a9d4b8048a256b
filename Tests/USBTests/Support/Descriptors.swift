/// Descriptors for tests, byte by byte (USB 2.0, section 9.6).
enum Descriptors {
    static let device: [UInt8] = [18, 1, 0, 2, 0, 0, 0, 64, 0x09, 0x12, 1, 0, 0, 1, 1, 2, 3, 1]

    /// One configuration with a reader link.
    static let readerLink: [UInt8] =
        device + [9, 2, 32, 0, 1, 1, 0, 0x80, 50] + [9, 4, 0, 0, 2, 0xff, 0x52, 1, 0] + [7, 5, 0x81, 2, 0, 2, 0] + [7, 5, 1, 2, 0, 2, 0]

    static func hex(_ byte: UInt8) -> String { (byte < 16 ? "0" : "") + String(byte, radix: 16) }
}
