import GatewayModel
import Moments

@testable import Journal

/// Payments, carts and entries to write.
enum Sample {
    /// 2026-11-22T20:05:38.123Z
    static let time: WallTime = 1_795_377_938_123

    static func payment(
        _ id: String = "till-1-000123", cart: String = "123", lane: String? = "till-1", state: PaymentState = .queued, at: WallTime = time,
        display: DisplayCart? = nil
    ) throws -> PaymentRecord {
        let request = PaymentRequest(
            cart: CartID(unchecked: cart), amount: try DecimalAmount("56.78"), lane: lane.map(LaneName.init(unchecked:)), display: display)
        var payment = PaymentRecord(
            id: PaymentID(unchecked: id), request: request, reader: ReaderID(unchecked: "tmr_123"), readerLabel: "Front Desk", at: at)
        payment.state = state
        payment.timeline.append(TimelineEntry(state: state, at: at))
        if state.isEnd { payment.endedAt = at }
        if state == .succeeded { payment.money = .taken }
        if state == .unresolved { payment.money = .unknown }
        return payment
    }

    /// A payment in which nothing is left out.
    static func fullPayment() throws -> PaymentRecord {
        var payment = try payment("full", state: .failed, display: display)
        payment.request.accountBalance = try DecimalAmount("1.5")
        payment.request.reader = "Front Desk"
        payment.request.tip = TipConfiguration(options: [TipOption(label: "10 %", amountMinor: 568)], hideCustomAmount: true)
        payment.request.afterKeyedEntry = true
        payment.currency = Currency(unchecked: "usd")
        payment.amountMinor = 5678
        payment.tipMinor = 568
        payment.intent = IntentID(unchecked: "pi_abc213")
        payment.publishableKey = PublishableKey(unchecked: "pk_test_1")
        payment.order = OrderID(unchecked: "8812")
        payment.card = CardSummary(brand: "visa", last4: "4242", entry: "contactless")
        payment.amountChargedMinor = 6246
        payment.receipt = CardReceipt(applicationName: "VISA CREDIT", aid: "A0000000031010", cvm: "approval")
        payment.decidesBy = time + 180_000
        _ = payment.warn(PaymentWarning(.chargedAmountDiffers, message: "more – „ä“", remedy: "Look it up."))
        payment.attempts = 2
        payment.failure = PaymentFailure(
            code: .superseded, message: "Another payment took the money – „ä“.", declineCode: "generic", remedy: "None needed.",
            paidBy: PaymentID(unchecked: "a"), supersededBy: PaymentID(unchecked: "b"),
            payment: PaymentID(unchecked: "c"))
        payment.cancelRequested = true
        payment.leased = true
        payment.confirmingAt = time + 5
        payment.authorized = true
        payment.resolvedBy = "alice"
        return payment
    }

    static let display = DisplayCart(
        currency: Currency(unchecked: "usd"), totalMinor: 5678, taxMinor: 78,
        lines: [DisplayLine(description: "Flat white / \"large\"", amountMinor: 5600, quantity: 1)])

    static func cart(_ id: String = "123", open: [String] = []) -> CartFacts {
        var cart = CartFacts(cart: CartID(unchecked: id))
        cart.openPayments = open.map(PaymentID.init(unchecked:))
        return cart
    }

    static func entry(
        _ kind: JournalKind, _ payment: PaymentRecord? = nil, cart: CartFacts? = nil, at: WallTime = time, note: String? = nil
    ) -> JournalEntry {
        JournalEntry(kind: kind, at: at, payment: payment, cart: cart, note: note)
    }

    /// A payment that ran to its end, in as many appends as it really takes.
    static func run(_ id: String, cart: String, lane: String? = "till-1", at: WallTime = time, in store: JournalStore) throws {
        for (kind, state) in [
            (JournalKind.accepted, PaymentState.queued), (.collecting, .waitingForCard), (.confirming, .authorizing), (.ended, .succeeded),
        ] {
            let payment = try payment(id, cart: cart, lane: lane, state: state, at: at)
            _ = try store.append([entry(kind, payment, cart: self.cart(cart, open: state.isEnd ? [] : [id]), at: at)])
        }
    }
}
