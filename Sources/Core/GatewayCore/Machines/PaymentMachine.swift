import GatewayModel
import Moments

/// One payment, from the accepted request to an end that never changes.
///
/// It decides; it asks for things by actions and is told of results by events. What follows from the present state is worked out in one
/// place (`advance`), after every event, so that a result that comes early, late or twice leads nowhere else than it should.
package struct PaymentMachine: Sendable {
    /// What is carried out even when this payment has ended meanwhile.
    package enum Owed: Sendable, Equatable {
        indirect case write(JournalKind, PaymentRecord, note: String?)
        /// Take what this payment has put there off the reader.
        case takeOff(ReaderCommand)
        case release(ReaderMachine.Left)
        /// What became of the confirm that was sent last: evidence.
        case confirmEnded(IntentEvidence.Fate)
        /// "confirming" was journaled or about to be, and nothing of the confirm was given to the reader's link.
        case confirmUndone
        /// The till asks to cancel: the confirm is not sent again.
        case cancelNoted
        case ended
        case alarm(String)
    }

    /// What is begun only while this payment goes on.
    package enum Begun: Sendable, Equatable {
        case awaitSession
        /// Make, or look up, the cart's PaymentIntent for this request.
        case prepareIntent
        /// What the backend says of the cart before anything is confirmed.
        case askBaseline
        case command(ReaderCommand)
        /// Write "confirming" and say when it is on disk (`confirmingWritten`, `confirmingFailed`).
        indirect case writeConfirming(PaymentRecord)
        case askStatus
        /// Read the intent, if its client secret is in memory.
        case readIntent
        /// Somebody should look whether the reader is idle.
        case proveIdle
        /// A card number may have been typed in for this cart: whether that was charged is to be read once more.
        case lookOnceMore
    }

    package typealias Action = PartAction<Owed, Begun>

    enum State: Sendable {
        /// Waits for the reader. To `active` when granted; to `ended` at a cancel or the queue's time-out.
        case queued(until: MonoTime)
        /// Holds the reader; nothing is confirmed, so nothing can be charged. To `confirmWriting`, or to `ended`.
        case active(Active)
        /// "confirming" is being written. To `confirming` when it is on disk; to `ended` when it cannot be.
        case confirmWriting(Confirming)
        /// The confirm was sent. To `following` or `ended` by its answer.
        case confirming(Confirming)
        /// The backend is asked what became of the cart. Shown as `finishing` or `unresolved`. To `ended` by evidence only.
        case following(Following)
        /// The end is journaled, or about to be. Nothing leads out.
        case ended
    }

    /// What the reader was asked to show.
    struct Charge: Sendable, Equatable {
        var amountMinor: Int64
        var currency: Currency
    }

    package private(set) var record: PaymentRecord {
        _read { yield ownRecord.value }
        _modify { yield &ownRecord.value }
    }
    private var ownRecord: Shared<PaymentRecord>
    /// What a technician said of it, and who.
    private(set) var technician: (by: String, note: String)?
    /// The words with which the backend said `Failed` last.
    private(set) var failedWith: String?
    var state: State
    var policy: GatewayPolicy { _read { yield ownPolicy.value } }
    private let ownPolicy: Shared<GatewayPolicy>
    /// Tells this machine from every other that is, or was, in the same place.
    package let epoch: UInt64

    package init(record: PaymentRecord, policy: GatewayPolicy, epoch: UInt64 = 0, now: Now) {
        self.epoch = epoch
        self.ownRecord = Shared(record)
        self.ownPolicy = Shared(policy)
        self.state = .queued(until: now.mono + policy.queueTimeout)
    }

    package var id: PaymentID { record.id }
    package var isEnded: Bool { record.state.isEnd }
    package var isUnresolved: Bool { record.state == .unresolved }

    /// A confirm was journaled: only evidence ends it.
    package var isPastConfirming: Bool { record.confirmingAt != nil }

    mutating func edit(_ change: (inout PaymentRecord) -> Void) { change(&record) }

    package mutating func noteFailed(_ words: String??) {
        if let words { failedWith = words }
    }
}

extension PaymentMachine {
    /// Shows a new state; its entry in the timeline is the moment it began.
    mutating func show(_ state: PaymentState, at now: Now) {
        guard record.state != state else { return }
        edit {
            $0.state = state
            $0.updatedAt = now.wall
            $0.timeline.append(TimelineEntry(state: state, at: now.wall))
        }
    }

    mutating func end(
        _ state: PaymentState, money: MoneyState, failure: PaymentFailure?, note: String? = nil, at now: Now, _ actions: inout [Action]
    ) {
        guard !isEnded else { return }
        show(state, at: now)
        edit {
            $0.money = money
            $0.failure = failure
            $0.leased = false
            $0.endedAt = now.wall
            $0.updatedAt = now.wall
        }
        self.state = .ended
        actions.append(.write(.ended, record, note: note ?? failure?.message))
        actions.append(.ended)
    }

    /// When this payment wants to be looked at again.
    package var nextWake: MonoTime? {
        switch state {
        case .queued(let until): until
        case .active(let active): active.nextWake
        case .confirming(let confirming): confirming.outcome == nil && !confirming.pursuit.isAsking ? confirming.pursuit.pollAt : nil
        case .confirmWriting, .ended: nil
        case .following(let following): following.nextWake
        }
    }

    package mutating func tick(at now: Now) -> [Action] {
        var actions: [Action] = []
        switch state {
        case .queued(let until):
            if now.mono >= until {
                end(
                    .failed, money: .notTaken,
                    failure: PaymentFailure(
                        code: .queueTimeout, message: "The reader was not free in time.",
                        remedy: "Try again, or take the payment on another reader."), at: now, &actions)
            }
        case .active: advance(at: now, &actions)
        case .following: follow(at: now, &actions)
        case .confirming: pursue(at: now, &actions)
        case .confirmWriting, .ended: break
        }
        return actions
    }

    /// The checkout asks to cancel. While "confirming" waits for the disk that is obeyed; once it is written it changes nothing but `cancelRequested`,
    /// and that the confirm is not sent again.
    package mutating func cancel(at now: Now) -> [Action] {
        var actions: [Action] = []
        guard !isEnded else { return actions }
        if case .confirmWriting = state { takeConfirmBack() }
        if !record.cancelRequested {
            edit {
                $0.cancelRequested = true
                $0.updatedAt = now.wall
            }
            actions.append(.write(.cancelRequested, record, note: nil))
        }
        switch state {
        case .queued: end(.canceled, money: .notTaken, failure: .canceledByCheckout, at: now, &actions)
        case .active(var active):
            active.stop(.checkout)
            state = .active(active)
            advance(at: now, &actions)
        case .confirmWriting(let confirming): withdraw(confirming, .checkout, at: now, &actions)
        case .confirming, .following: actions.append(.cancelNoted)
        case .ended: break
        }
        return actions
    }

    /// A technician says what became of it; only an unresolved payment takes it. Its verdict follows.
    package mutating func resolve(order: OrderID?, by: String, note: String) -> Bool {
        guard case .following = state, isUnresolved else { return false }
        technician = (by, note)
        edit {
            $0.resolvedBy = by
            $0.order = order ?? $0.order
        }
        return true
    }
}

extension PaymentFailure {
    static let canceledByCheckout = PaymentFailure(code: .checkoutCanceled, message: "The payment was canceled at the till.")
}
