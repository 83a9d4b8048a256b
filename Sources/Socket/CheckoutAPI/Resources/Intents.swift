/// The answer to `GET /v1/configuration`: what Stripe's forms and SDKs need.
public struct Configuration: Sendable, Hashable, Codable {
    public var publishableKey: String
    /// Stripe's location (`tml_…`), when a cart was named and the backend knows it.
    public var stripeLocation: String?

    public init(publishableKey: String, stripeLocation: String? = nil) {
        self.publishableKey = publishableKey
        self.stripeLocation = stripeLocation
    }

    enum CodingKeys: String, CodingKey {
        case publishableKey = "publishable_key"
        case stripeLocation = "stripe_location"
    }
}

/// An intent for keyed entry. Whoever holds the client secret can use it: it is relayed once, and never stored or logged.
public struct IntentAnswer: Sendable, Hashable, Codable {
    public var id: String
    public var publishableKey: String
    public var clientSecret: String

    public init(id: String, publishableKey: String, clientSecret: String) {
        self.id = id
        self.publishableKey = publishableKey
        self.clientSecret = clientSecret
    }

    enum CodingKeys: String, CodingKey {
        case id
        case publishableKey = "publishable_key"
        case clientSecret = "client_secret"
    }
}

extension IntentAnswer: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    public var description: String { "IntentAnswer(id: \(id), client_secret: <redacted>)" }
    public var debugDescription: String { description }
    public var customMirror: Mirror { Mirror(self, children: ["id": id]) }
}

/// A connection token for a checkout that runs Stripe's SDK itself; each is handed out once.
public struct ConnectionTokenAnswer: Sendable, Hashable, Codable {
    public var token: String
    public init(token: String) { self.token = token }
}

extension ConnectionTokenAnswer: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    public var description: String { "ConnectionTokenAnswer(<redacted>)" }
    public var debugDescription: String { description }
    public var customMirror: Mirror { Mirror(self, children: []) }
}
