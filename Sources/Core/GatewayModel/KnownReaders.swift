/// A card reader that is known by its USB ids, or another device with the same vendor's number.
///
/// The vendor's number alone decides nothing: 0b00 belongs to Ingenico and to a macro keypad, 1000 and 1234 belong to other makers, and
/// 1eab makes mostly bar-code scanners. Where a product's number is not known, the device's own strings have to name the maker as well.
package struct KnownReader: Sendable, Hashable {
    /// How sure the entry is (reader-protocol, section 0).
    package enum Mark: String, Sendable { case documented, reported, inferred }

    package var vendorID: UInt16
    /// The product's number; nil when any will do as long as a string names the maker.
    package var productID: UInt16?
    package var model: String
    package var source: String
    package var mark: Mark
    /// Words of which the manufacturer's or the product's string has to contain one, regardless of case. When empty, the numbers are
    /// enough.
    package var words: [String] = []
    /// Whether the serial number stands where other devices have their product's name.
    package var hasSerialAsProduct = false

    private init(
        _ vendorID: UInt16, _ productID: UInt16?, _ model: String, _ mark: Mark, _ source: String, words: [String] = [],
        hasSerialAsProduct: Bool = false
    ) {
        self.vendorID = vendorID
        self.productID = productID
        self.model = model
        self.mark = mark
        self.source = source
        self.words = words
        self.hasSerialAsProduct = hasSerialAsProduct
    }

    package func matches(_ sighting: USBSighting) -> Bool {
        guard sighting.vendorID == vendorID, productID == nil || productID == sighting.productID else { return false }
        guard !words.isEmpty else { return true }
        let said = ((sighting.manufacturer ?? "") + " " + (sighting.product ?? "")).lowercased()
        return words.contains { said.contains($0) }
    }

    /// The entry for a device. An entry with its product's number precedes one that goes by strings.
    package static func find(_ sighting: USBSighting) -> KnownReader? {
        let fitting = table.filter { $0.matches(sighting) }
        return fitting.first { $0.productID != nil } ?? fitting.first
    }

    /// The name of a device that is no card reader although its vendor's number is also a card reader's; nil when it is not known.
    package static func isKnownOther(_ sighting: USBSighting) -> String? {
        others.first { $0.0 == sighting.vendorID && $0.1 == sighting.productID }?.2
    }

    private static let others: [(UInt16, UInt16, String)] = [
        // Several published udev files for "stream deck" clones list it.
        (0x0b00, 0x1001, "a macro keypad that uses Ingenico's vendor id")
    ]

    /// The table follows reader-protocol, section 11.2. "usb.ids" is the public list of USB ids (2026-06-26).
    package static let table: [KnownReader] = [
        KnownReader(0x11ca, 0x0201, "Verifone MX870/MX880", .documented, "usb.ids; Linux cdc-acm table"),
        KnownReader(0x11ca, 0x0207, "Verifone VX 810", .documented, "usb.ids"),
        KnownReader(0x11ca, 0x0220, "Verifone VX 805", .documented, "usb.ids"),
        KnownReader(0x11ca, 0x0219, "Verifone Trident", .reported, "Android device filter; udev script"),
        KnownReader(0x11ca, nil, "Verifone, model not known", .inferred, "vendor id with the maker's name", words: ["verifone"]),
        KnownReader(0x079b, 0x0028, "Ingenico iPP320", .reported, "udev script"),
        KnownReader(0x0b00, 0x3070, "Ingenico iPP370", .reported, "udev script"),
        KnownReader(0x079b, nil, "Ingenico, model not known", .documented, "WorldNet goChip, Ingenico page", words: ingenico),
        KnownReader(0x0b00, nil, "Ingenico, model not known", .documented, "WorldNet goChip, Ingenico page", words: ingenico),
        KnownReader(0x1000, nil, "Ingenico, model not known", .documented, "WorldNet goChip, Ingenico page", words: ingenico),
        KnownReader(0x0f14, 0x0012, "Ingenico Vital'Act 3S", .documented, "usb.ids"),
        KnownReader(0x0f14, 0x0038, "XIRING LEO V2", .documented, "usb.ids"),
        KnownReader(0x0780, 0x1202, "Sagem Monetel ORGA 900", .documented, "usb.ids"),
        KnownReader(0x0780, 0x1302, "Sagem Monetel ORGA 6000", .documented, "usb.ids"),
        KnownReader(0x0780, 0x1303, "Sagem Monetel ORGA 6000 (RNDIS)", .documented, "usb.ids"),
        KnownReader(0x2fb8, nil, "PAX terminal, model not known", .reported, "third-party note; udev list", words: ["pax"]),
        KnownReader(0x9908, 0x9030, "PAX Android terminal", .reported, "third-party note", words: ["pax"]),
        KnownReader(0x1234, 0x0101, "PAX S80", .reported, "Android device filter", words: ["pax", "s80"]),
        KnownReader(0x0acd, 0x3530, "ID TECH VP3300/VP8300", .documented, "WorldNet goChip, ID TECH page"),
        KnownReader(0x0acd, 0x4440, "ID TECH VP6300", .documented, "WorldNet goChip, ID TECH page"),
        KnownReader(0x0acd, 0x0630, "ID TECH Spectrum III", .documented, "usb.ids"),
        KnownReader(0x0acd, 0x0300, "ID TECH adapter", .documented, "usb.ids"),
        KnownReader(0x0acd, 0x0401, "ID TECH hybrid reader", .documented, "usb.ids"),
        KnownReader(0x0acd, 0x0810, "ID TECH SecurePIN", .documented, "usb.ids"),
        KnownReader(0x0acd, 0x2030, "ID TECH ValueMag", .documented, "usb.ids"),
        KnownReader(0x0acd, 0x3710, "ID TECH ViVOpay Kiosk III", .documented, "usb.ids"),
        KnownReader(0x0801, 0x0001, "MagTek Mini Swipe", .documented, "usb.ids"),
        KnownReader(0x0801, 0x0002, "MagTek swipe reader", .documented, "usb.ids"),
        KnownReader(0x0801, 0x0003, "MagTek insert reader", .documented, "usb.ids"),
        KnownReader(0x0801, 0x0011, "MagTek reader", .documented, "usb.ids"),
        KnownReader(0x0ca6, 0x0010, "Castles smart-card reader", .documented, "usb.ids"),
        KnownReader(0x0ca6, 0x0050, "Castles smart-card reader", .documented, "usb.ids"),
        KnownReader(0x0ca6, 0x107e, "Castles smart-card reader", .documented, "usb.ids"),
        KnownReader(0x0ca6, 0x2010, "Castles smart-card reader", .documented, "usb.ids"),
        KnownReader(0x0ca6, 0x3050, "Castles smart-card reader", .documented, "usb.ids"),
        KnownReader(0x1753, 0xc901, "Gertec PPC900", .documented, "usb.ids"),
        KnownReader(0x1753, 0xc902, "Gertec PPC900 family", .reported, "third-party lists"),
        KnownReader(0x1753, 0xc903, "Gertec PPC900 family", .reported, "third-party lists"),
        // The number is a chip maker's. BBPOS builds Stripe's mobile readers.
        KnownReader(
            0x15a2, 0x0101, "Stripe Reader M2", .reported, "stripe-terminal-android#357", words: ["bbpos"], hasSerialAsProduct: true),
        KnownReader(0x27a8, 0xa120, "Square Contactless + Chip Reader", .documented, "usb.ids"),
        KnownReader(0x28f3, 0x2000, "Clover Mobile", .documented, "usb.ids"),
        KnownReader(0x28f3, 0x3000, "Clover Mini", .documented, "usb.ids"),
        KnownReader(0x28f3, 0x4000, "Clover Flex", .documented, "usb.ids"),
        KnownReader(0x26a9, 0x0001, "RISE Payment Terminal", .documented, "usb.ids"),
        KnownReader(0x03f0, 0x0539, "HP magnetic-stripe reader", .documented, "usb.ids"),
        KnownReader(0x03f0, 0x2724, "HP magnetic-stripe reader", .documented, "usb.ids"),
        KnownReader(0x0d3a, 0x0500, "Posiflex magnetic-stripe reader", .documented, "usb.ids"),
        KnownReader(0xc216, 0x0180, "MSR90 magnetic-stripe reader", .documented, "usb.ids"),
        KnownReader(0x072f, 0x90d0, "ACS PertoSmart EMV", .documented, "usb.ids"),
        KnownReader(0x08e6, 0x3478, "Gemalto PIN-pad reader", .documented, "usb.ids"),
        KnownReader(0x04e6, 0xe003, "SCM PIN-pad reader", .documented, "usb.ids"),
    ]

    private static let ingenico = ["ingenico", "sagem", "telium", "ipp3", "iuc2", "isc2", "lane/"]
}
