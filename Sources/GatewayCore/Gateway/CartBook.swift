/// What is known of one cart, in memory: the facts that are journaled, and the secrets and tokens that are not.
struct CartBook: Sendable {
    /// The making of the cart's PaymentIntent, one at a time.
    enum Making: Sendable, Equatable {
        /// The backend was asked for one.
        case creating(PaymentRequest)
        /// Stripe was asked what it is.
        case reading(BackendIntent, PaymentRequest)

        /// Whether what comes of it serves this request.
        func isFor(_ request: PaymentRequest) -> Bool {
            switch self {
            case .creating(let other), .reading(_, let other):
                other.amount == request.amount && other.accountBalance == request.accountBalance
            }
        }
    }

    var facts: CartFacts
    /// The journal was asked what it knows of the cart; without it the facts are only what has happened since.
    var isRecalled: Bool
    var keeper: TokenKeeper
    var isOpen = false
    var openedAt: WallTime = 0
    var touchedAt: MonoTime = .min
    var lane: LaneName?
    var reader: ReaderID?
    var configuration: BackendConfiguration?
    var configurationAsked = false
    var making: Making?
    /// Numbers the makings, so that the answer of an abandoned one is not taken for another's.
    var makings: UInt64 = 0
    /// Made by the backend, its facts not read yet: read again before another is made.
    var unread: (intent: BackendIntent, request: PaymentRequest)?
    var secrets: [IntentID: BackendIntent] = [:]

    init(facts: CartFacts, isRecalled: Bool, policy: GatewayPolicy) {
        self.facts = facts
        self.isRecalled = isRecalled
        self.keeper = TokenKeeper(age: policy.tokenAge)
    }

    /// What was known of the intent before the confirm that is being written or is on its way.
    var beforeConfirm: CartFacts.Intent?

    /// That confirm was never sent: what was known before holds.
    mutating func undoConfirm(of id: IntentID?) {
        guard let before = beforeConfirm, before.id == id, facts.intent?.id == id else { return }
        facts.intent?.knownNotCharged = before.everConfirmed ? before.knownNotCharged : true
    }

    /// The intent may be used again for these amounts. One that the backend made over another amount than it was asked for, and that was
    /// never confirmed, is of no use: the cart gets another.
    func intent(for request: PaymentRequest) -> CartFacts.Intent? {
        guard let intent = facts.intent, intent.amount == request.amount, intent.accountBalance == request.accountBalance else {
            return nil
        }
        guard intent.everConfirmed || request.amount.minorUnits(in: intent.currency) == intent.amountMinor else { return nil }
        return intent
    }
}

extension CartFacts {
    /// As they are once this payment is accepted.
    func accepting(_ payment: PaymentID) -> CartFacts {
        var facts = self
        if !facts.openPayments.contains(payment) { facts.openPayments.append(payment) }
        facts.keyedEntry = false
        return facts
    }
}
