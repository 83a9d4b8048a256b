/// A sale that has begun, and what the agent has made ready for its payment.
public struct Cart: Sendable, Hashable, Codable {
    public var cart: String
    public var lane: String?
    /// The reader's id (`tmr_…`); nil when none was chosen yet.
    public var reader: String?
    public var readerState: Reader.State?
    /// Why it has no reader: not yet, or not at all; nil when it has one.
    public var reason: Reason?
    public var warm: Warm
    public var openedAt: Timestamp

    /// What is at hand already.
    public struct Warm: Sendable, Hashable, Codable {
        public var configuration: Bool
        /// Whether an unspent connection token is at hand.
        public var token: Bool
        /// Whether a session with the reader is live.
        public var session: Bool
        /// Whether the location's currency is known.
        public var currency: Bool

        public init(configuration: Bool, token: Bool, session: Bool, currency: Bool) {
            self.configuration = configuration
            self.token = token
            self.session = session
            self.currency = currency
        }
    }

    public init(
        cart: String, lane: String?, reader: String?, readerState: Reader.State?, reason: Reason? = nil, warm: Warm, openedAt: Timestamp
    ) {
        self.cart = cart
        self.lane = lane
        self.reader = reader
        self.readerState = readerState
        self.reason = reason
        self.warm = warm
        self.openedAt = openedAt
    }

    enum CodingKeys: String, CodingKey {
        case cart, lane, reader, reason, warm
        case readerState = "reader_state"
        case openedAt = "opened_at"
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(cart, forKey: .cart)
        try container.encode(lane, forKey: .lane)
        try container.encode(reader, forKey: .reader)
        try container.encode(readerState, forKey: .readerState)
        try container.encode(reason, forKey: .reason)
        try container.encode(warm, forKey: .warm)
        try container.encode(openedAt, forKey: .openedAt)
    }
}

/// What the backend says of a cart now.
public struct CartStatus: Sendable, Hashable, Codable {
    /// How the backend's cart stands.
    public enum State: String, Sendable, Hashable, Codable, CaseIterable {
        case open, submitted, failed
    }

    public var status: State
    public var order: String?
    public var error: String?

    public init(status: State, order: String? = nil, error: String? = nil) {
        self.status = status
        self.order = order
        self.error = error
    }
}
