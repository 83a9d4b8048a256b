/// Whether a payment can be taken now and, if not, why.
public struct Status: Sendable, Hashable, Codable {
    /// The state of something that payments need: `ok`, `unknown` (not tried yet), `unavailable`, `unauthorized`, `read_only`, `full`, …
    public struct Part: Sendable, Hashable, Codable {
        /// How a part stands. A word that this version does not know is text for people.
        public struct State: OpenWord {
            public let rawValue: String
            public init(rawValue: String) { self.rawValue = rawValue }
            public static let ok: Self = "ok"
            public static let unknown: Self = "unknown"
            public static let unavailable: Self = "unavailable"
            public static let unauthorized: Self = "unauthorized"
        }

        public var state: State
        public var detail: String?
        /// When it last worked.
        public var lastOKAt: Timestamp?

        public init(state: State, detail: String? = nil, lastOKAt: Timestamp? = nil) {
            self.state = state
            self.detail = detail
            self.lastOKAt = lastOKAt
        }

        enum CodingKeys: String, CodingKey {
            case state, detail
            case lastOKAt = "last_ok_at"
        }

        public func encode(to encoder: any Encoder) throws {
            var container = encoder.container(keyedBy: CodingKeys.self)
            try container.encode(state, forKey: .state)
            try container.encode(detail, forKey: .detail)
            try container.encode(lastOKAt, forKey: .lastOKAt)
        }
    }

    /// A till, its reader, and what runs there.
    public struct Lane: Sendable, Hashable, Codable {
        public var lane: String
        /// The reader that the settings give it.
        public var reader: String?
        public var readerState: Reader.State?
        /// The payment that runs there.
        public var payment: String?
        /// How many wait behind it.
        public var waiting: Int

        public init(lane: String, reader: String?, readerState: Reader.State?, payment: String?, waiting: Int) {
            self.lane = lane
            self.reader = reader
            self.readerState = readerState
            self.payment = payment
            self.waiting = waiting
        }

        enum CodingKeys: String, CodingKey {
            case lane, reader, payment, waiting
            case readerState = "reader_state"
        }

        public func encode(to encoder: any Encoder) throws {
            var container = encoder.container(keyedBy: CodingKeys.self)
            try container.encode(lane, forKey: .lane)
            try container.encode(reader, forKey: .reader)
            try container.encode(readerState, forKey: .readerState)
            try container.encode(payment, forKey: .payment)
            try container.encode(waiting, forKey: .waiting)
        }
    }

    /// A payment that has not ended.
    public struct OpenPayment: Sendable, Hashable, Codable {
        public var id: String
        public var cart: String
        public var lane: String?
        public var reader: String?
        public var state: Payment.State
        public var money: Payment.Money
        public var createdAt: Timestamp

        public init(
            id: String, cart: String, lane: String?, reader: String?, state: Payment.State, money: Payment.Money, createdAt: Timestamp
        ) {
            self.id = id
            self.cart = cart
            self.lane = lane
            self.reader = reader
            self.state = state
            self.money = money
            self.createdAt = createdAt
        }

        enum CodingKeys: String, CodingKey {
            case id, cart, lane, reader, state, money
            case createdAt = "created_at"
        }

        public func encode(to encoder: any Encoder) throws {
            var container = encoder.container(keyedBy: CodingKeys.self)
            try container.encode(id, forKey: .id)
            try container.encode(cart, forKey: .cart)
            try container.encode(lane, forKey: .lane)
            try container.encode(reader, forKey: .reader)
            try container.encode(state, forKey: .state)
            try container.encode(money, forKey: .money)
            try container.encode(createdAt, forKey: .createdAt)
        }
    }

    public var canTakePayments: Bool
    /// Why no payment can be taken, and what is wrong without stopping payments.
    public var reasons: [Reason]
    public var backend: Part
    public var journal: Part
    public var readers: [Reader]
    public var lanes: [Lane]
    public var openPayments: [OpenPayment]

    public init(
        canTakePayments: Bool, reasons: [Reason], backend: Part, journal: Part, readers: [Reader], lanes: [Lane],
        openPayments: [OpenPayment]
    ) {
        self.canTakePayments = canTakePayments
        self.reasons = reasons
        self.backend = backend
        self.journal = journal
        self.readers = readers
        self.lanes = lanes
        self.openPayments = openPayments
    }

    enum CodingKeys: String, CodingKey {
        case reasons, backend, journal, readers, lanes
        case canTakePayments = "can_take_payments"
        case openPayments = "open_payments"
    }
}
