import Moments

/// What the journal keeps of a cart across payments. One cart has at most one live PaymentIntent.
package struct CartFacts: Sendable, Hashable, Codable {
    package struct Intent: Sendable, Hashable, Codable {
        package var id: IntentID
        package var amountMinor: Int64
        package var currency: Currency
        package var publishableKey: PublishableKey
        /// The amount of the request that made the intent, for the rule of equal amounts.
        package var amount: DecimalAmount
        package var accountBalance: DecimalAmount?
        /// Whether a confirm of this intent was journaled, so that it may have been charged.
        package var everConfirmed: Bool
        /// Whether evidence after the last confirm says that the intent was not charged.
        package var knownNotCharged: Bool
        /// The cart as the till wrote it when the intent was made. The backend knows the cart by it. Old rows lack it.
        package var cart: CartID?
        /// The attempts that had confirmed when the intent was read, or answered, as charged; nil when no charge is known.
        package var chargedAmong: [PaymentID]?
        /// The tip of the last confirm, which Stripe may have kept on the intent. Its unit is the minor unit.
        package var tipLeft: Int64?
        /// Attempts that ended by a technician's word that they took nothing. They may still take the money until their window has passed.
        package var said: [SaidNotTaken]?

        package init(
            id: IntentID, amountMinor: Int64, currency: Currency, publishableKey: PublishableKey, amount: DecimalAmount,
            accountBalance: DecimalAmount?
        ) {
            self.id = id
            self.amountMinor = amountMinor
            self.currency = currency
            self.publishableKey = publishableKey
            self.amount = amount
            self.accountBalance = accountBalance
            self.everConfirmed = false
            self.knownNotCharged = false
        }
    }

    /// An attempt that took nothing by a technician's word, and its reader.
    package struct SaidNotTaken: Sendable, Hashable, Codable {
        package var payment: PaymentID
        package var reader: ReaderID
        /// Whether the charge was known then. If so, the technician said that the money was let go. Old rows lack it.
        package var wasLetGo: Bool?

        package init(payment: PaymentID, reader: ReaderID, wasLetGo: Bool? = nil) {
            self.payment = payment
            self.reader = reader
            self.wasLetGo = wasLetGo
        }
    }

    /// An intent for keyed entry and the terms that made it. After a restart the agent asks the backend for it again.
    package struct Keyed: Sendable, Hashable, Codable {
        package var id: IntentID
        package var cart: CartID
        package var amount: DecimalAmount
        package var accountBalance: DecimalAmount?
        /// Whether the intent was read as charged or held; nil when that is not known. Then the backend's word on the cart says nothing
        /// about the reader's intent.
        package var isCharged: Bool?

        package init(id: IntentID, cart: CartID, amount: DecimalAmount, accountBalance: DecimalAmount?) {
            self.id = id
            self.cart = cart
            self.amount = amount
            self.accountBalance = accountBalance
        }
    }

    /// The lock that all spellings of the cart share (``CartID/lock``). In old rows it is the cart as the till wrote it.
    package var cart: CartID
    package var intent: Intent?
    /// Replaced intents, newest last. The agent watches them until the cart is submitted.
    package var replaced: [IntentID]
    /// Whether keyed entry has an intent of this cart and is not known to be closed.
    package var keyedEntry: Bool
    /// Whether the cart ever gave an intent to keyed entry. The backend may still hear of a decline there. Old rows lack it.
    package var keyedEver: Bool?
    /// Intents that keyed entry may have and that were not read as canceled. Old rows lack it.
    package var keyed: [Keyed]?
    /// Intents that were read as canceled, newest last. Old rows lack it.
    package var canceled: [IntentID]?
    /// The open payments of a cart in old rows. In new rows the payments themselves tell it.
    package var openPayments: [PaymentID]
    /// Whether the cart is paid. The next fields name the agent's payment, if it was one, and the order.
    package var paid: Bool
    package var paidBy: PaymentID?
    package var order: OrderID?
    /// The payment whose money is held for the cart after its order failed.
    package var held: PaymentID?

    package init(cart: CartID) {
        self.cart = cart
        self.replaced = []
        self.keyedEntry = false
        self.openPayments = []
        self.paid = false
    }

    /// Whether the agent still watches or awaits something of the cart, even if no till asks for it again. That is a payment that has not
    /// ended, keyed entry that is not known to be closed, a replaced intent that could be charged until the cart is submitted, or the
    /// window of a technician's word.
    package var isOpen: Bool { !openPayments.isEmpty || keyedEntry || (!paid && (!replaced.isEmpty || intent?.said != nil)) }
}

/// The kind of an event in the journal. The journal stores the raw values, so each name keeps its meaning.
package enum JournalKind: String, Sendable, Codable, CaseIterable {
    case accepted, leased, intent, collecting, progress, confirming, answer, released
    case cancelRequested = "cancel_requested"
    case unresolved, evidence, ended
    /// The backend contradicts a technician's word.
    case contradicted
    /// A person should know something of this payment (`PaymentWarning`), whether it has ended or not.
    case warned
    /// A technician has acknowledged the payment's warnings.
    case acknowledged
    case cart
    case keyedEntry = "keyed_entry"
    case fact
    case cardSetup = "card_setup"
}

/// One event to be written, with the state after it. The entries of one append share one transaction: the disk takes all of them or none.
package struct JournalEntry: Sendable, Equatable {
    package var kind: JournalKind
    package var at: WallTime
    /// The payment after the event.
    package var payment: PaymentRecord?
    /// The cart after the event.
    package var cart: CartFacts?
    /// The card set-up after the event.
    package var cardSetup: CardSetupRecord?
    /// A fact to remember under a key, such as a currency by publishable key.
    package var fact: Fact?
    /// A sentence for the person who reads the journal. It is bounded and holds no secret and no card data.
    package var note: String?

    package struct Fact: Sendable, Equatable {
        package var key: String
        package var value: String
        package init(key: String, value: String) {
            self.key = key
            self.value = value
        }
    }

    package init(
        kind: JournalKind, at: WallTime, payment: PaymentRecord? = nil, cart: CartFacts? = nil, cardSetup: CardSetupRecord? = nil,
        fact: Fact? = nil,
        note: String? = nil
    ) {
        self.kind = kind
        self.at = at
        self.payment = payment
        self.cart = cart
        self.cardSetup = cardSetup
        self.fact = fact
        self.note = note
    }
}
