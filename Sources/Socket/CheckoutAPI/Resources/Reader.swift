/// A card reader as the agent knows it.
public struct Reader: Sendable, Hashable, Codable {
    /// How a reader stands. A word that this version does not know is text for people.
    public struct State: OpenWord {
        public let rawValue: String
        public init(rawValue: String) { self.rawValue = rawValue }

        public static let ready: Self = "ready"
        public static let busy: Self = "busy"
        /// It has answered since the agent started; no session yet.
        public static let idle: Self = "idle"
        /// Nobody has asked it since the agent started.
        public static let unknown: Self = "unknown"
        public static let connecting: Self = "connecting"
        public static let inUseElsewhere: Self = "in_use_elsewhere"
        public static let unreachable: Self = "unreachable"
        public static let offline: Self = "offline"
        public static let unregistered: Self = "unregistered"
        public static let notDriveable: Self = "not_driveable"

        package static let known: [Self] = [
            ready, busy, idle, unknown, connecting, inUseElsewhere, unreachable, offline, unregistered, notDriveable,
        ]
    }

    /// The reader's id (`tmr_…`); nil for one that is not registered.
    public var reader: String?
    public var label: String?
    /// What the settings say that it is to be called (`readers.SERIAL.label`); nil when they do not.
    public var declaredLabel: String?
    public var serial: String?
    public var model: String?
    public var software: String?
    public var registered: Bool
    public var driveable: Bool
    public var transport: Transport?
    /// The reader's IP address.
    public var address: String?
    /// The published name that its certificate must bear.
    public var host: String?
    public var usb: USBIdentity?
    public var state: State
    /// Why it stands so; present in every state but `ready`, `busy` and `idle`.
    public var reason: Reason?
    public var lane: String?
    /// The payment that has the reader.
    public var payment: String?
    public var lastSeenAt: Timestamp?
    public var sessionSince: Timestamp?

    public init(
        reader: String?, label: String?, serial: String? = nil, model: String? = nil, software: String? = nil, registered: Bool,
        driveable: Bool, transport: Transport? = nil, address: String? = nil, host: String? = nil, usb: USBIdentity? = nil, state: State,
        reason: Reason? = nil, lane: String? = nil, payment: String? = nil, lastSeenAt: Timestamp? = nil, sessionSince: Timestamp? = nil,
        declaredLabel: String? = nil
    ) {
        self.declaredLabel = declaredLabel
        self.reader = reader
        self.label = label
        self.serial = serial
        self.model = model
        self.software = software
        self.registered = registered
        self.driveable = driveable
        self.transport = transport
        self.address = address
        self.host = host
        self.usb = usb
        self.state = state
        self.reason = reason
        self.lane = lane
        self.payment = payment
        self.lastSeenAt = lastSeenAt
        self.sessionSince = sessionSince
    }

    enum CodingKeys: String, CodingKey {
        case reader, label, serial, model, software, registered, driveable, transport, address, host, usb, state, reason, lane, payment
        case lastSeenAt = "last_seen_at"
        case sessionSince = "session_since"
        case declaredLabel = "declared_label"
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(reader, forKey: .reader)
        try container.encode(label, forKey: .label)
        try container.encodeIfPresent(declaredLabel, forKey: .declaredLabel)
        try container.encode(serial, forKey: .serial)
        try container.encode(model, forKey: .model)
        try container.encode(software, forKey: .software)
        try container.encode(registered, forKey: .registered)
        try container.encode(driveable, forKey: .driveable)
        try container.encode(transport, forKey: .transport)
        try container.encode(address, forKey: .address)
        try container.encode(host, forKey: .host)
        try container.encode(usb, forKey: .usb)
        try container.encode(state, forKey: .state)
        try container.encode(reason, forKey: .reason)
        try container.encode(lane, forKey: .lane)
        try container.encode(payment, forKey: .payment)
        try container.encode(lastSeenAt, forKey: .lastSeenAt)
        try container.encode(sessionSince, forKey: .sessionSince)
    }
}

/// All readers.
public struct ReaderList: Sendable, Hashable, Codable {
    public var readers: [Reader]
    public init(readers: [Reader]) { self.readers = readers }
}
