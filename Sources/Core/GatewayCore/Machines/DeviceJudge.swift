import GatewayModel
import Moments

/// The judge of a sighting: what the device is, which registered reader it is, and why the agent does not drive it.
struct DeviceJudge {
    /// The registered readers.
    var readers: [ReaderFacts]
    /// The excluded devices, by `VVVV:PPPP` or serial number, as the settings have them.
    var excluded: [String]

    func judge(_ sighting: USBSighting, key: DeviceKey) -> DeviceFacts {
        let link = Self.link(of: sighting)
        let known = KnownReader.find(sighting)
        var facts = DeviceFacts(key: key)
        facts.model = known?.model
        facts.usb = USBFacts(
            vendorID: sighting.vendorID, productID: sighting.productID, bus: sighting.bus, portPath: sighting.portPath,
            manufacturer: sighting.manufacturer, product: sighting.product, serial: sighting.serial, link: link?.kind,
            networkInterface: sighting.interfaces.compactMap(\.networkInterface).min(), driver: link?.interface.driver)
        if link?.kind == .readerLink || link?.kind == .network || known?.hasSerialAsProduct == true { join(&facts) }
        facts.reason = reason(sighting, link, known, facts)
        if link?.kind == .readerLink, let interface = link?.interface, facts.reason == nil || facts.reason?.code == .notRegistered {
            facts.usb?.place = Self.place(of: sighting, interface)
        }
        return facts
    }

    func judge(_ sighting: LANSighting) -> DeviceFacts {
        var facts = DeviceFacts(key: sighting.key, lan: sighting)
        let joined = sighting.domain.flatMap { domain in readers.first { $0.baseURL?.lowercased() == domain.lowercased() } }
        facts.reader = joined?.id
        facts.model = joined?.model
        guard joined == nil else { return facts }
        guard sighting.certificateName != nil else {
            facts.reason = DeviceReason(
                .noAnswer, "\(sighting.address) stands in lan.addresses, and no reader is there: \(sighting.problem ?? "nobody answers").",
                remedy: "Switch the reader on, or correct lan.addresses.")
            return facts
        }
        if let problem = sighting.problem {
            facts.reason = DeviceReason(
                .untrusted, "What is at \(sighting.address) calls itself a reader, and cannot prove it: \(problem)",
                remedy: "If a reader of yours is there: check this box's clock, ca-certificates and trust_roots. Else find out what it is.")
            return facts
        }
        // The names that identify readers come only with Stripe's list, which needs a connection token.
        if readers.contains(where: { $0.inBackend && $0.baseURL == nil && !$0.isVendorSDKOnly && !$0.isMissingAtStripe }) {
            facts.reason = DeviceReason(
                .registrationUnknown,
                "There is a reader at \(sighting.address). Which of the registered ones it is, if any, cannot be said before Stripe has told "
                    + "the names of all of them.",
                remedy: "Open a cart, or set maintenance_cart in the settings.")
        } else {
            facts.reason = unregistered("The reader at \(sighting.address)")
        }
        return facts
    }

    // MARK: USB

    private func join(_ facts: inout DeviceFacts) {
        guard let serial = facts.usb?.serial, let reader = readers.first(where: { $0.serial == serial }) else { return }
        facts.reader = reader.id
        facts.model = reader.model ?? facts.model
    }

    private func reason(
        _ sighting: USBSighting, _ link: (kind: USBLinkKind, interface: USBInterface)?, _ known: KnownReader?, _ facts: DeviceFacts
    ) -> DeviceReason? {
        if isExcluded(sighting) {
            return DeviceReason(
                .excluded, "The settings say to leave this device alone (usb.exclude).", remedy: "Take it out of usb.exclude to use it.")
        }
        if !sighting.isAuthorized, link?.kind == .readerLink || known != nil {
            return DeviceReason(
                .heldBack, "This box holds the device back (USBGuard, or the kernel's authorized_default): nobody may use it.",
                remedy: "Allow it: sudo usbguard list-devices --blocked, then sudo usbguard allow-device NUMBER --permanent.")
        }
        if link?.kind == .readerLink { return readerLinkReason(sighting, link?.interface, facts) }
        if let known {
            guard !known.hasSerialAsProduct else {
                return DeviceReason(
                    .noPublicProtocol,
                    "A \(known.model): only Stripe's own SDK on a phone or tablet drives it, and it cannot be driven here.",
                    remedy: "Use a smart reader (WisePOS E, S700) that is registered with Stripe, on the LAN.")
            }
            return DeviceReason(
                .noPublicProtocol,
                "A card reader (\(known.model)); its maker has not published how it is driven, so it cannot be driven here.",
                remedy: "Use a reader that is registered with Stripe, on the LAN.")
        }
        if let other = KnownReader.isKnownOther(sighting) { return DeviceReason(.notAReader, "Not a card reader: \(other).") }
        if link?.kind == .network {
            if facts.reader != nil { return nil }
            let name = facts.usb?.networkInterface.map { " (\($0))" } ?? ""
            return DeviceReason(
                .networkInterface,
                "It presents a network interface\(name). If it is a card reader, it is found behind it as on the LAN.",
                remedy: "Give the interface an address (DHCP), then look for readers on the LAN.")
        }
        if let problem = sighting.descriptorProblem {
            return DeviceReason(
                .badDescriptors, "What the device says of itself makes no sense: \(problem).",
                remedy: "Plug it in again, at another port or with another cable.")
        }
        if link?.kind == .ccid {
            return DeviceReason(
                .noPublicProtocol, "A smart-card reader (PC/SC); card payments cannot be taken with it.",
                remedy: "Use a reader that is registered with Stripe, on the LAN.")
        }
        return DeviceReason(.notAReader, "Nothing about it says that it is a card reader.")
    }

    private func readerLinkReason(_ sighting: USBSighting, _ interface: USBInterface?, _ facts: DeviceFacts) -> DeviceReason? {
        if let interface, Self.place(of: sighting, interface) == nil {
            return DeviceReason(
                .badDescriptors, "Its reader link does not have exactly one bulk endpoint in each direction, in alternate setting 0.",
                remedy: "Ask the maker of the device for firmware that keeps to the interface.")
        }
        if let driver = interface?.driver, driver != "usbfs" {
            return DeviceReason(
                .heldByDriver, "The kernel driver \(driver) holds the interface \(interface?.number ?? 0) of the device.",
                remedy: "Keep the driver from the device (a modprobe blacklist or a udev rule), and plug it in again.")
        }
        if !sighting.isAccessible {
            return DeviceReason(
                .noAccess, "readerd may not open the device.",
                remedy: "Install readerd's udev rules, and plug the device in again.")
        }
        guard sighting.serial != nil else {
            return DeviceReason(
                .noSerial, "It has no serial number, so it cannot be told which registered reader it is.",
                remedy: "Ask the maker of the device for firmware that gives the reader's serial number.")
        }
        if facts.reader != nil { return nil }
        // Serial numbers come only with Stripe's list, which needs a connection token.
        if readers.contains(where: { $0.inBackend && $0.serial == nil && !$0.isMissingAtStripe }) {
            return DeviceReason(
                .registrationUnknown, "Which registered reader it is cannot be said before Stripe's list has been read.",
                remedy: "Open a cart, or set maintenance_cart in the settings.")
        }
        return unregistered("The reader with the serial number \(sighting.serial ?? "")")
    }

    private func unregistered(_ subject: String) -> DeviceReason {
        DeviceReason(
            .notRegistered, "\(subject) is not registered at this location.",
            remedy: "Have the reader show a registration code, then run sudo readerctl register.")
    }

    private func isExcluded(_ sighting: USBSighting) -> Bool {
        let ids = Self.hex(sighting.vendorID) + ":" + Self.hex(sighting.productID)
        return excluded.contains { $0 == sighting.serial || Self.isSame($0, ids) }
    }

    /// Whether both name the same ids. `5f9:4204` and `05F9:4204` do.
    private static func isSame(_ written: String, _ ids: String) -> Bool {
        let parts = written.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count == 2, let vendor = UInt16(parts[0], radix: 16), let product = UInt16(parts[1], radix: 16) else { return false }
        return hex(vendor) + ":" + hex(product) == ids
    }

    static func hex(_ number: UInt16) -> String {
        let digits = String(number, radix: 16)
        return String(repeating: "0", count: 4 - digits.count) + digits
    }

    // MARK: Interfaces

    /// The most telling one of the device's interfaces.
    static func link(of sighting: USBSighting) -> (kind: USBLinkKind, interface: USBInterface)? {
        for kind in [USBLinkKind.readerLink, .network, .cdcACM, .ccid, .hid, .vendor] {
            let fitting = sighting.interfaces.filter { self.kind(of: $0) == kind }
            // Of several fitting interfaces, the one that can be opened comes first.
            if let usable = fitting.first(where: { place(of: sighting, $0) != nil }) ?? fitting.first { return (kind, usable) }
        }
        return nil
    }

    /// The kind of an interface (reader-protocol, section 11.3; class codes of the USB Implementers Forum).
    static func kind(of interface: USBInterface) -> USBLinkKind? {
        switch (interface.interfaceClass, interface.subclass, interface.protocolCode) {
        case (0xff, 0x52, 0x01): .readerLink
        case (0x02, 0x06, _), (0x02, 0x0d, _), (0xe0, 0x01, 0x03), (0xef, 0x04, 0x01): .network
        // Linux gadgets give RNDIS this class: an ACM interface with a vendor's protocol.
        case (0x02, 0x02, 0xff): .network
        case (0x02, 0x02, _), (0x0a, _, _): .cdcACM
        case (0x03, _, _): .hid
        case (0x0b, _, _): .ccid
        case (0xff, _, _): .vendor
        default: nil
        }
    }

    static func place(of sighting: USBSighting, _ interface: USBInterface) -> USBPlace? {
        let ins = interface.endpoints.filter { $0.isBulk && $0.isIn }
        let outs = interface.endpoints.filter { $0.isBulk && !$0.isIn }
        // The published interface has its endpoints in alternate setting 0, and has one setting only.
        guard kind(of: interface) == .readerLink, interface.alternate == 0, ins.count == 1, outs.count == 1, interface.endpoints.count == 2,
            (8...1024).contains(ins[0].packetSize), (8...1024).contains(outs[0].packetSize)
        else { return nil }
        return USBPlace(
            bus: sighting.bus, device: sighting.device, portPath: sighting.portPath, interface: interface.number,
            endpointIn: ins[0].address, endpointOut: outs[0].address, packetSize: outs[0].packetSize)
    }
}
