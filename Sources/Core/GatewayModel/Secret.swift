/// A value that must not be seen: it describes itself as redacted, has no reflection, and cannot be encoded.
package struct Secret: Sendable, Equatable, CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    private let value: String

    package init(_ value: String) { self.value = value }

    /// The value itself. Every use is a place to look at: it may go into a request's body or header, and nowhere else.
    package func reveal() -> String { value }

    package var isEmpty: Bool { value.isEmpty }
    package var description: String { "<redacted>" }
    package var debugDescription: String { "<redacted>" }
    package var customMirror: Mirror { Mirror(self, children: []) }
}

/// A connection token (`pst_…`) of the backend: spent by one activation of a reader, readable at Stripe meanwhile.
package struct ConnectionToken: Sendable, Equatable {
    package let secret: Secret
    package init(_ secret: Secret) { self.secret = secret }
}

/// The words that an unregistered reader shows: whoever has them can register that reader. Used once, kept nowhere.
package struct RegistrationCode: Sendable, Equatable {
    package let secret: Secret
    package init(_ secret: Secret) { self.secret = secret }
}

/// What opens one PaymentIntent to whoever holds it. Memory only.
package struct ClientSecret: Sendable, Equatable {
    package let secret: Secret
    package init(_ secret: Secret) { self.secret = secret }
}

/// A reader's session, given by its activation. Memory only.
package struct SessionToken: Sendable, Equatable {
    package let secret: Secret
    package init(_ secret: Secret) { self.secret = secret }
}
