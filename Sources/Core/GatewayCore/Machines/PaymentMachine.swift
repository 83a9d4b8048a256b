import GatewayModel
import Moments

/// One payment, from the accepted request to an end that never changes.
///
/// The machine decides. Its actions ask for things, and events tell it the results. One place (`advance`) works out what follows from the
/// present state, after every event, so that an early, late or doubled result leads nowhere else than it should.
package struct PaymentMachine: Sendable {
    /// The actions that are carried out even when this payment has ended meanwhile.
    package enum Owed: Sendable, Equatable {
        indirect case write(JournalKind, PaymentRecord, note: String?)
        /// Takes off the reader what this payment has put there.
        case takeOff(ReaderCommand)
        case release(ReaderLeft)
        /// Reports what became of the confirm that was sent last, as evidence.
        case confirmEnded(IntentEvidence.Fate)
        /// Reports that "confirming" was journaled or about to be, but that the reader's link got nothing of the confirm.
        case confirmUndone
        /// Reports that the till asks to cancel, so the confirm is not sent again.
        case cancelNoted
        case ended
        case alarm(String)
    }

    /// The actions that begin only while this payment goes on.
    package enum Begun: Sendable, Equatable {
        case awaitSession
        /// Makes, or looks up, the cart's PaymentIntent for this request.
        case prepareIntent
        /// Asks the backend about the cart before the payment confirms anything.
        case askBaseline
        case command(ReaderCommand)
        /// Writes "confirming", and reports when it is on disk (`confirmingWritten`, `confirmingFailed`).
        indirect case writeConfirming(PaymentRecord)
        case askStatus
        /// Reads the intent, if its client secret is in memory.
        case readIntent
        /// Asks for the proof that the reader is idle.
        case proveIdle
        /// Reads once more whether a card number that may have been typed in for this cart was charged.
        case lookOnceMore
    }

    package typealias Action = PartAction<Owed, Begun>

    // A payment is looked at far more often than its state changes, so what belongs to a state is boxed.
    indirect enum State: Sendable {
        /// The payment waits for the reader. It goes to `active` when granted, and to `ended` at a cancel or the queue's time-out.
        case queued(until: MonoTime)
        /// The payment holds the reader and has confirmed nothing, so nothing can be charged. It goes to `confirmWriting`, or to `ended`.
        case active(Active)
        /// "confirming" is being written. The payment goes to `confirming` when it is on disk, and to `ended` when it cannot be.
        case confirmWriting(Confirming)
        /// The confirm was sent. Its answer leads to `following` or `ended`.
        case confirming(Confirming)
        /// The agent asks the backend what became of the cart. Tills see `finishing` or `unresolved`. Only evidence leads to `ended`.
        case following(Following)
        /// The end is journaled, or about to be. Nothing leads out.
        case ended
    }

    /// The amount and currency that the reader was told to show.
    struct Charge: Sendable, Equatable {
        var amountMinor: Int64
        var currency: Currency
    }

    package private(set) var record: PaymentRecord {
        _read { yield ownRecord.value }
        _modify { yield &ownRecord.value }
    }
    private var ownRecord: Shared<PaymentRecord>
    /// A technician's word on the payment, with the technician's name.
    private(set) var technician: (by: String, note: String)?
    /// The warnings that a technician has seen to. What every further look finds again is no news.
    private var seenTo: [PaymentWarning] = []
    /// The words with which the backend last said `Failed`.
    private(set) var failedWith: String?
    var state: State
    var policy: GatewayPolicy { _read { yield ownPolicy.value } }
    private let ownPolicy: Shared<GatewayPolicy>
    /// The number that tells this machine from every other, now or earlier, in the same place.
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

    /// Whether a confirm was journaled, so that only evidence ends the payment.
    package var isPastConfirming: Bool { record.confirmingAt != nil }

    mutating func edit(_ change: (inout PaymentRecord) -> Void) { change(&record) }

    package mutating func noteFailed(_ words: String??) {
        if let words { failedWith = words }
    }
}

extension PaymentMachine {
    /// Shows a new state. Its entry in the timeline is the moment it began.
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

    /// When this payment next needs a tick.
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

    /// Takes the checkout's cancel. The payment obeys while "confirming" waits for the disk. Once that is written, the cancel changes
    /// nothing but `cancelRequested`, and the confirm is not sent again.
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

    /// Takes a technician's word on what became of the payment. Only an unresolved payment accepts it. Its verdict follows.
    package mutating func resolve(order: OrderID?, by: String, note: String) -> Bool {
        guard case .following = state, isUnresolved else { return false }
        technician = (by, note)
        edit {
            $0.resolvedBy = by
            $0.order = order ?? $0.order
        }
        return true
    }

    // MARK: Warnings

    /// Adds a warning once, and journals it.
    mutating func warn(_ warning: PaymentWarning, at now: Now, _ actions: inout [Action]) {
        guard !seenTo.contains(warning) else { return }
        var isNew = false
        edit { isNew = $0.warn(warning) }
        if isNew { actions.append(.write(.warned, record, note: warning.message)) }
    }

    /// Takes the warnings that stand after an acknowledgement, or stand again because it could not be written.
    mutating func replaceWarnings(by other: PaymentRecord) {
        let gone = record.warnings.filter { !other.warnings.contains($0) }
        seenTo = Array((seenTo + gone).filter { !other.warnings.contains($0) }.suffix(16))
        edit { $0.replaceWarnings(by: other) }
    }

    /// Warns that the intent for keyed entry is charged too.
    mutating func chargedTwice(_ keyed: IntentID, at now: Now) -> [Action] {
        var actions: [Action] = []
        warn(.chargedTwice(keyed), at: now, &actions)
        return actions
    }
}

extension PaymentFailure {
    static let canceledByCheckout = PaymentFailure(code: .checkoutCanceled, message: "The payment was canceled at the till.")
}

/// The actions of a payment, without their kind.
extension PaymentMachine.Action {
    package static var awaitSession: Self { .begun(.awaitSession) }
    package static var prepareIntent: Self { .begun(.prepareIntent) }
    package static var askBaseline: Self { .begun(.askBaseline) }
    package static var askStatus: Self { .begun(.askStatus) }
    package static var readIntent: Self { .begun(.readIntent) }
    package static var proveIdle: Self { .begun(.proveIdle) }
    package static func writeConfirming(_ record: PaymentRecord) -> Self { .begun(.writeConfirming(record)) }
    /// Asks the reader for this command. A command that only takes off what stands on the reader is owed to it.
    package static func command(_ command: ReaderCommand) -> Self {
        command.takesOff ? .owed(.takeOff(command)) : .begun(.command(command))
    }

    package static var lookOnceMore: Self { .begun(.lookOnceMore) }
    package static func confirmEnded(_ fate: IntentEvidence.Fate) -> Self { .owed(.confirmEnded(fate)) }
    package static var confirmUndone: Self { .owed(.confirmUndone) }
    package static var cancelNoted: Self { .owed(.cancelNoted) }
    package static var ended: Self { .owed(.ended) }
    package static func write(_ kind: JournalKind, _ record: PaymentRecord, note: String?) -> Self {
        .owed(.write(kind, record, note: note))
    }
    package static func release(_ left: ReaderLeft) -> Self { .owed(.release(left)) }
    package static func alarm(_ words: String) -> Self { .owed(.alarm(words)) }
}

extension PaymentMachine: Attempt {
    typealias ID = PaymentID
}
