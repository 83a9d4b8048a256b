/// The state of a simulated reader.
enum ReaderState: Sendable {
    /// The reader has no power or restarts, and nothing listens. The state becomes `idle` when it is up.
    case offline
    /// The reader shows the splash screen. The state becomes `cart`, `waitingCard` or `waitingReusable`.
    case idle
    /// The reader shows a cart. The state becomes `idle` or `waitingCard`.
    case cart
    /// The reader asks for a card. The state becomes `collected`, or `idle` by cancel, clear, the customer or a takeover.
    case waitingCard(Collection)
    /// The reader has a card and waits for the confirm. The state becomes `authorising`, or `idle` as above.
    case collected(Collection)
    /// The reader waits for the issuer, and cannot cancel any more. The state becomes `idle`, or `collected` again after a fault between it
    /// and Stripe.
    case authorising(Authorisation)
    /// The reader asks for a card to save.
    case waitingReusable(Reusable)
    /// The reader has a card to save.
    case reusableCollected(Reusable)

    var name: String {
        switch self {
        case .offline: "OFFLINE"
        case .idle: "IDLE"
        case .cart: "CART"
        case .waitingCard: "WAITING_CARD"
        case .collected: "COLLECTED"
        case .authorising: "AUTHORISING"
        case .waitingReusable: "WAITING_REUSABLE"
        case .reusableCollected: "REUSABLE_COLLECTED"
        }
    }
}

/// A card that is being asked for, or was.
struct Collection: Sendable {
    var request: CollectMessage
    var script: CustomerScript
    /// The device that asked.
    var device: String
    /// The moment when the card comes, if it does.
    var cardAt: Int?
    /// The moment when the customer cancels, if they do.
    var cancelAt: Int?
    /// The tip that the customer adds, in minor units.
    var tip: Int
}

/// A confirm that runs.
struct Authorisation: Sendable {
    var ticket: Int
    var collection: Collection
    var intent: String
    var outcome: IssuerOutcome
    /// The time that the issuer takes for this try.
    var takes: Int
    /// The refusal of the first try, which is still to come. It is nil when it has come or there is none.
    var refusedFirst: String?
}

/// A card that the reader asks for in order to save it.
struct Reusable: Sendable {
    var script: CustomerScript
    var device: String
    var cardAt: Int?
    var cancelAt: Int?
}
