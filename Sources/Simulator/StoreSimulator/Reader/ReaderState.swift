/// What a simulated reader is in the middle of.
enum ReaderState: Sendable {
    /// Without power or restarting: nothing listens. Goes to `idle` when it is up.
    case offline
    /// The splash screen. Goes to `cart`, `waitingCard`, `waitingReusable`.
    case idle
    /// Shows a cart. Goes to `idle`, `waitingCard`.
    case cart
    /// Asks for a card. Goes to `collected`, or to `idle` by cancel, clear, the customer or a takeover.
    case waitingCard(Collection)
    /// Has a card and waits for the confirm. Goes to `authorising`, or to `idle` as above.
    case collected(Collection)
    /// Waits for the issuer; no cancel any more. Goes to `idle`, or back to `collected` after trouble on the way to Stripe.
    case authorising(Authorisation)
    /// Asks for a card to save.
    case waitingReusable(Reusable)
    /// Has a card to save.
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

/// A card that is or was being asked for.
struct Collection: Sendable {
    var request: CollectMessage
    var script: CustomerScript
    /// The device that asked.
    var device: String
    /// When the card comes, if it does.
    var cardAt: Int?
    /// When the customer cancels, if they do.
    var cancelAt: Int?
    /// What the customer adds.
    var tip: Int
}

/// A confirm that runs.
struct Authorisation: Sendable {
    var ticket: Int
    var collection: Collection
    var intent: String
    var outcome: IssuerOutcome
    /// How long the issuer takes for this try.
    var takes: Int
    /// The refusal of the first try, which is still to come; nil when it has come or there is none.
    var refusedFirst: String?
}

/// A card that is being asked for to be saved.
struct Reusable: Sendable {
    var script: CustomerScript
    var device: String
    var cardAt: Int?
    var cancelAt: Int?
}
