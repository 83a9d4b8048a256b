/// What is kept of a cart across payments: one cart has at most one live PaymentIntent.
package struct CartFacts: Sendable, Equatable, Codable {
    package struct Intent: Sendable, Equatable, Codable {
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

    package var cart: CartID
    package var intent: Intent?
    /// Intents that were replaced, newest last: watched until the cart is submitted.
    package var replaced: [IntentID]
    /// Keyed entry has been handed an intent of this cart and is not known to be closed.
    package var keyedEntry: Bool
    /// An intent for keyed entry was handed out at some time: the backend may still hear of a decline there. Absent in old rows.
    package var keyedEver: Bool?
    /// The payment that is not ended, if any: running or unresolved.
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
