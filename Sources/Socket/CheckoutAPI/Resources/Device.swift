/// How a device is attached.
public struct Transport: OpenWord {
    public let rawValue: String
    public init(rawValue: String) { self.rawValue = rawValue }

    public static let lan: Self = "lan"
    public static let usb: Self = "usb"

    package static let known: [Self] = [lan, usb]
}

/// A USB device as its descriptors name it.
public struct USBIdentity: Sendable, Hashable, Codable {
    /// The number in four hexadecimal digits, lower case.
    public var vendorID: String
    /// The number in four hexadecimal digits, lower case.
    public var productID: String
    public var bus: Int
    /// Ports from the root hub down, as the kernel writes them ("1.4.2").
    public var portPath: String
    public var manufacturer: String?
    public var product: String?
    public var serial: String?
    /// The way it can be spoken to (`cdc_acm`, `hid`, `ccid`, `network`, `vendor`, `reader_link`); nil when there is none.
    public var link: String?

    public init(
        vendorID: String, productID: String, bus: Int, portPath: String, manufacturer: String? = nil, product: String? = nil,
        serial: String? = nil, link: String? = nil
    ) {
        self.vendorID = vendorID
        self.productID = productID
        self.bus = bus
        self.portPath = portPath
        self.manufacturer = manufacturer
        self.product = product
        self.serial = serial
        self.link = link
    }

    enum CodingKeys: String, CodingKey {
        case bus, manufacturer, product, serial, link
        case vendorID = "vendor_id"
        case productID = "product_id"
        case portPath = "port_path"
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(vendorID, forKey: .vendorID)
        try container.encode(productID, forKey: .productID)
        try container.encode(bus, forKey: .bus)
        try container.encode(portPath, forKey: .portPath)
        try container.encode(manufacturer, forKey: .manufacturer)
        try container.encode(product, forKey: .product)
        try container.encode(serial, forKey: .serial)
        try container.encode(link, forKey: .link)
    }
}

/// Something that was seen on USB or on the LAN, registered or not. What is unknown is left out.
public struct Device: Sendable, Hashable, Codable {
    public var device: String
    public var transport: Transport
    public var address: String?
    public var host: String?
    public var usb: USBIdentity?
    public var model: String?
    /// The reader's id (`tmr_…`), when it is a registered one.
    public var reader: String?
    public var driveable: Bool
    public var reason: Reason?
    public var firstSeenAt: Timestamp
    public var lastSeenAt: Timestamp

    public init(
        device: String, transport: Transport, address: String? = nil, host: String? = nil, usb: USBIdentity? = nil, model: String? = nil,
        reader: String? = nil, driveable: Bool, reason: Reason? = nil, firstSeenAt: Timestamp, lastSeenAt: Timestamp
    ) {
        self.device = device
        self.transport = transport
        self.address = address
        self.host = host
        self.usb = usb
        self.model = model
        self.reader = reader
        self.driveable = driveable
        self.reason = reason
        self.firstSeenAt = firstSeenAt
        self.lastSeenAt = lastSeenAt
    }

    enum CodingKeys: String, CodingKey {
        case device, transport, address, host, usb, model, reader, driveable, reason
        case firstSeenAt = "first_seen_at"
        case lastSeenAt = "last_seen_at"
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(device, forKey: .device)
        try container.encode(transport, forKey: .transport)
        try container.encode(address, forKey: .address)
        try container.encodeIfPresent(host, forKey: .host)
        try container.encodeIfPresent(usb, forKey: .usb)
        try container.encodeIfPresent(model, forKey: .model)
        try container.encodeIfPresent(reader, forKey: .reader)
        try container.encode(driveable, forKey: .driveable)
        try container.encodeIfPresent(reason, forKey: .reason)
        try container.encode(firstSeenAt, forKey: .firstSeenAt)
        try container.encode(lastSeenAt, forKey: .lastSeenAt)
    }
}

public struct DeviceList: Sendable, Hashable, Codable {
    public var devices: [Device]
    public init(devices: [Device]) { self.devices = devices }
}
