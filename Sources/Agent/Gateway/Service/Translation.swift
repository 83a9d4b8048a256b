internal import CheckoutAPI
internal import GatewayCore
internal import GatewayModel
import Moments

// The middle's words in the contract's.

extension Timestamp {
    init?(_ wall: WallTime?) {
        guard let wall else { return nil }
        self.init(wall)
    }

    init(_ wall: WallTime) { self.init(milliseconds: wall.milliseconds) }
}

extension Payment {
    init(_ record: PaymentRecord) {
        self.init(
            id: record.id.text, cart: record.request.cart.text, amount: record.request.amount.text,
            accountBalancePaymentAmount: record.request.accountBalance?.text, currency: record.currency?.text,
            amountMinor: record.amountMinor, tipMinor: record.tipMinor, lane: record.request.lane?.text, reader: record.reader.text,
            readerLabel: record.readerLabel, state: State(record.state), money: Money(record.money), order: record.order?.text,
            paymentIntent: record.intent?.text, amountChargedMinor: record.amountChargedMinor,
            card: record.card.map { Card(brand: $0.brand, last4: $0.last4, entry: $0.entry) },
            receipt: record.receipt.map { Receipt($0) },
            warnings: record.warnings.map {
                Warning(code: WarningCode(rawValue: $0.code.rawValue), message: $0.message, remedy: $0.remedy)
            },
            decidesBy: Timestamp(record.decidesBy), attempts: record.attempts, failure: record.failure.map { Payment.Failure($0) },
            cancelRequested: record.cancelRequested,
            resolvedBy: record.resolvedBy, createdAt: Timestamp(record.createdAt),
            updatedAt: Timestamp(record.updatedAt), endedAt: Timestamp(record.endedAt),
            timeline: record.timeline.map { TimelineEntry(state: State($0.state), at: Timestamp($0.at)) })
    }
}

extension Payment.Failure {
    init(_ failure: PaymentFailure) {
        self.init(
            code: Payment.FailureCode(rawValue: failure.code.rawValue), message: failure.message, declineCode: failure.declineCode,
            remedy: failure.remedy, paidBy: failure.paidBy?.text, supersededBy: failure.supersededBy?.text, payment: failure.payment?.text)
    }
}

extension Payment.Receipt {
    init(_ receipt: CardReceipt) {
        self.init(
            applicationName: receipt.applicationName, aid: receipt.aid, accountType: receipt.accountType,
            authorizationCode: receipt.authorizationCode, authorizationResponseCode: receipt.authorizationResponseCode,
            cryptogram: receipt.cryptogram, tvr: receipt.tvr, tsi: receipt.tsi, cvm: receipt.cvm)
    }
}

extension Payment.State {
    init(_ state: PaymentState) {
        self =
            switch state {
            case .queued: .queued
            case .preparing: .preparing
            case .waitingForCard: .waitingForCard
            case .authorizing: .authorizing
            case .finishing: .finishing
            case .unresolved: .unresolved
            case .succeeded: .succeeded
            case .declined: .declined
            case .canceled: .canceled
            case .canceledByCustomer: .canceledByCustomer
            case .timedOut: .timedOut
            case .failed: .failed
            }
    }
}

extension PaymentState {
    init(_ state: Payment.State) {
        self =
            switch state {
            case .queued: .queued
            case .preparing: .preparing
            case .waitingForCard: .waitingForCard
            case .authorizing: .authorizing
            case .finishing: .finishing
            case .unresolved: .unresolved
            case .succeeded: .succeeded
            case .declined: .declined
            case .canceled: .canceled
            case .canceledByCustomer: .canceledByCustomer
            case .timedOut: .timedOut
            case .failed: .failed
            }
    }
}

extension Payment.Money {
    init(_ money: MoneyState) {
        self =
            switch money {
            case .notTaken: .notTaken
            case .taken: .taken
            case .authorized: .authorized
            case .unknown: .unknown
            }
    }
}

extension CheckoutAPI.CartStatus {
    init(_ status: GatewayModel.CartStatus) {
        switch status {
        case .open: self.init(status: .open)
        case .submitted(let order): self.init(status: .submitted, order: order?.text)
        case .failed(let error): self.init(status: .failed, error: error)
        }
    }
}

extension Cart {
    init(_ view: CartView) {
        self.init(
            cart: view.cart.text, lane: view.lane?.text, reader: view.reader?.text,
            readerState: view.readerState.map { Reader.State(rawValue: $0.rawValue) },
            reason: view.noReader.map { Reason(code: $0.code.rawValue, message: $0.detail, remedy: $0.remedy) },
            warm: Warm(
                configuration: view.hasConfiguration, token: view.hasToken, session: view.hasSession, currency: view.currency != nil),
            openedAt: Timestamp(view.openedAt))
    }
}

extension Reader {
    init(_ view: ReaderView) {
        let isUsable = [ReaderState.ready, .busy, .idle].contains(view.state)
        self.init(
            reader: view.facts.id.text, label: view.facts.label, serial: view.facts.serial, model: view.facts.model,
            software: view.facts.software, registered: view.facts.isRegistered, driveable: view.state != .notDriveable,
            transport: view.isOverUSB ? .usb : .lan, address: view.facts.currentAddress, host: view.facts.publishedName,
            usb: view.facts.usb.map { USBIdentity($0) }, state: State(rawValue: view.state.rawValue),
            reason: isUsable ? nil : Reason(view), lane: view.lane?.text, payment: view.payment?.text,
            lastSeenAt: Timestamp(view.lastSeenAt), sessionSince: Timestamp(view.sessionSince),
            declaredLabel: view.declaredLabel)
    }
}

extension Reason {
    fileprivate init(_ view: ReaderView) {
        if let trouble = view.trouble {
            self.init(code: trouble.kind.code, message: trouble.message, remedy: trouble.remedy)
            return
        }
        switch view.state {
        case .unknown:
            self.init(
                code: "not_asked", message: "Nobody has asked the reader since readerd started.",
                remedy: "Open a cart (sudo readerctl carts open CART) or run sudo readerctl check: both ask it.")
        case .connecting: self.init(code: "connecting", message: "A session with the reader is being opened.", remedy: "Wait a moment.")
        case .offline:
            self.init(
                code: "offline", message: "Stripe has not heard from the reader for a while.",
                remedy: "Check that the reader is on and connected to the network.")
        default:
            self.init(
                code: view.state.rawValue, message: "The reader is not registered at this location.",
                remedy: "Register it, or remove it from the settings.")
        }
    }
}

extension ReaderTrouble.Kind {
    fileprivate var code: String {
        switch self {
        case .unreachable: "unreachable"
        case .untrusted: "untrusted"
        case .inUseElsewhere: "in_use_elsewhere"
        case .notListed: "unregistered"
        case .vendorSDKOnly: "vendor_sdk_only"
        case .softwareUnsupported: "reader_software_unsupported"
        case .refused: "reader_error"
        case .backend(.unauthorized): "backend_unauthorized"
        case .backend: "backend_unavailable"
        case .stripe: "stripe_unavailable"
        case .noCart: "no_cart"
        }
    }
}

extension ReaderFacts {
    fileprivate var publishedName: String? {
        if case .success(let routes) = routes(port: 0) { return routes.first?.host }
        return nil
    }
}

extension Problem {
    init(_ refusal: Refusal) {
        // The contract has no code of its own for resolving what is not unresolved: it is a conflict with what runs.
        let code: Problem.Code = refusal.code == .notUnresolved ? .cartBusy : Problem.Code(rawValue: refusal.code.rawValue)
        self.init(
            code, refusal.detail, remedy: refusal.remedy,
            errors: refusal.field.map { [Problem.Field(field: $0, message: refusal.detail)] }, payment: refusal.payment?.text,
            readerState: refusal.readerState.map { Reader.State(rawValue: $0.rawValue) },
            candidates: refusal.candidates.isEmpty ? nil : refusal.candidates.map(\.text), order: refusal.order?.text,
            paidBy: refusal.code == .cartPaid ? refusal.payment?.text : nil)
    }
}

extension PaymentRequest {
    /// The server has checked the syntax; what is checked again here is what the types demand.
    init(_ body: PaymentBody) throws(Problem) {
        self.init(
            cart: try CartID.checked(body.cart), amount: try DecimalAmount.checked(body.amount, field: "amount"),
            accountBalance: try DecimalAmount.balance(body.accountBalancePaymentAmount), lane: body.lane.map { LaneName(unchecked: $0) },
            reader: body.reader, timeoutSeconds: body.timeoutSeconds,
            display: try body.display.map { d throws(Problem) in try DisplayCart(d) },
            tip: body.tip.map { TipConfiguration($0) }, afterKeyedEntry: body.afterKeyedEntry ?? false)
    }
}

extension TipConfiguration {
    fileprivate init(_ tip: Tip) {
        self.init(
            options: tip.options.map { TipOption(label: $0.label, amountMinor: $0.amountMinor) },
            hideCustomAmount: tip.hideCustomAmount ?? false)
    }
}

extension DisplayCart {
    init(_ display: Display) throws(Problem) {
        guard let currency = Currency(display.currency) else { throw .invalid("currency", "must be three letters") }
        self.init(
            currency: currency, totalMinor: display.totalMinor, taxMinor: display.taxMinor,
            lines: display.lineItems.map { DisplayLine(description: $0.description, amountMinor: $0.amountMinor, quantity: $0.quantity) })
    }
}

extension CartID {
    static func checked(_ text: String) throws(Problem) -> CartID {
        guard let cart = CartID(text) else { throw .invalid("cart", "must be 1 to 128 printable ASCII characters") }
        return cart
    }
}

extension PaymentID {
    static func checked(_ text: String) throws(Problem) -> PaymentID {
        guard let id = PaymentID(text) else { throw .invalid("id", "must be 1 to 128 of A-Z a-z 0-9 . _ -") }
        return id
    }
}

extension DecimalAmount {
    static func checked(_ text: String, field: String) throws(CheckoutAPI.Problem) -> DecimalAmount {
        do throws(DecimalAmount.Problem) {
            return try DecimalAmount(text)
        } catch {
            throw CheckoutAPI.Problem.invalid(field, "must be an amount like 56.78, greater than zero")
        }
    }

    /// No balance and a balance of zero are the same: nothing is taken from it.
    static func balance(_ text: String?) throws(CheckoutAPI.Problem) -> DecimalAmount? {
        guard let text else { return nil }
        do throws(DecimalAmount.Problem) {
            return try DecimalAmount(text)
        } catch {
            if error == .zero { return nil }
            throw CheckoutAPI.Problem.invalid("account_balance_payment_amount", "must be an amount like 12.34")
        }
    }
}

extension Problem {
    static func invalid(_ field: String, _ message: String) -> Problem {
        Problem(.invalidRequest, "\(field) \(message).", errors: [Field(field: field, message: message)])
    }
}
