/// A value that must stay hidden. It describes itself as redacted, has no reflection, and cannot be encoded.
package struct Secret: Sendable, Equatable, CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    private let value: String

    package init(_ value: String) { self.value = value }

    /// Returns the value itself. A review has to look at every use: the value may go into a request's body or header, and nowhere else.
    package func reveal() -> String { value }

    package var isEmpty: Bool { value.isEmpty }
    package var description: String { "<redacted>" }
    package var debugDescription: String { "<redacted>" }
    package var customMirror: Mirror { Mirror(self, children: []) }
}

/// A connection token (`pst_…`) of the backend. One activation of a reader spends it. Until then it can read lists at Stripe.
package struct ConnectionToken: Sendable, Equatable {
    package let secret: Secret
    package init(_ secret: Secret) { self.secret = secret }
}

/// The words that an unregistered reader shows. They suffice to register that reader, so the agent uses them once and keeps them nowhere.
package struct RegistrationCode: Sendable, Equatable {
    package let secret: Secret
    package init(_ secret: Secret) { self.secret = secret }
}

/// The secret that opens one PaymentIntent to any holder. It stays in memory.
package struct ClientSecret: Sendable, Equatable {
    package let secret: Secret
    package init(_ secret: Secret) { self.secret = secret }
}

/// A reader's session, which its activation gives. It stays in memory.
package struct SessionToken: Sendable, Equatable {
    package let secret: Secret
    package init(_ secret: Secret) { self.secret = secret }
}
