import Moments

/// This file holds what the backend and Stripe tell, in the agent's own terms.

/// The answer to the backend's `configuration/`.
package struct BackendConfiguration: Sendable, Equatable {
    package var publishableKey: PublishableKey
    /// The location at Stripe (`tml_…`), not the backend's. The backend tells it only when the call named a cart.
    package var stripeLocation: String?

    package init(publishableKey: PublishableKey, stripeLocation: String?) {
        self.publishableKey = publishableKey
        self.stripeLocation = stripeLocation
    }
}

/// The answer to the backend's `payment_intent/`.
package struct BackendIntent: Sendable, Equatable {
    package var id: IntentID
    package var publishableKey: PublishableKey
    package var clientSecret: ClientSecret

    package init(id: IntentID, publishableKey: PublishableKey, clientSecret: ClientSecret) {
        self.id = id
        self.publishableKey = publishableKey
        self.clientSecret = clientSecret
    }
}

/// The answer to the backend's `setup_intent/`.
package struct BackendSetupIntent: Sendable, Equatable {
    package var id: String
    package var publishableKey: PublishableKey
    package var clientSecret: ClientSecret

    package init(id: String, publishableKey: PublishableKey, clientSecret: ClientSecret) {
        self.id = id
        self.publishableKey = publishableKey
        self.clientSecret = clientSecret
    }
}

/// The answer to the backend's `store_payment_method/`.
package struct StoredCard: Sendable, Equatable {
    package var paymentMethod: String
    package var bankcard: String

    package init(paymentMethod: String, bankcard: String) {
        self.paymentMethod = paymentMethod
        self.bankcard = bankcard
    }
}

/// How the customer's card will be read (`payment_type`).
package enum PaymentType: String, Sendable, Codable {
    case card, terminal
}

/// How a card to be kept is read (`colletion_method` on the wire).
package enum CollectionMethod: String, Sendable {
    case manual, terminal
}

/// The answer to the backend's `payment_status/`. It decides what became of a cart.
package enum CartStatus: Sendable, Equatable {
    case open
    /// The cart is paid, and the order proves it. The backend marks no field as required, so the order may be missing.
    case submitted(order: OrderID?)
    case failed(error: String?)
}

/// One entry of the backend's `terminal_readers/`.
package struct BackendReader: Sendable, Equatable {
    package var id: ReaderID
    /// The reader's label; nil when the backend tells none.
    package var label: String?

    package init(id: ReaderID, label: String?) {
        self.id = id
        self.label = label
    }
}

/// Stripe's list of readers, as far as the agent read it.
package struct StripeReaderList: Sendable, Equatable {
    package var readers: [StripeReader]
    /// Whether the agent read all of the list. When it did not, a reader that is missing here may still be registered.
    package var isWhole: Bool

    package init(_ readers: [StripeReader], isWhole: Bool = true) {
        self.readers = readers
        self.isWhole = isWhole
    }
}

/// One entry of Stripe's list of readers (reader-protocol, section 8.2).
package struct StripeReader: Sendable, Equatable {
    package var id: ReaderID
    package var serial: String?
    /// The field `device_type`, whose set of values is open.
    package var model: String?
    package var label: String?
    /// The reader's address on the shop's network, as Stripe last heard it.
    package var address: String?
    /// The domain under which the reader has its certificate, without a scheme.
    package var baseURL: String?
    package var status: String?
    /// When Stripe last heard of the reader, in milliseconds since 1970.
    package var lastSeenAt: WallTime?
    package var software: String?
    package var livemode: Bool?

    package init(
        id: ReaderID, serial: String?, model: String?, label: String?, address: String?, baseURL: String?, status: String?,
        lastSeenAt: WallTime?, software: String?, livemode: Bool?
    ) {
        self.id = id
        self.serial = serial
        self.model = model
        self.label = label
        self.address = address
        self.baseURL = baseURL
        self.status = status
        self.lastSeenAt = lastSeenAt
        self.software = software
        self.livemode = livemode
    }
}

/// The status of a PaymentIntent, in Stripe's words.
package enum IntentStatus: Sendable, Hashable {
    case requiresPaymentMethod, requiresConfirmation, requiresAction, processing, requiresCapture, succeeded, canceled
    case other(String)

    package init(wire: String) {
        self =
            switch wire {
            case "requires_payment_method": .requiresPaymentMethod
            case "requires_confirmation": .requiresConfirmation
            case "requires_action": .requiresAction
            case "processing": .processing
            case "requires_capture": .requiresCapture
            case "succeeded": .succeeded
            case "canceled": .canceled
            default: .other(wire)
            }
    }

    /// Whether the money moved or is moving.
    package var isPaid: Bool {
        switch self {
        case .processing, .requiresCapture, .succeeded: true
        case .requiresPaymentMethod, .requiresConfirmation, .requiresAction, .canceled, .other: false
        }
    }
}

/// A PaymentIntent as Stripe shows it to a caller that has its client secret.
package struct IntentFacts: Sendable, Equatable {
    package var id: IntentID
    package var status: IntentStatus
    package var amountMinor: Int64
    package var currency: Currency
    /// The charged card, where Stripe tells it to such a caller.
    package var card: CardSummary?

    package init(id: IntentID, status: IntentStatus, amountMinor: Int64, currency: Currency, card: CardSummary? = nil) {
        self.id = id
        self.status = status
        self.amountMinor = amountMinor
        self.currency = currency
        self.card = card
    }
}
