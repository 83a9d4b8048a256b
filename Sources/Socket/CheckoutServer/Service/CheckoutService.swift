import CheckoutAPI

/// What stands behind the socket. The server reads, checks and answers; this decides.
///
/// Everything that it is given has been validated against the contract's syntax: ids, amounts, bounds, and the caller's role.
/// A thrown `Problem` becomes the answer. When the caller has gone, only `payment(_:waitUpTo:)` and streams are cancelled; when the limit of
/// a graceful stop is over, everything is. Nothing that was begun for a payment may be undone by that.
package protocol CheckoutService: CardService, DiagnosisService {
    func info(caller: Caller) async throws(Problem) -> Info
    /// The same, when it can be said without waiting for anybody.
    func infoAtHand(caller: Caller) -> Info?
    /// Answers that can be given again as they are, for as long as they are in there; nil: all are asked for.
    var settled: SettledAnswers? { get }
    func status(caller: Caller) async throws(Problem) -> Status
    /// Throws `cursor_gone` before the stream begins. Without `topics` in the request, all of them come.
    func events(topics: Set<Event.Topic>, after cursor: String?, caller: Caller) async throws(Problem) -> EventStream

    /// Answers at once, whether or not the reader can be reached.
    func openCart(_ cart: String, _ body: CartBody, caller: Caller) async throws(Problem) -> Cart
    func closeCart(_ cart: String, caller: Caller) async throws(Problem)
    func display(_ display: Display, cart: String, caller: Caller) async throws(Problem)
    func cartStatus(_ cart: String, caller: Caller) async throws(Problem) -> CartStatus

    /// Returns when the payment is durably accepted, or found under its id. Never waits for its end. Throwing says that no payment exists
    /// because of this request.
    func createPayment(_ id: String, _ body: PaymentBody, caller: Caller) async throws(Problem) -> AcceptedPayment
    /// The payment when it has ended, or as it is after `waitUpTo`, or at once when that is nil or the task is cancelled.
    func payment(_ id: String, waitUpTo: Duration?, caller: Caller) async throws(Problem) -> Payment
    func payments(_ query: PaymentQuery, caller: Caller) async throws(Problem) -> PaymentList
    /// Replays what came after the cursor (all, without one), then goes on until the payment has ended.
    func paymentEvents(_ id: String, after cursor: String?, caller: Caller) async throws(Problem) -> EventStream
    func cancelPayment(_ id: String, caller: Caller) async throws(Problem) -> Payment
    /// Takes a payment's warnings off.
    func acknowledgePayment(_ id: String, _ body: AcknowledgeBody, caller: Caller) async throws(Problem) -> Payment
    func resolvePayment(_ id: String, _ body: ResolveBody, caller: Caller) async throws(Problem) -> Payment

    func readers(refresh: Bool, caller: Caller) async throws(Problem) -> ReaderList
    /// `name` is a `tmr_` id, a serial number, or a label.
    func reader(_ name: String, caller: Caller) async throws(Problem) -> Reader
    /// Returns when the new reader is there. Throws `label_in_use`, or `registration_failed` when it has not appeared in time.
    func registerReader(_ body: RegisterBody, caller: Caller) async throws(Problem) -> Reader
    func relabelReader(_ name: String, _ body: LabelBody, caller: Caller) async throws(Problem) -> Reader
    func removeReader(_ name: String, caller: Caller) async throws(Problem)
    func identifyReader(_ name: String, caller: Caller) async throws(Problem)
    func connectReader(_ name: String, _ body: ConnectBody, caller: Caller) async throws(Problem) -> Reader
    func disconnectReader(_ name: String, caller: Caller) async throws(Problem) -> Reader

    /// Everything that was seen on USB and the LAN.
    func devices(caller: Caller) async throws(Problem) -> DeviceList

    /// Frees a reader that the named payment has left in an unknown state.
    func releaseReader(_ name: String, _ body: ReleaseBody, caller: Caller) async throws(Problem) -> Reader
    /// Goes on without the journals that were set aside.
    func acceptJournalLoss(_ body: AcceptLossBody, caller: Caller) async throws(Problem)

    func configuration(cart: String?, caller: Caller) async throws(Problem) -> Configuration
    func createPaymentIntent(_ body: IntentBody, caller: Caller) async throws(Problem) -> IntentAnswer
    func createSetupIntent(_ body: SetupIntentBody, caller: Caller) async throws(Problem) -> IntentAnswer
    func createConnectionToken(_ body: ConnectionTokenBody, caller: Caller) async throws(Problem) -> ConnectionTokenAnswer
}

extension CheckoutService {
    package func infoAtHand(caller: Caller) -> Info? { nil }
    package var settled: SettledAnswers? { nil }
}

/// A payment that was taken on (201), or was known already (200).
package struct AcceptedPayment: Sendable, Equatable {
    package var created: Bool
    package var payment: Payment

    package init(created: Bool, payment: Payment) {
        self.created = created
        self.payment = payment
    }
}

/// Which payments `GET /v1/payments` asks for.
package struct PaymentQuery: Sendable, Hashable {
    package var cart: String?
    package var state: Payment.State?
    package var lane: String?
    /// Payments of a page: 1 to 200.
    package var limit: Int
    /// The `next` of the page before.
    package var before: String?

    package init(cart: String? = nil, state: Payment.State? = nil, lane: String? = nil, limit: Int = 50, before: String? = nil) {
        self.cart = cart
        self.state = state
        self.lane = lane
        self.limit = limit
        self.before = before
    }
}
