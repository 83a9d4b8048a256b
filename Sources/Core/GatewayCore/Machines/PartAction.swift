import GatewayModel
import Moments

/// An action that a part of the middle wants done. Each part names its own two kinds.
package enum PartAction<Owed: Sendable & Equatable, Begun: Sendable & Equatable>: Sendable, Equatable {
    /// An action that is always carried out, whatever has become of the part meanwhile. It names its object, and doing it twice does no harm.
    ///
    /// Examples are a row of the journal, a release, a cancel at a reader, an answer to a waiting caller, and the return of a reservation.
    case owed(Owed)
    /// An action that is carried out only while the part that wanted it is there and has not ended. Otherwise it is dropped, and its asker is
    /// told.
    ///
    /// Examples are a question, an activation, a collect, a confirm, the making of an intent, and the taking of a lease.
    case begun(Begun)
}

// The short forms that the parts use follow.

extension PartAction where Owed == PaymentMachine.Owed, Begun == PaymentMachine.Begun {
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
    package static func release(_ left: ReaderMachine.Left) -> Self { .owed(.release(left)) }
    package static func alarm(_ words: String) -> Self { .owed(.alarm(words)) }
}

extension PartAction where Owed == CardSetupMachine.Owed, Begun == CardSetupMachine.Begun {
    package static var awaitSession: Self { .begun(.awaitSession) }
    package static var prepareIntent: Self { .begun(.prepareIntent) }
    package static func writeMethod(_ record: CardSetupRecord) -> Self { .begun(.writeMethod(record)) }
    package static func store(paymentMethod: String) -> Self { .begun(.store(paymentMethod: paymentMethod)) }
    package static func command(_ command: ReaderCommand) -> Self {
        command.takesOff ? .owed(.takeOff(command)) : .begun(.command(command))
    }

    package static var ended: Self { .owed(.ended) }
    package static func write(_ record: CardSetupRecord, note: String?) -> Self { .owed(.write(record, note: note)) }
    package static func release(_ left: ReaderMachine.Left) -> Self { .owed(.release(left)) }
    package static func alarm(_ words: String) -> Self { .owed(.alarm(words)) }
}

extension PartAction where Owed == ReaderMachine.Owed, Begun == ReaderMachine.Begun {
    package static var claimToken: Self { .begun(.claimToken) }
    package static var search: Self { .begun(.search) }
    package static func list(_ token: ConnectionToken) -> Self { .begun(.list(token)) }
    package static func granted(_ holder: LeaseHolder) -> Self { .begun(.granted(holder)) }
    package static func send(
        sequence: UInt64, _ route: ReaderRoute, _ command: ReaderCommand, session: SessionToken?, timeout: Int64,
        owner: ReaderMachine.Owner
    ) -> Self {
        .begun(.send(sequence: sequence, route, command, session: session, timeout: timeout, owner: owner))
    }

    package static var withdrawToken: Self { .owed(.withdrawToken) }
    package static var seenIdle: Self { .owed(.seenIdle) }
    package static func sessionReady(_ holder: LeaseHolder) -> Self { .owed(.sessionReady(holder)) }
    package static func sessionFailed(_ holder: LeaseHolder, _ trouble: ReaderTrouble) -> Self { .owed(.sessionFailed(holder, trouble)) }
    package static func turnedAway(_ holder: LeaseHolder, _ trouble: ReaderTrouble) -> Self { .owed(.turnedAway(holder, trouble)) }
    package static func changed(_ words: String) -> Self { .owed(.changed(words)) }
    package static func connected(_ id: RequestID, _ result: Result<Void, ReaderTrouble>) -> Self { .owed(.connected(id, result)) }
    package static func answer(
        _ owner: ReaderMachine.Owner, _ command: ReaderCommand, _ result: Result<ReaderReply, ReaderFailure>
    ) -> Self {
        .owed(.answer(owner, command, result))
    }
}

extension PartAction where Owed == TokenKeeper.Owed, Begun == TokenKeeper.Begun {
    package static var request: Self { .begun(.request) }
    package static func give(_ token: ConnectionToken, to claimant: TokenKeeper.Claimant) -> Self { .owed(.give(token, to: claimant)) }
    package static func refuse(_ claimant: TokenKeeper.Claimant, _ failure: CallFailure) -> Self { .owed(.refuse(claimant, failure)) }
    package static func show(_ token: ConnectionToken) -> Self { .owed(.show(token)) }
    package static func showNone(_ failure: CallFailure) -> Self { .owed(.showNone(failure)) }
}

extension PartAction where Owed == RegistrationMachine.Owed, Begun == RegistrationMachine.Begun {
    package static func list(location: String?) -> Self { .begun(.list(location: location)) }
    package static func send(_ job: RegistrationMachine.Job) -> Self { .begun(.send(job)) }
    package static func ended(_ result: Result<ReaderID, Refusal>) -> Self { .owed(.ended(result)) }
}

extension ReaderCommand {
    /// Whether the command only takes off the reader what this agent has put there.
    var takesOff: Bool {
        switch self {
        case .cancelCollect, .cancelReusable, .clearDisplay: true
        case .activate, .prove, .heartbeat, .display, .collect, .query, .confirm, .collectReusable, .queryReusable, .confirmReusable: false
        }
    }
}
