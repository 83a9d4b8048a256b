/// Everything that happened in a simulated store, as values. A charge is money.
package struct Ledger: Sendable, Codable {
    package struct IntentEntry: Sendable, Codable {
        package var id: String
        package var cart: String
        /// Minor units; tip included once it is charged.
        package var amount: Int
        package var currency: String
        package var status: String
        package var isForReader: Bool
        /// A newer intent was made for the cart.
        package var isReplaced: Bool
        package var charges: [Charge]
        package var declines: [Decline]
        package var createdAt: Int
    }

    package struct CartEntry: Sendable, Codable {
        package var cart: String
        /// `Open`, `Submitted` or `Failed`.
        package var status: String
        package var order: String?
        package var error: String?
        package var intents: [String]
    }

    package struct TokenEntry: Sendable, Codable {
        /// The end of the token only.
        package var token: String
        package var cart: String
        package var createdAt: Int
        package var spentAt: Int?
        /// The serial number of the reader that redeemed it.
        package var spentBy: String?
        /// How often a reader was given it again.
        package var refusedSpends: Int
    }

    package struct ReaderEntry: Sendable, Codable {
        package var id: String?
        package var serial: String
        package var label: String?
        package var address: String
        package var port: Int
        package var host: String
        /// OFFLINE, IDLE, CART, WAITING_CARD, COLLECTED, AUTHORISING, WAITING_REUSABLE or REUSABLE_COLLECTED.
        package var state: String
        package var registrationCode: String?
        /// Successful activations.
        package var activations: Int
        /// Requests that came while another of the same client was being answered.
        package var overlaps: Int
        /// What its display shows: the total of a cart, minor units.
        package var shownTotal: Int?
        /// Descriptions of the cart's lines on its display.
        package var shownLines: [String]
        /// The device that holds the session.
        package var owner: String?
        package var isOnline: Bool
    }

    /// Milliseconds since the store opened.
    package var at: Int
    package var intents: [IntentEntry]
    package var carts: [CartEntry]
    package var tokens: [TokenEntry]
    package var readers: [ReaderEntry]
    /// By call name.
    package var counts: [String: CallCount]
    /// The last calls, oldest first; at most 2000.
    package var calls: [CallEntry]
    package var bankcards: [Bankcard]
    /// Saved cards that readers made.
    package var savedCards: [String]
    /// What a careful client would not have done, in words.
    package var violations: [String]
    /// Faults that still wait.
    package var faults: [Fault]

    /// Every charge of every intent of a cart.
    package func charges(cart: String) -> [Charge] {
        intents.filter { $0.cart == cart }.flatMap(\.charges)
    }

    /// What was taken or is held for a cart, minor units, tips included.
    package func totalTaken(cart: String) -> Int {
        charges(cart: cart).filter { !$0.released }.reduce(0) { $0 + $1.amount }
    }

    package var charges: [Charge] { intents.flatMap(\.charges) }

    package func intents(cart: String) -> [IntentEntry] { intents.filter { $0.cart == cart } }

    package func cart(_ id: String) -> CartEntry? { carts.first { $0.cart == id } }

    /// A reader by serial number, `tmr_` id or label.
    package func reader(_ name: String) -> ReaderEntry? {
        readers.first { $0.serial == name || $0.id == name || $0.label == name }
    }

    /// How often a call came.
    package func count(_ call: String) -> Int { counts[call]?.count ?? 0 }

    /// Overlapping requests on all readers.
    package var overlaps: Int { readers.reduce(0) { $0 + $1.overlaps } }

    /// Tokens that a reader was given a second time.
    package var tokensSpentTwice: Int { tokens.reduce(0) { $0 + ($1.refusedSpends > 0 ? 1 : 0) } }
}
