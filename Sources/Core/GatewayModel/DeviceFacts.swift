import Moments

/// The key by which the agent recognises a device. On USB it is the serial number, else the port. On the LAN it is the certificate's
/// domain, else the address.
package struct DeviceKey: Identifier {
    package let text: String
    package init(unchecked text: String) { self.text = text }
}

package enum DeviceTransport: String, Sendable, Hashable { case usb, lan }

/// Why the agent does not drive a device, in words for programs and for people, with the remedy.
package struct DeviceReason: Sendable, Hashable {
    package enum Code: String, Sendable, Hashable {
        /// The settings exclude the device.
        case excluded
        /// Nothing about the device says that it is a card reader.
        case notAReader = "not_a_reader"
        /// The device is a card reader whose protocol is not published.
        case noPublicProtocol = "no_public_protocol"
        /// Nothing answers at an address that the settings name.
        case noAnswer = "no_answer"
        /// The device shows a reader's name, but no authority that this box trusts vouches for it.
        case untrusted
        /// No registered reader has this serial number or this domain.
        case notRegistered = "unregistered"
        /// The agent has not read Stripe's list yet, so it cannot say which reader this is.
        case registrationUnknown = "registration_unknown"
        /// A reader link without a serial number matches no registered reader.
        case noSerial = "no_serial"
        /// A kernel driver holds the interface.
        case heldByDriver = "held_by_driver"
        /// This process may not open the device.
        case noAccess = "no_access"
        /// USBGuard, or another guard of the box, blocks the device.
        case heldBack = "held_back"
        /// The device is a network interface. The agent finds a reader behind it as on the LAN.
        case networkInterface = "network_interface"
        /// The agent cannot make sense of the device's descriptors.
        case badDescriptors = "bad_descriptors"
    }

    package var code: Code
    package var message: String
    package var remedy: String?

    package init(_ code: Code, _ message: String, remedy: String? = nil) {
        self.code = code
        self.message = message
        self.remedy = remedy
    }
}

/// A device on USB as the agent shows it.
package struct USBFacts: Sendable, Hashable {
    package var vendorID: UInt16
    package var productID: UInt16
    package var bus: Int
    package var portPath: String
    package var manufacturer: String?
    package var product: String?
    package var serial: String?
    package var link: USBLinkKind?
    /// The network interface that the kernel made of the device. The agent scans its subnet like the LAN.
    package var networkInterface: String?
    /// The kernel driver that holds the interface over which the agent would speak to the device.
    package var driver: String?
    /// Everything that is needed to open a reader link.
    package var place: USBPlace?

    package init(
        vendorID: UInt16, productID: UInt16, bus: Int, portPath: String, manufacturer: String? = nil, product: String? = nil,
        serial: String? = nil, link: USBLinkKind? = nil, networkInterface: String? = nil, driver: String? = nil, place: USBPlace? = nil
    ) {
        self.vendorID = vendorID
        self.productID = productID
        self.bus = bus
        self.portPath = portPath
        self.manufacturer = manufacturer
        self.product = product
        self.serial = serial
        self.link = link
        self.networkInterface = networkInterface
        self.driver = driver
        self.place = place
    }
}

/// A device that answered on the LAN with a reader's certificate, or an address from the settings.
package struct LANSighting: Sendable, Hashable {
    /// The IPv4 address.
    package var address: String
    package var port: Int
    /// A name in the certificate, as it stands there (`*.x.device.stripe-terminal-local-reader.net`); nil when the agent saw none.
    package var certificateName: String?
    /// Why the agent saw no reader's certificate; beside a name, why the certificate does not prove it.
    package var problem: String?

    package init(address: String, port: Int, certificateName: String? = nil, problem: String? = nil) {
        self.address = address
        self.port = port
        self.certificateName = certificateName
        self.problem = problem
    }

    /// The certificate's name without its first label, in lower case, which Stripe calls `base_url`; nil when it tells no reader from
    /// another.
    ///
    /// Known: readers have names `<address with dashes>.<random label>.device.stripe-terminal-local-reader.net`, and the part after the
    /// address is the `base_url` of Stripe's list (reader-protocol, section 10: observed in clients, reported by users). Inferred: the
    /// random label belongs to the reader and stays when its address changes, and the certificate may be a wildcard under it (Stripe writes
    /// the name so). Names without a random label, as before 2021, differ between readers by the address alone, so they identify none.
    package var domain: String? {
        // Any device can write any name into a certificate. An unsigned certificate says nothing about the device.
        guard problem == nil, let name = certificateName?.lowercased(), let dot = name.firstIndex(of: ".") else { return nil }
        let rest = name.utf8[name.utf8.index(after: dot)...]
        return rest.count >= ReaderName.ending.count && rest.suffix(ReaderName.ending.count).elementsEqual(ReaderName.ending)
            ? String(Substring(rest)) : nil
    }

    package var key: DeviceKey { DeviceKey(unchecked: "lan:" + (domain ?? address)) }
}

/// The names that readers' certificates carry.
package enum ReaderName {
    package static let suffix = "device.stripe-terminal-local-reader.net"
    fileprivate static let ending = Array(("." + suffix).utf8)

    /// The first of a certificate's names that can be a reader's, in lower case; nil when the certificate is no reader's.
    ///
    /// The other end chooses the names that it shows. This function passes over a name with other characters than letters, digits, hyphens
    /// and dots, apart from a star as its first label. The result proves nothing yet: a reader has to prove the name with a chain that
    /// verifies before the agent drives it.
    package static func find(in names: [String]) -> String? {
        names.lazy.map { $0.lowercased() }.first { name in
            guard name.utf8.count <= 253, name.hasSuffix("." + suffix) else { return false }
            let labels = name.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
            // The suffix has three labels. The reader's own name takes one or two before them.
            guard (4...5).contains(labels.count), let first = labels.first else { return false }
            return (first.elementsEqual("*".utf8) || isLabel(first)) && labels.dropFirst().allSatisfy(isLabel)
        }
    }

    private static func isLabel(_ label: Substring.UTF8View.SubSequence) -> Bool {
        let hyphen = UInt8(ascii: "-")
        return (1...63).contains(label.count) && label.first != hyphen && label.last != hyphen
            && label.allSatisfy { (0x61...0x7a).contains($0) || (0x30...0x39).contains($0) || $0 == hyphen }
    }
}

/// A device that the agent saw, the verdict on it, and the registered reader that it is.
package struct DeviceFacts: Sendable, Hashable {
    package var key: DeviceKey
    package var usb: USBFacts?
    package var lan: LANSighting?
    package var model: String?
    package var reader: ReaderID?
    /// Why the agent does not drive the device; nil when it can.
    package var reason: DeviceReason?

    package var transport: DeviceTransport { usb == nil ? .lan : .usb }
    package var isDriveable: Bool { reason == nil }
    package var address: String? { lan?.address }

    package init(key: DeviceKey, usb: USBFacts? = nil, lan: LANSighting? = nil) {
        self.key = key
        self.usb = usb
        self.lan = lan
    }
}

package struct DeviceView: Sendable, Hashable {
    package var facts: DeviceFacts
    package var firstSeenAt: WallTime
    package var lastSeenAt: WallTime

    package init(facts: DeviceFacts, firstSeenAt: WallTime, lastSeenAt: WallTime) {
        self.facts = facts
        self.firstSeenAt = firstSeenAt
        self.lastSeenAt = lastSeenAt
    }
}

package enum DeviceChange: String, Sendable, Hashable { case added, changed, removed }

/// The reports of the edges that scan for devices.
package enum DeviceNews: Sendable {
    /// Everything that is on USB now. A device that is missing here is gone.
    case usb([USBSighting])
    /// Devices that answered on the LAN just now.
    case lan([LANSighting])
    /// Addresses that the edge scanned without finding a reader.
    case lanMissed(Set<PrivateAddress>)
}
