import Moments

/// What a device is known by, again and again: on USB its serial number, else where it is plugged in; on the LAN its certificate's domain, else its
/// address.
package struct DeviceKey: Identifier {
    package let text: String
    package init(unchecked text: String) { self.text = text }
}

package enum DeviceTransport: String, Sendable, Hashable { case usb, lan }

/// Why a device is not driven, for programs, for people, and what to do about it.
package struct DeviceReason: Sendable, Hashable {
    package enum Code: String, Sendable, Hashable {
        /// The settings say to leave it alone.
        case excluded
        /// Nothing about it says card reader.
        case notAReader = "not_a_reader"
        /// A card reader whose protocol nobody has published.
        case noPublicProtocol = "no_public_protocol"
        /// Nothing answers at an address that the settings name.
        case noAnswer = "no_answer"
        /// It shows a reader's name, and nobody whom this box trusts says that it may.
        case untrusted
        /// No registered reader has this serial number or this domain.
        case notRegistered = "unregistered"
        /// Stripe's list has not been read yet: which reader it is cannot be said.
        case registrationUnknown = "registration_unknown"
        /// A reader link without a serial number cannot be joined to a registered reader.
        case noSerial = "no_serial"
        /// A kernel driver has the interface.
        case heldByDriver = "held_by_driver"
        /// This process may not open it.
        case noAccess = "no_access"
        /// USBGuard, or another guard of the box, holds it back.
        case heldBack = "held_back"
        /// It is a network interface: what is behind it is found as on the LAN.
        case networkInterface = "network_interface"
        /// Its descriptors cannot be made sense of.
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

/// A device on USB, as it is shown.
package struct USBFacts: Sendable, Hashable {
    package var vendorID: UInt16
    package var productID: UInt16
    package var bus: Int
    package var portPath: String
    package var manufacturer: String?
    package var product: String?
    package var serial: String?
    package var link: USBLinkKind?
    /// The network interface that the kernel made of it: its subnet is looked at like the LAN.
    package var networkInterface: String?
    /// The kernel driver that holds the interface it would be spoken to by.
    package var driver: String?
    /// How a reader link is opened.
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

/// A device that answered on the LAN with a reader's certificate, or an address that stands in the settings.
package struct LANSighting: Sendable, Hashable {
    /// IPv4.
    package var address: String
    package var port: Int
    /// A name of the certificate that it showed, as it stands there (`*.x.device.stripe-terminal-local-reader.net`); nil when none was seen.
    package var certificateName: String?
    /// Why no reader's certificate was seen; with a name: why the certificate does not prove it.
    package var problem: String?

    package init(address: String, port: Int, certificateName: String? = nil, problem: String? = nil) {
        self.address = address
        self.port = port
        self.certificateName = certificateName
        self.problem = problem
    }

    /// The certificate's name without its first label, in lower case: what Stripe calls `base_url`. Nil when it tells no reader from another.
    ///
    /// Known: readers have names `<address with dashes>.<random label>.device.stripe-terminal-local-reader.net`, and the part after the address is
    /// the `base_url` of Stripe's list (reader-protocol, section 10: observed in clients, reported by users). Inferred: that the random label is the
    /// reader's own and stays when its address changes, and that its certificate may be a wildcard under it (Stripe writes the name so). Names
    /// without a random label, as before 2021, are the same for all readers but for the address, and identify none.
    package var domain: String? {
        // Anybody can write any name into a certificate: one that is not signed says nothing of who is there.
        guard problem == nil, let name = certificateName?.lowercased(), let dot = name.firstIndex(of: ".") else { return nil }
        let rest = name.utf8[name.utf8.index(after: dot)...]
        return rest.count >= ReaderName.ending.count && rest.suffix(ReaderName.ending.count).elementsEqual(ReaderName.ending)
            ? String(Substring(rest)) : nil
    }

    package var key: DeviceKey { DeviceKey(unchecked: "lan:" + (domain ?? address)) }
}

/// The names that readers' certificates bear.
package enum ReaderName {
    package static let suffix = "device.stripe-terminal-local-reader.net"
    fileprivate static let ending = Array(("." + suffix).utf8)

    /// The first of a certificate's names that can be a reader's, in lower case; nil: it is something else's certificate.
    ///
    /// The names are whatever the other end chose to show: what has other than letters, digits, hyphens and dots, and a star as its first label, is
    /// passed over. It proves nothing yet: whoever is driven has to prove the name with a chain that verifies.
    package static func find(in names: [String]) -> String? {
        names.lazy.map { $0.lowercased() }.first { name in
            guard name.utf8.count <= 253, name.hasSuffix("." + suffix) else { return false }
            let labels = name.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
            // The suffix has three labels, the reader's own name one or two before them.
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

/// A device that was seen, what is made of it, and the registered reader that it is.
package struct DeviceFacts: Sendable, Hashable {
    package var key: DeviceKey
    package var usb: USBFacts?
    package var lan: LANSighting?
    package var model: String?
    package var reader: ReaderID?
    /// Nil: it can be driven.
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

/// What the edges that look for devices report.
package enum DeviceNews: Sendable {
    /// Everything that is on USB now: what is not in it is gone.
    case usb([USBSighting])
    /// Seen on the LAN now.
    case lan([LANSighting])
    /// Looked at, and no reader was there.
    case lanMissed(Set<PrivateAddress>)
}
