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
        /// The intent is known not to have been charged.
        case intentNotCharged
        /// "confirming" is on disk, and the confirm did not leave the box.
        case confirmNotSent
        /// The intent can never be charged (canceled): the cart needs another.
        case intentGone
        /// This payment's confirm took the money: others on the intent did not.
        case tookMoney
        /// The intent was charged before this payment confirmed it. `proven`: its status says so; else the reader only refused its state.
        case alreadyCharged(proven: Bool)
        /// An answer about the intent that others on it want to know.
        case sawIntent(IntentStatus)
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

    package private(set) var record: PaymentRecord
    /// An earlier payment of the cart whose outcome is not known, on the same intent.
    package private(set) var older: PaymentID?
    var state: State
    let policy: GatewayPolicy
    /// Tells this machine from every other that is, or was, in the same place.
    package let epoch: UInt64

    package init(record: PaymentRecord, older: PaymentID? = nil, policy: GatewayPolicy, epoch: UInt64 = 0, now: Now) {
        self.older = older
        self.epoch = epoch
        self.record = record
        self.policy = policy
        self.state = .queued(until: now.mono + policy.queueTimeout)
    }

    package var id: PaymentID { record.id }
    package var isEnded: Bool { record.state.isEnd }
    package var isUnresolved: Bool { record.state == .unresolved }

    /// A confirm was journaled: only evidence ends it.
    package var isPastConfirming: Bool { record.confirmingAt != nil }

    mutating func edit(_ change: (inout PaymentRecord) -> Void) { change(&record) }
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
        case .confirmWriting, .confirming, .ended: nil
        case .following(let following): following.nextWake(authorized: record.authorized)
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
        case .confirmWriting, .confirming, .ended: break
        }
        return actions
    }

    /// The checkout asks to cancel. While "confirming" waits for the disk that is obeyed; once it is written it changes nothing but `cancelRequested`.
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
        case .confirming, .following, .ended: break
        }
        return actions
    }

    /// A technician says what became of it. Only an unresolved payment takes it.
    package mutating func resolve(paid: Bool, order: OrderID?, by: String, note: String, at now: Now) -> [Action] {
        guard case .following = state, isUnresolved else { return [] }
        var actions: [Action] = []
        edit {
            $0.resolvedBy = by
            $0.order = order ?? $0.order
        }
        let words = "resolved by \(by): \(note)"
        if paid {
            end(.succeeded, money: .taken, failure: nil, note: words, at: now, &actions)
        } else {
            end(
                .failed, money: .notTaken,
                failure: PaymentFailure(code: .resolvedByTechnician, message: "A technician found that the money was not taken."),
                note: words, at: now, &actions)
        }
        return actions
    }
}

extension PaymentFailure {
    static let canceledByCheckout = PaymentFailure(code: .checkoutCanceled, message: "The payment was canceled at the till.")
}
