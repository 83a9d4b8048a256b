import Moments

/// What is kept of a cart across payments: one cart has at most one live PaymentIntent.
package struct CartFacts: Sendable, Hashable, Codable {
    package struct Intent: Sendable, Hashable, Codable {
        package var id: IntentID
        package var amountMinor: Int64
        package var currency: Currency
        package var publishableKey: PublishableKey
        /// The request that made it, for "equal amounts".
        package var amount: DecimalAmount
        package var accountBalance: DecimalAmount?
        /// A confirm of this intent was journaled: it may have been charged.
        package var everConfirmed: Bool
        /// Evidence after the last confirm says that it was not charged.
        package var knownNotCharged: Bool
        /// The cart as the till wrote it when the intent was made: the backend knows it by that. Absent in old rows.
        package var cart: CartID?
        /// It was read, or answered, as charged: the attempts that had confirmed by then. Absent: not known to be charged.
        package var chargedAmong: [PaymentID]?
        /// A tip of the last confirm, which Stripe may have kept on it.
        package var tipLeft: Int64?
        /// Attempts that ended by a technician's word that they took nothing, and may take it until their window has passed.
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

    /// An attempt of which a technician said that it took nothing, and the reader that it was on.
    package struct SaidNotTaken: Sendable, Hashable, Codable {
        package var payment: PaymentID
        package var reader: ReaderID
        /// It was known to be charged then: what was said is that the money was let go. Absent in old rows.
        package var wasLetGo: Bool?

        package init(payment: PaymentID, reader: ReaderID, wasLetGo: Bool? = nil) {
            self.payment = payment
            self.reader = reader
            self.wasLetGo = wasLetGo
        }
    }

    /// An intent that was handed out for keyed entry, with what made it: after a restart the backend is asked for it again.
    package struct Keyed: Sendable, Hashable, Codable {
        package var id: IntentID
        package var cart: CartID
        package var amount: DecimalAmount
        package var accountBalance: DecimalAmount?
        /// It was read as charged, or as a hold: from then on the backend's word on the cart is no word on the reader's intent. Absent: not known.
        package var isCharged: Bool?

        package init(id: IntentID, cart: CartID, amount: DecimalAmount, accountBalance: DecimalAmount?) {
            self.id = id
            self.cart = cart
            self.amount = amount
            self.accountBalance = accountBalance
        }
    }

    /// By which all spellings of it are known (``CartID/lock``); in old rows as the till wrote it.
    package var cart: CartID
    package var intent: Intent?
    /// Intents that were replaced, newest last: watched until the cart is submitted.
    package var replaced: [IntentID]
    /// Keyed entry has been handed an intent of this cart and is not known to be closed.
    package var keyedEntry: Bool
    /// An intent for keyed entry was handed out at some time: the backend may still hear of a decline there. Absent in old rows.
    package var keyedEver: Bool?
    /// Intents that may have been handed out for keyed entry and were not read as canceled. Absent in old rows.
    package var keyed: [Keyed]?
    /// Intents that were read as canceled, newest last. Absent in old rows.
    package var canceled: [IntentID]?
    /// Of old rows only: which payments of a cart have not ended is derived from the payments.
    package var openPayments: [PaymentID]
    /// Paid: by which payment of ours, if one, and the order.
    package var paid: Bool
    package var paidBy: PaymentID?
    package var order: OrderID?
    /// Money is held for it and its order failed.
    package var held: PaymentID?

    package init(cart: CartID) {
        self.cart = cart
        self.replaced = []
        self.keyedEntry = false
        self.openPayments = []
        self.paid = false
    }

    /// Something of it is still to be watched or waited for, whether or not a till asks for it again: a payment that has not ended, keyed entry that
    /// is not known to be closed, an intent that was replaced and could be charged until the cart is submitted, the window of what a technician said.
    package var isOpen: Bool { !openPayments.isEmpty || keyedEntry || (!paid && (!replaced.isEmpty || intent?.said != nil)) }
}

/// What happened, in the words of the journal. Raw values are stored: a name that stands here keeps its meaning.
package enum JournalKind: String, Sendable, Codable, CaseIterable {
    case accepted, leased, intent, collecting, progress, confirming, answer, released
    case cancelRequested = "cancel_requested"
    case unresolved, evidence, ended
    /// The backend says otherwise than a technician has said.
    case contradicted
    /// A person should know something of this payment (`PaymentWarning`), ended or not.
    case warned
    /// A technician has taken its warnings off.
    case acknowledged
    case cart
    case keyedEntry = "keyed_entry"
    case fact
    case cardSetup = "card_setup"
}

/// One thing to be written: the event, and what it leaves behind. All entries of one append are written in one transaction, or none.
package struct JournalEntry: Sendable, Equatable {
    package var kind: JournalKind
    package var at: WallTime
    /// The payment as it is after the event.
    package var payment: PaymentRecord?
    /// The cart as it is after the event.
    package var cart: CartFacts?
    /// The card set-up as it is after the event.
    package var cardSetup: CardSetupRecord?
    /// A fact to remember under a key (a currency by publishable key, …).
    package var fact: Fact?
    /// A sentence for the person who reads the journal. Bounded; no secret, no card data.
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
