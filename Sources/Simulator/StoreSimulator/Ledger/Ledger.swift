/// Everything that happened in a simulated store, as values. A charge is money.
package struct Ledger: Sendable, Codable {
    package struct IntentEntry: Sendable, Codable {
        package var id: String
        package var cart: String
        /// The amount in minor units, with the tip once it is charged.
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
        /// The status: `Open`, `Submitted` or `Failed`.
        package var status: String
        package var order: String?
        package var error: String?
        package var intents: [String]
    }

    package struct TokenEntry: Sendable, Codable {
        /// The masked token: its kind and its last four letters.
        package var token: String
        package var cart: String
        package var createdAt: Int
        package var spentAt: Int?
        /// The serial number of the reader that redeemed it.
        package var spentBy: String?
        /// How often a reader tried to redeem it again.
        package var refusedSpends: Int
    }

    package struct ReaderEntry: Sendable, Codable {
        package var id: String?
        package var serial: String
        package var label: String?
        package var address: String
        package var port: Int
        package var host: String
        /// The state: OFFLINE, IDLE, CART, WAITING_CARD, COLLECTED, AUTHORISING, WAITING_REUSABLE or REUSABLE_COLLECTED.
        package var state: String
        package var registrationCode: String?
        /// The number of successful activations.
        package var activations: Int
        /// Requests that came while another of the same client was being answered.
        package var overlaps: Int
        /// The total of the cart on its display, in minor units.
        package var shownTotal: Int?
        /// Descriptions of the cart's lines on its display.
        package var shownLines: [String]
        /// The device that holds the session.
        package var owner: String?
        package var isOnline: Bool
    }

    /// The moment in milliseconds since the store opened.
    package var at: Int
    package var intents: [IntentEntry]
    package var carts: [CartEntry]
    package var tokens: [TokenEntry]
    package var readers: [ReaderEntry]
    /// The counts by call name.
    package var counts: [String: CallCount]
    /// The last calls, oldest first; at most 2000.
    package var calls: [CallEntry]
    package var bankcards: [Bankcard]
    /// Saved cards that readers made.
    package var savedCards: [String]
    /// The violations in words: actions that a careful client would not have taken.
    package var violations: [String]
    /// The faults that still wait.
    package var faults: [Fault]

    /// Every charge of every intent of a cart.
    package func charges(cart: String) -> [Charge] {
        intents.filter { $0.cart == cart }.flatMap(\.charges)
    }

    /// The money that was taken or is held for a cart, in minor units, tips included.
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

    /// The number of times that a call came.
    package func count(_ call: String) -> Int { counts[call]?.count ?? 0 }

    /// The number of overlapping requests on all readers.
    package var overlaps: Int { readers.reduce(0) { $0 + $1.overlaps } }

    /// The number of tokens that a reader was given a second time.
    package var tokensSpentTwice: Int { tokens.reduce(0) { $0 + ($1.refusedSpends > 0 ? 1 : 0) } }
}
