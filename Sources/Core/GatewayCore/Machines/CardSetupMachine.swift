import GatewayModel
import Moments

/// One card to be kept, from the accepted request to an end that never changes. No money moves in it.
///
/// The reader makes a PaymentMethod by its reusable-card calls (reader-protocol, section 3.9). The backend then keeps it for the customer.
package struct CardSetupMachine: Sendable {
    /// The actions that are carried out even when this set-up has ended meanwhile.
    package enum Owed: Sendable, Equatable {
        indirect case write(CardSetupRecord, note: String?)
        /// Takes off the reader what this set-up has put there.
        case takeOff(ReaderCommand)
        case release(ReaderLeft)
        case ended
        case alarm(String)
    }

    /// The actions that begin only while this set-up goes on.
    package enum Begun: Sendable, Equatable {
        case awaitSession
        /// Asks the backend for the setup intent.
        case prepareIntent
        case command(ReaderCommand)
        /// Writes the PaymentMethod, and reports when it is on disk (`methodWritten`, `methodNotWritten`).
        indirect case writeMethod(CardSetupRecord)
        /// Has the backend keep this PaymentMethod. The machine never repeats it by itself.
        case store(paymentMethod: String)
    }

    package typealias Action = PartAction<Owed, Begun>

    enum State: Sendable, Equatable {
        /// The set-up waits for the reader. It goes to `preparing` when granted, and to `ended` at a cancel or the queue's time-out.
        case queued(until: MonoTime)
        /// The set-up holds the reader and waits for its session and for the setup intent. It goes to `collecting` with both, or to
        /// `ended`.
        case preparing(session: Bool, intent: Bool)
        /// The reader was told to ask for a card. The set-up goes to `polling`, or to `ended`.
        case collecting
        /// The reader asks for a card. The set-up goes to `querying` when the next question is due, and to `canceling` at a cancel or the
        /// time-out.
        case polling(next: MonoTime, until: MonoTime, failures: Int)
        /// The reader was asked whether it has a card. The set-up goes to `polling`, `confirming` with a card, `canceling`, or `ended`.
        case querying(until: MonoTime, failures: Int)
        /// The cancel was sent, and a card that was read meanwhile is not kept. The set-up goes to `clearing` or `ended`.
        case canceling
        /// The cancel found nothing to cancel. The screen is cleared so that an acknowledgement comes. The set-up goes to `ended`.
        case clearing
        /// The reader makes the PaymentMethod. The set-up goes to `writing`, or to `ended`.
        case confirming
        /// The PaymentMethod is being written to the journal, and the reader is free. The set-up goes to `storing`, or to `ended`.
        case writing
        /// The backend was asked to keep the card. Its answer leads to `ended`.
        case storing
        /// The set-up is over. Nothing leads out.
        case ended
    }

    /// Why the set-up is to stop before the reader has made anything. The first reason stays.
    enum Stop: Sendable, Equatable {
        case checkout
        case cardTimeout
        case failure(PaymentFailure)
    }

    package private(set) var record: CardSetupRecord {
        _read { yield ownRecord.value }
        _modify { yield &ownRecord.value }
    }
    private var ownRecord: Shared<CardSetupRecord>
    private(set) var state: State
    private var stopping: Stop?
    private var reconnected = false
    var policy: GatewayPolicy { _read { yield ownPolicy.value } }
    private let ownPolicy: Shared<GatewayPolicy>
    /// The number that tells this machine from every other, now or earlier, in the same place.
    package let epoch: UInt64

    package init(record: CardSetupRecord, policy: GatewayPolicy, epoch: UInt64 = 0, now: Now) {
        self.epoch = epoch
        self.ownRecord = Shared(record)
        self.ownPolicy = Shared(policy)
        self.state = .queued(until: now.mono + policy.queueTimeout)
    }

    package var id: CardSetupID { record.id }
    package var isEnded: Bool { record.state.isEnd }

    package var nextWake: MonoTime? {
        switch state {
        case .queued(let until): until
        case .polling(let next, let until, _): min(next, until)
        case .preparing, .collecting, .querying, .canceling, .clearing, .confirming, .writing, .storing, .ended: nil
        }
    }

    // MARK: Events

    /// Gives the reader to this set-up.
    package mutating func granted(at now: Now) -> [Action] {
        guard case .queued = state else { return [.release(.idle)] }
        record.leased = true
        state = .preparing(session: false, intent: false)
        show(.preparing, at: now)
        return [.write(record, note: nil), .awaitSession, .prepareIntent]
    }

    package mutating func sessionReady(at now: Now) -> [Action] {
        guard case .preparing(_, let intent) = state else { return [] }
        state = .preparing(session: true, intent: intent)
        return collectIfReady()
    }

    package mutating func sessionFailed(_ trouble: ReaderTrouble, at now: Now) -> [Action] {
        guard case .preparing = state else { return [] }
        var failure = trouble.paymentFailure
        if trouble.kind == .noCart { failure.code = .noCart }
        return leave(.failure(failure), reader: reconnected ? .unknown : .idle, at: now)
    }

    package mutating func intentReady(_ intent: String, at now: Now) -> [Action] {
        guard case .preparing(let session, false) = state else { return [] }
        state = .preparing(session: session, intent: true)
        record.setupIntent = intent
        record.updatedAt = now.wall
        return [.write(record, note: nil)] + collectIfReady()
    }

    package mutating func intentFailed(_ failure: CallFailure, at now: Now) -> [Action] {
        guard case .preparing(_, false) = state else { return [] }
        return leave(.failure(failure.cardFailure), reader: .idle, at: now)
    }

    package mutating func methodWritten(at now: Now) -> [Action] {
        guard case .writing = state, let method = record.paymentMethod else { return [] }
        state = .storing
        return [.store(paymentMethod: method)]
    }

    package mutating func methodNotWritten(at now: Now) -> [Action] {
        guard case .writing = state else { return [] }
        return end(
            .failed,
            PaymentFailure(
                code: .journalUnavailable, message: "The agent cannot write its journal; the card was not stored.",
                remedy: "Store it when there is room again, without the card: readerctl cards store, with this payment method."), at: now)
    }

    package mutating func stored(_ result: Result<StoredCard, CallFailure>, at now: Now) -> [Action] {
        guard case .storing = state else { return [] }
        switch result {
        case .success(let card):
            record.bankcard = card.bankcard
            return end(.succeeded, nil, at: now)
        case .failure(let failure):
            var told = failure.cardFailure
            told.remedy =
                failure.leavesOpenWhetherStored
                ? "The card may or may not be stored: look at the customer's cards. If it is missing: readerctl cards store, with this payment method."
                : "\(told.remedy ?? "") Then store it, without the card: readerctl cards store, with this payment method."
            return end(.failed, told, at: now)
        }
    }

    /// Takes the checkout's cancel. Once the reader makes the PaymentMethod, the cancel changes nothing but `cancelRequested`.
    package mutating func cancel(at now: Now) -> [Action] {
        guard !isEnded else { return [] }
        record.cancelRequested = true
        record.updatedAt = now.wall
        return [.write(record, note: "a cancel was asked for")] + stop(.checkout, at: now)
    }

    /// Stops the set-up as the agent stops. A set-up for which the reader has made nothing ends. A later one goes on to its end.
    package mutating func stopForShutdown(at now: Now) -> [Action] {
        stop(
            .failure(
                PaymentFailure(
                    code: .agentRestarted, message: "The agent is being stopped; no card was kept.", remedy: "Try again in a moment.")),
            at: now)
    }

    package mutating func fail(_ failure: PaymentFailure, at now: Now) -> [Action] { stop(.failure(failure), at: now) }

    /// Ends the set-up after a restart. What the reader was doing is unknown, and so is what the backend did.
    package mutating func recover(at now: Now) -> [Action] {
        guard !isEnded else { return [] }
        let isMade = record.paymentMethod != nil
        return end(
            .failed,
            PaymentFailure(
                code: .agentRestarted,
                message: isMade ? "The agent was restarted while the card was being stored." : "The agent was restarted.",
                remedy: isMade
                    ? "The card may or may not be stored: look at the customer's cards. If it is missing: readerctl cards store, with this payment method."
                    : "Nothing was kept. Try again with a new id."), at: now)
    }

    package mutating func tick(at now: Now) -> [Action] {
        switch state {
        case .queued(let until) where now.mono >= until:
            return end(
                .failed,
                PaymentFailure(
                    code: .queueTimeout, message: "The reader was not free in time.", remedy: "Try again, or use another reader."), at: now)
        case .polling(_, let until, _) where now.mono >= until: return stop(.cardTimeout, at: now)
        case .polling(let next, let until, let failures) where now.mono >= next:
            state = .querying(until: until, failures: failures)
            return [.command(.queryReusable)]
        case .queued, .polling, .preparing, .collecting, .querying, .canceling, .clearing, .confirming, .writing, .storing, .ended:
            return []
        }
    }

    // MARK: The reader's answers

    package mutating func answered(_ command: ReaderCommand, _ result: Result<ReaderReply, ReaderFailure>, at now: Now) -> [Action] {
        switch (state, command, result) {
        case (.collecting, .collectReusable, .success):
            let until = now.mono + Int64(record.request.timeoutSeconds ?? policy.defaultCardTimeout) * 1000
            if stopping != nil {
                state = .canceling
                return [.command(.cancelReusable)]
            }
            state = .polling(next: now.mono, until: until, failures: 0)
            show(.waitingForCard, at: now)
            return [.write(record, note: nil)] + tick(at: now)
        case (.collecting, .collectReusable, .failure(let failure)):
            if failure.endsSession, !reconnected, stopping == nil {
                // The session had died since its last use, so there is one new session and one new collect.
                reconnected = true
                state = .preparing(session: false, intent: true)
                return [.awaitSession]
            }
            return leave(stopping ?? .failure(Self.failure(for: failure)), reader: .unknown, at: now)
        case (.querying(let until, let failures), .queryReusable, .success(let reply)): return queried(reply, until, failures, at: now)
        case (.querying(let until, let failures), .queryReusable, .failure(let failure)):
            if failure.isWorthAnotherQuery, failures < 2, stopping == nil {
                state = .polling(next: now.mono + 1_000, until: until, failures: failures + 1)
                return []
            }
            if failure.endsSession { return leave(stopping ?? .failure(Self.failure(for: failure)), reader: .unknown, at: now) }
            if stopping == nil { stopping = .failure(Self.failure(for: failure)) }
            state = .canceling
            return [.command(.cancelReusable)]
        case (.canceling, .cancelReusable, .success), (.clearing, .clearDisplay, .success):
            return leave(stopping ?? .checkout, reader: .idle, at: now)
        case (.canceling, .cancelReusable, .failure(.app(let code, _))) where !code.endsSession:
            state = .clearing
            return [.command(.clearDisplay(nil))]
        case (.canceling, .cancelReusable, .failure), (.clearing, .clearDisplay, .failure):
            return leave(stopping ?? .checkout, reader: .unknown, at: now)
        case (.confirming, .confirmReusable, .success(let reply)): return confirmed(reply, at: now)
        case (.confirming, .confirmReusable, .failure(let failure)):
            return leave(.failure(Self.failure(for: failure)), reader: .unknown, at: now)
        case (.queued, _, _), (.preparing, _, _), (.collecting, _, _), (.polling, _, _), (.querying, _, _), (.canceling, _, _),
            (.clearing, _, _), (.confirming, _, _), (.writing, _, _), (.storing, _, _), (.ended, _, _):
            return [.alarm("an answer to \(command.name) came when none was awaited; it was dropped")]
        }
    }

    private mutating func queried(_ reply: ReaderReply, _ until: MonoTime, _ failures: Int, at now: Now) -> [Action] {
        switch reply {
        case .canceledByCustomer:
            let release = Action.owed(.release(.idle))
            if case .failure(let failure)? = stopping { return [release] + end(.failed, failure, at: now) }
            return [release]
                + end(
                    .canceledByCustomer,
                    PaymentFailure(code: .customerCanceled, message: "The customer canceled on the reader."), at: now)
        case .reusableCard(let echo, let summary):
            guard stopping == nil else {
                state = .canceling
                return [.command(.cancelReusable)]
            }
            record.card = summary
            state = .confirming
            show(.authorizing, at: now)
            return [.write(record, note: nil), .command(.confirmReusable(echo: echo))]
        case .done, .activated, .pending, .card, .confirmed, .createdReusable, .reusableRefused:
            guard stopping == nil else {
                state = .canceling
                return [.command(.cancelReusable)]
            }
            let pause = policy.queryPause(left: until - now.mono, of: record.request.timeoutSeconds)
            state = .polling(next: now.mono + pause, until: until, failures: 0)
            return tick(at: now)
        }
    }

    private mutating func confirmed(_ reply: ReaderReply, at now: Now) -> [Action] {
        switch reply {
        case .createdReusable(let method):
            record.paymentMethod = method
            record.leased = false
            state = .writing
            show(.finishing, at: now)
            return [.release(.idle), .writeMethod(record)]
        case .reusableRefused(let code, let message):
            let (state, failure) = Self.refusal(code: code, message: message, entry: record.card?.entry)
            return [.release(.idle)] + end(state, failure, at: now)
        case .done, .activated, .pending, .canceledByCustomer, .card, .confirmed, .reusableCard:
            return leave(
                .failure(PaymentFailure(code: .readerError, message: "The reader's answer says neither that a card was made nor why not.")),
                reader: .unknown, at: now)
        }
    }

    // MARK: What follows

    private mutating func collectIfReady() -> [Action] {
        guard case .preparing(true, true) = state else { return [] }
        state = .collecting
        return [.command(.collectReusable)]
    }

    private mutating func stop(_ reason: Stop, at now: Now) -> [Action] {
        switch state {
        case .queued:
            if stopping == nil { stopping = reason }
            return finish(reason, at: now)
        case .preparing: return leave(reason, reader: reconnected ? .unknown : .idle, at: now)
        case .polling:
            if stopping == nil { stopping = reason }
            state = .canceling
            return [.command(.cancelReusable)]
        case .collecting, .querying, .canceling, .clearing:
            if stopping == nil { stopping = reason }
            return []
        case .confirming, .writing, .storing, .ended: return []
        }
    }

    private mutating func leave(_ reason: Stop, reader: ReaderLeft, at now: Now) -> [Action] {
        guard reader == .unknown, reason == .checkout || reason == .cardTimeout else { return [.release(reader)] + finish(reason, at: now) }
        return [.release(reader)] + finish(.failure(.cardReaderLost("The reader did not acknowledge the cancel.")), at: now)
    }

    private mutating func finish(_ reason: Stop, at now: Now) -> [Action] {
        switch reason {
        case .checkout: end(.canceled, PaymentFailure(code: .checkoutCanceled, message: "It was canceled at the till."), at: now)
        case .cardTimeout:
            end(
                .timedOut,
                PaymentFailure(
                    code: .cardTimeout, message: "No card was presented in time.",
                    remedy: "Ask the customer to insert or swipe the card, then try again; a contactless card or a wallet cannot be kept."),
                at: now)
        case .failure(let failure): end(.failed, failure, at: now)
        }
    }

    private mutating func show(_ state: PaymentState, at now: Now) {
        guard record.state != state else { return }
        record.state = state
        record.updatedAt = now.wall
        record.timeline.append(TimelineEntry(state: state, at: now.wall))
    }

    private mutating func end(_ state: PaymentState, _ failure: PaymentFailure?, at now: Now) -> [Action] {
        guard !isEnded else { return [] }
        show(state, at: now)
        record.failure = failure
        record.leased = false
        record.endedAt = now.wall
        self.state = .ended
        return [.write(record, note: failure?.message), .ended]
    }
}

/// The actions of a set-up, without their kind.
extension CardSetupMachine.Action {
    package static var awaitSession: Self { .begun(.awaitSession) }
    package static var prepareIntent: Self { .begun(.prepareIntent) }
    package static func writeMethod(_ record: CardSetupRecord) -> Self { .begun(.writeMethod(record)) }
    package static func store(paymentMethod: String) -> Self { .begun(.store(paymentMethod: paymentMethod)) }
    package static func command(_ command: ReaderCommand) -> Self {
        command.takesOff ? .owed(.takeOff(command)) : .begun(.command(command))
    }

    package static var ended: Self { .owed(.ended) }
    package static func write(_ record: CardSetupRecord, note: String?) -> Self { .owed(.write(record, note: note)) }
    package static func release(_ left: ReaderLeft) -> Self { .owed(.release(left)) }
    package static func alarm(_ words: String) -> Self { .owed(.alarm(words)) }
}

extension CardSetupMachine: Attempt {
    typealias ID = CardSetupID
}
