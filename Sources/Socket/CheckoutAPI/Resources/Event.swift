/// One thing that happened, with the whole resource as it is after it.
public struct Event: Sendable, Hashable, Codable {
    /// What an event is about.
    public struct Topic: OpenWord {
        public let rawValue: String
        public init(rawValue: String) { self.rawValue = rawValue }

        public static let payments: Self = "payments"
        public static let readers: Self = "readers"
        public static let devices: Self = "devices"
        public static let agent: Self = "agent"

        package static let known: [Self] = [payments, readers, devices, agent]
    }

    /// News of the agent itself.
    public struct Notice: Sendable, Hashable, Codable {
        public var code: String
        public var message: String
        public var remedy: String?
        /// The payment that it is about.
        public var payment: String?

        public init(code: String, message: String, remedy: String? = nil, payment: String? = nil) {
            self.code = code
            self.message = message
            self.remedy = remedy
            self.payment = payment
        }
    }

    /// An opaque place in the stream; `?after=` with it goes on from here.
    public var cursor: String
    public var at: Timestamp
    public var topic: Topic
    /// What happened, such as `payment.state`.
    public var type: String
    public var payment: Payment?
    public var reader: Reader?
    public var device: Device?
    public var agent: Notice?
    /// What the journal says of an event of a payment, for people.
    public var note: String?

    private init(cursor: String, at: Timestamp, topic: Topic, type: String) {
        self.cursor = cursor
        self.at = at
        self.topic = topic
        self.type = type
    }

    public init(cursor: String, at: Timestamp, type: String, payment: Payment, note: String? = nil) {
        self.init(cursor: cursor, at: at, topic: .payments, type: type)
        self.payment = payment
        self.note = note
    }

    public init(cursor: String, at: Timestamp, type: String, reader: Reader) {
        self.init(cursor: cursor, at: at, topic: .readers, type: type)
        self.reader = reader
    }

    public init(cursor: String, at: Timestamp, type: String, device: Device) {
        self.init(cursor: cursor, at: at, topic: .devices, type: type)
        self.device = device
    }

    public init(cursor: String, at: Timestamp, type: String, agent: Notice) {
        self.init(cursor: cursor, at: at, topic: .agent, type: type)
        self.agent = agent
    }
}

/// One line of an event stream.
public enum StreamLine: Sendable, Hashable, Codable {
    /// `{"type":"heartbeat"}`: nothing happened, and the connection lives.
    case heartbeat
    case event(Event)
    /// `{"type":"end","problem":{…}}`: the agent ends the stream and says why. A stream may also end without it.
    case end(Problem)

    private enum CodingKeys: String, CodingKey { case type, problem }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        switch try container.decode(String.self, forKey: .type) {
        case "heartbeat": self = .heartbeat
        case "end": self = .end(try container.decode(Problem.self, forKey: .problem))
        default: self = .event(try Event(from: decoder))
        }
    }

    public func encode(to encoder: any Encoder) throws {
        switch self {
        case .event(let event): try event.encode(to: encoder)
        case .heartbeat:
            var container = encoder.container(keyedBy: CodingKeys.self)
            try container.encode("heartbeat", forKey: .type)
        case .end(let problem):
            var container = encoder.container(keyedBy: CodingKeys.self)
            try container.encode("end", forKey: .type)
            try container.encode(problem, forKey: .problem)
        }
    }
}
