/// The calls that were made for a payment, from the checkout's request to the issuer's answer, as far as the agent still remembers them.
public struct PaymentTrace: Sendable, Hashable, Codable {
    /// One call to somebody outside.
    public struct Step: Sendable, Hashable, Codable {
        public struct Party: OpenWord {
            public let rawValue: String
            public init(rawValue: String) { self.rawValue = rawValue }

            public static let backend: Self = "backend"
            public static let stripe: Self = "stripe"
            public static let reader: Self = "reader"
            public static let journal: Self = "journal"
            /// This computer itself: its networks, its USB.
            public static let box: Self = "box"

            package static let known: [Self] = [backend, stripe, reader, journal, box]
        }

        public var party: Party
        /// The call's name: `payment_intent`, `confirmPayment`, …
        public var call: String
        public var at: Timestamp
        public var durationSeconds: Double
        /// `ok`, or in a word what went wrong.
        public var result: String

        public init(party: Party, call: String, at: Timestamp, durationSeconds: Double, result: String) {
            self.party = party
            self.call = call
            self.at = at
            self.durationSeconds = durationSeconds
            self.result = result
        }

        enum CodingKeys: String, CodingKey {
            case party, call, at, result
            case durationSeconds = "duration_s"
        }
    }

    public var payment: String
    /// The calls in the order in which they began; none for a payment from before the agent's last start.
    public var steps: [Step]

    public init(payment: String, steps: [Step]) {
        self.payment = payment
        self.steps = steps
    }
}
