import Moments

/// This file holds the commands to a reader and its answers in the agent's own terms. `ReaderRPC` knows the shapes on the wire.

/// Where a reader is, and the name that its certificate must bear.
package struct ReaderRoute: Sendable, Hashable {
    package enum Link: Sendable, Hashable {
        /// An IPv4 address. The agent dials it as it is and resolves no name.
        case lan(address: String)
        /// A reader link on USB.
        case usb(USBPlace)
    }

    package var link: Link
    /// The port to dial on the LAN. Over USB it stands in `Host` only.
    package var port: Int
    /// The published name, for SNI, `Host` and the certificate check.
    package var host: String

    package init(_ link: Link, port: Int, host: String) {
        self.link = link
        self.port = port
        self.host = host
    }

    package init(address: String, port: Int, host: String) {
        self.init(.lan(address: address), port: port, host: host)
    }

    /// The address on the LAN, or the place on USB, for texts.
    package var address: String {
        switch link {
        case .lan(let address): address
        case .usb(let place): place.name
        }
    }

    package var isUSB: Bool {
        if case .usb = link { return true }
        return false
    }
}

/// One card transaction, as it is named to the reader (`transaction_context`).
package struct TransactionContext: Sendable, Hashable {
    /// A text of digits, as published clients send it. Whether a reader insists on digits is unknown.
    package var transactionID: String
    /// When the transaction started, in milliseconds since 1970.
    package var startTime: WallTime

    package init(transactionID: String, startTime: WallTime) {
        self.transactionID = transactionID
        self.startTime = startTime
    }

    /// The context of the payment's next transaction. A canceled request and the one that follows it are two transactions.
    package var next: TransactionContext {
        guard let number = Int64(transactionID), number < .max else { return self }
        return TransactionContext(transactionID: String(number + 1), startTime: startTime)
    }
}

package struct TipOption: Sendable, Hashable, Codable {
    package var label: String
    package var amountMinor: Int64
    package init(label: String, amountMinor: Int64) {
        self.label = label
        self.amountMinor = amountMinor
    }
}

package struct TipConfiguration: Sendable, Hashable, Codable {
    package var options: [TipOption]
    package var hideCustomAmount: Bool
    package init(options: [TipOption], hideCustomAmount: Bool) {
        self.options = options
        self.hideCustomAmount = hideCustomAmount
    }
}

package struct DisplayLine: Sendable, Hashable, Codable {
    package var description: String
    package var amountMinor: Int64
    package var quantity: Int64
    package init(description: String, amountMinor: Int64, quantity: Int64) {
        self.description = description
        self.amountMinor = amountMinor
        self.quantity = quantity
    }
}

/// A cart on the reader's screen. It charges nothing.
package struct DisplayCart: Sendable, Hashable, Codable {
    package var currency: Currency
    package var totalMinor: Int64
    package var taxMinor: Int64?
    package var lines: [DisplayLine]
    package init(currency: Currency, totalMinor: Int64, taxMinor: Int64?, lines: [DisplayLine]) {
        self.currency = currency
        self.totalMinor = totalMinor
        self.taxMinor = taxMinor
        self.lines = lines
    }
}

/// What the agent may tell of a card: brand, last four digits and how it was read. The reader may withhold each of them.
package struct CardSummary: Sendable, Hashable, Codable {
    package var brand: String?
    package var last4: String?
    package var entry: String?
    package init(brand: String?, last4: String?, entry: String?) {
        self.brand = brand
        self.last4 = last4
        self.entry = entry
    }
}

/// A card that the reader has read and keeps.
package struct CollectedCard: Sendable, Equatable {
    package var summary: CardSummary
    /// The tip that the customer chose, in minor units; 0 without one.
    package var tipMinor: Int64
    /// The answer's `payment_method`. The confirm returns it to the reader as it came.
    package var echo: Secret
    package init(summary: CardSummary, tipMinor: Int64, echo: Secret) {
        self.summary = summary
        self.tipMinor = tipMinor
        self.echo = echo
    }
}

/// One call to a reader.
package enum ReaderCommand: Sendable, Equatable {
    /// Opens a session and spends the token. The agent never repeats it with the same token.
    case activate(token: ConnectionToken, failIfInUse: Bool)
    /// Opens a session as another point of sale than the one that takes payments. The reader allows it only when nothing runs on it, so it
    /// proves that the reader is idle. While a confirm authorises, a reader admits the point of sale that sent it, but no other
    /// (reader-protocol, section 3.1).
    case prove(token: ConnectionToken)
    case heartbeat
    case display(TransactionContext, DisplayCart)
    case clearDisplay(TransactionContext?)
    /// Asks for a card. The reader answers at once.
    case collect(TransactionContext, amountMinor: Int64, currency: Currency, tip: TipConfiguration?)
    case query(TransactionContext)
    case cancelCollect(TransactionContext)
    /// Authorises the charge. The reader answers when the issuer has.
    case confirm(TransactionContext, intent: IntentID, card: CollectedCard)
    case collectReusable
    case queryReusable
    case cancelReusable
    case confirmReusable(echo: Secret)

    package var name: String {
        switch self {
        case .activate, .prove: "activateTerminal"
        case .heartbeat: "terminalHeartbeat"
        case .display: "setReaderDisplay"
        case .clearDisplay: "clearReaderDisplay"
        case .collect: "collectPaymentMethod"
        case .query: "queryPaymentMethod"
        case .cancelCollect: "cancelCollectPaymentMethod"
        case .confirm: "confirmPayment"
        case .collectReusable: "collectReusableCard"
        case .queryReusable: "queryCollectReusableCard"
        case .cancelReusable: "cancelCollectReusableCard"
        case .confirmReusable: "confirmReusableCard"
        }
    }
}

/// A reader's answer to a command, when both codes said OK.
package enum ReaderReply: Sendable, Equatable {
    /// The reader acknowledges heartbeat, display, clear, collect or cancel.
    case done
    case activated(session: SessionToken, livemode: Bool?, software: String?)
    /// The reader has no card yet.
    case pending
    case canceledByCustomer
    case card(CollectedCard)
    case confirmed(ConfirmAnswer)
    /// The reader has read a card to be kept. The echo goes into `confirmReusable`.
    case reusableCard(echo: Secret, summary: CardSummary)
    /// The reader has made the PaymentMethod (`pm_…`) of the card to be kept.
    case createdReusable(paymentMethod: String)
    case reusableRefused(code: String?, message: String?)
}

/// The answer to `confirmPayment`. Only the intent's status in it counts, whichever field carried it.
package struct ConfirmAnswer: Sendable, Equatable {
    package enum Field: Sendable, Equatable {
        case confirmed
        case declined
        case error
        /// The answer has none of the three known fields.
        case none
    }

    package var field: Field
    package var intent: IntentID?
    package var status: IntentStatus?
    /// The authorised or charged amount with the tip, in minor units, as the charge says; the intent's amount while it is not charged.
    package var amountMinor: Int64?
    package var currency: Currency?
    package var code: String?
    package var declineCode: String?
    /// The reader's message, bounded and stripped of control characters.
    package var message: String?
    package var card: CardSummary?
    package var receipt: CardReceipt?

    package init(
        field: Field, intent: IntentID? = nil, status: IntentStatus? = nil, amountMinor: Int64? = nil, currency: Currency? = nil,
        code: String? = nil, declineCode: String? = nil, message: String? = nil, card: CardSummary? = nil, receipt: CardReceipt? = nil
    ) {
        self.field = field
        self.intent = intent
        self.status = status
        self.amountMinor = amountMinor
        self.currency = currency
        self.code = code
        self.declineCode = declineCode
        self.message = message
        self.card = card
        self.receipt = receipt
    }
}
