package import GatewayModel
import Moments

/// A device's descriptors as the kernel keeps them: the device descriptor, then every configuration whole (USB 2.0, section 9.6).
///
/// The bytes are the device's own. The parser believes only what lies whole within them: a length that is too short or leads outside ends
/// the reading there, and what came before it is kept.
package struct USBDescriptors: Sendable, Equatable {
    package var deviceClass: UInt8 = 0
    package var vendorID: UInt16 = 0
    package var productID: UInt16 = 0
    /// The interfaces of the configuration that was asked for.
    package var interfaces: [USBInterface] = []
    /// The fault that ended the reading early.
    package var problem: String?

    /// No sound device has more.
    static let interfaceLimit = 64
    static let endpointLimit = 32

    /// - Parameter configuration: the active configuration's value. Nil takes the first.
    package init(_ bytes: [UInt8], configuration: UInt8?) {
        guard bytes.count >= 18, bytes[0] >= 18, bytes[1] == 0x01 else {
            problem = "the device descriptor is not one"
            return
        }
        deviceClass = bytes[4]
        vendorID = Self.word(bytes, 8)
        productID = Self.word(bytes, 10)
        var offset = Int(bytes[0])
        // The flag says whether the interfaces that follow belong to the wanted configuration.
        var isWanted = false
        var hasFound = false
        /// The interface that an endpoint belongs to. It is nil after an interface that was not taken.
        var current: Int?
        while offset < bytes.count {
            guard offset + 2 <= bytes.count, bytes[offset] >= 2, offset + Int(bytes[offset]) <= bytes.count else {
                problem = "a descriptor at byte \(offset) leads outside of them"
                return
            }
            let length = Int(bytes[offset])
            let kind = bytes[offset + 1]
            switch (kind, length) {
            case (0x02, 9...):
                isWanted = !hasFound && (configuration == nil || bytes[offset + 5] == configuration)
                hasFound = hasFound || isWanted
                current = nil
            case (0x04, 9...) where isWanted:
                guard interfaces.count < Self.interfaceLimit else {
                    problem = "it claims more than \(Self.interfaceLimit) interfaces"
                    return
                }
                current = interfaces.count
                interfaces.append(
                    USBInterface(
                        number: bytes[offset + 2], alternate: bytes[offset + 3], interfaceClass: bytes[offset + 5],
                        subclass: bytes[offset + 6], protocolCode: bytes[offset + 7]))
            case (0x05, 7...) where isWanted:
                guard let current, interfaces.indices.contains(current), interfaces[current].endpoints.count < Self.endpointLimit else {
                    problem = "an endpoint at byte \(offset) belongs to no interface"
                    return
                }
                interfaces[current].endpoints.append(
                    USBEndpoint(
                        address: bytes[offset + 2], attributes: bytes[offset + 3],
                        // Bits 11 and 12 concern high-speed isochronous and interrupt endpoints.
                        packetSize: Int(Self.word(bytes, offset + 4) & 0x07ff)))
            case (0x02, _) where length < 9, (0x04, _) where isWanted, (0x05, _) where isWanted:
                problem = "a descriptor at byte \(offset) is too short for its kind"
                return
            default: break
            }
            offset += length
        }
        if !hasFound { problem = "the configuration \(configuration.map { "\($0)" } ?? "") is not among them" }
    }

    private static func word(_ bytes: [UInt8], _ offset: Int) -> UInt16 {
        guard offset + 1 < bytes.count else { return 0 }
        return UInt16(bytes[offset]) | UInt16(bytes[offset + 1]) << 8
    }
}
