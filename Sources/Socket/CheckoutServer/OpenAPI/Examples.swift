import JSON
import CheckoutAPI

/// Values as the agent answers them: encoded by the same code.
enum Examples {
    private static let began = Timestamp(milliseconds: 1_769_851_800_250)
    private static func later(_ milliseconds: Int64) -> Timestamp { Timestamp(milliseconds: began.milliseconds + milliseconds) }

    static let succeeded = Payment(
        id: "till-1-000123", cart: "123", amount: "56.78", currency: "usd", amountMinor: 5678, lane: "till-1", reader: "tmr_123",
        readerLabel: "Front Desk", state: .succeeded, money: .taken, order: "8812", paymentIntent: "pi_abc213",
        amountChargedMinor: 5678, card: Payment.Card(brand: "visa", last4: "4242", entry: "contactless"),
        receipt: Payment.Receipt(
            applicationName: "VISA CREDIT", aid: "A0000000031010", accountType: "credit", authorizationCode: "731904",
            authorizationResponseCode: "3030", cryptogram: "F666F8891F870D33", tvr: "8080008000", tsi: "6800", cvm: "approval"),
        attempts: 1, createdAt: began, updatedAt: later(9120),
        endedAt: later(9120),
        timeline: [
            .init(state: .queued, at: began), .init(state: .preparing, at: later(4)), .init(state: .waitingForCard, at: later(310)),
            .init(state: .authorizing, at: later(6480)), .init(state: .finishing, at: later(8350)),
            .init(state: .succeeded, at: later(9120)),
        ])

    static let waiting: Payment = {
        var payment = succeeded
        payment.state = .waitingForCard
        payment.money = .notTaken
        payment.order = nil
        payment.card = nil
        payment.receipt = nil
        payment.amountChargedMinor = nil
        payment.updatedAt = later(310)
        payment.endedAt = nil
        payment.timeline = Array(payment.timeline.prefix(3))
        return payment
    }()

    static let declined: Payment = {
        var payment = succeeded
        payment.state = .declined
        payment.money = .notTaken
        payment.order = nil
        payment.amountChargedMinor = nil
        payment.receipt = nil
        payment.failure = Payment.Failure(
            code: .cardDeclined, message: "The card was declined: insufficient funds.", declineCode: "insufficient_funds",
            remedy: "Ask for another card.")
        payment.timeline = payment.timeline.filter { $0.state != .finishing && $0.state != .succeeded }
        payment.timeline.append(.init(state: .declined, at: later(9120)))
        return payment
    }()

    static let resolved: Payment = {
        var payment = succeeded
        payment.state = .failed
        payment.money = .notTaken
        payment.order = nil
        payment.amountChargedMinor = nil
        payment.receipt = nil
        payment.resolvedBy = "anna"
        payment.failure = Payment.Failure(code: .resolvedByTechnician, message: "No charge is in Stripe's dashboard.")
        payment.timeline = payment.timeline.filter { $0.state != .finishing && $0.state != .succeeded }
        payment.timeline += [.init(state: .unresolved, at: later(8350)), .init(state: .failed, at: later(9120))]
        return payment
    }()

    static let canceling: Payment = {
        var payment = waiting
        payment.cancelRequested = true
        return payment
    }()

    static let reader = Reader(
        reader: "tmr_123", label: "Front Desk", serial: "STRM26138003393", model: "stripe_s700", software: "2.18.0", registered: true,
        driveable: true, transport: .lan, address: "192.168.1.57",
        host: "192-168-1-57.k2dgwq3n6hpwlc5v3ltbcowjyy.device.stripe-terminal-local-reader.net", state: .ready, lane: "till-1",
        lastSeenAt: began, sessionSince: later(-60_000))

    static let unreachable = Reader(
        reader: "tmr_124", label: "Back Office", registered: true, driveable: true, transport: .lan, address: "192.168.1.58",
        state: .unreachable,
        reason: Reason(code: "unreachable", message: "Nobody answers at 192.168.1.58.", remedy: "Check its power and its network."))

    static let readerLink = Device(
        device: "usb:1209:0001:STRM26138003393", transport: .usb,
        usb: USBIdentity(
            vendorID: "1209", productID: "0001", bus: 1, portPath: "1.4", manufacturer: "Example", product: "Reader link",
            serial: "STRM26138003393", link: "reader_link"),
        model: "stripe_s700", reader: "tmr_123", driveable: true, firstSeenAt: began, lastSeenAt: later(60_000))

    static let pinPad = Device(
        device: "usb:1-2", transport: .usb,
        usb: USBIdentity(vendorID: "0b00", productID: "3070", bus: 1, portPath: "2", product: "iPP370", link: "cdc_acm"),
        model: "Ingenico iPP370", driveable: false,
        reason: Reason(
            code: "no_public_protocol",
            message: "A card reader (Ingenico iPP370); its maker has not published how it is driven, so it cannot be driven here.",
            remedy: "Use a reader that is registered with Stripe, on the LAN."),
        firstSeenAt: began, lastSeenAt: later(60_000))

    static let cart = Cart(
        cart: "123", lane: "till-1", reader: "tmr_123", readerState: .ready,
        warm: Cart.Warm(configuration: true, token: true, session: true, currency: true), openedAt: began)

    static let info = Info(
        version: "1.0.0", mode: .test, location: "12", startedAt: began, uptimeSeconds: 86_400,
        caller: Info.Caller(role: .checkout, pid: 4711, uid: 1000, gid: 1000, groups: [27, 998]))

    static let status = Status(
        canTakePayments: true, reasons: [], backend: Status.Part(state: .ok, lastOKAt: began),
        journal: Status.Part(state: .ok, lastOKAt: began),
        readers: [reader, unreachable],
        lanes: [Status.Lane(lane: "till-1", reader: "tmr_123", readerState: .ready, payment: "till-1-000123", waiting: 0)],
        openPayments: [
            Status.OpenPayment(
                id: "till-1-000123", cart: "123", lane: "till-1", reader: "tmr_123", state: .waitingForCard, money: .notTaken,
                createdAt: began)
        ])

    static let lines: [StreamLine] = [
        .heartbeat, .event(Event(cursor: "p.4711", at: later(310), type: "payment.waiting_for_card", payment: waiting)),
    ]

    static let paymentBody = PaymentBody(
        cart: "123", amount: "56.78", lane: "till-1", timeoutSeconds: 120,
        display: Display(
            currency: "usd", totalMinor: 5678, taxMinor: 378, lineItems: [.init(description: "T-shirt", amountMinor: 5300, quantity: 1)]),
        tip: Tip(options: [.init(label: "10 %", amountMinor: 568), .init(label: "15 %", amountMinor: 852)]))

    /// The value as JSON; null if it cannot be encoded, which a test would find.
    static func json(_ value: some Encodable) -> JSONValue {
        do {
            return try JSONParser.parse(try Response.encoded(value))
        } catch {
            return .null
        }
    }

    /// Lines as they go over the socket.
    static func text(_ lines: [StreamLine]) -> JSONValue {
        .string(lines.map { json($0).text() + "\n" }.joined())
    }

    /// A problem of this code, with the details that usually come with it.
    static func problem(_ code: Problem.Code, status: Int) -> Problem {
        var problem = Problem(code, "What was wrong is said here.", remedy: "And here what to do about it.", status: status)
        switch code {
        case .invalidRequest:
            problem = .invalid([
                Problem.Field(field: "amount", message: "must be \(TextRule.amount.says)"),
                Problem.Field(field: "ammount", message: "is not a field of this request; did you mean amount?"),
            ])
        case .cartBusy, .readerBusy, .alreadyEnded: problem.payment = "till-1-000122"
        case .cartPaid:
            problem.payment = "till-1-000122"
            problem.order = "8812"
        case .readerUnavailable: problem.readerState = .unreachable
        case .labelInUse: problem.candidates = ["tmr_124"]
        case .readerNotFound: problem.candidates = ["tmr_123", "tmr_124"]
        default: break
        }
        return problem
    }
}
