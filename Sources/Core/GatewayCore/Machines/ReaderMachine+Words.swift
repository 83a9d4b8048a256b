import GatewayModel

/// What a reader wants done.
extension ReaderMachine {
    /// The actions that are carried out even when this reader is gone meanwhile.
    package enum Owed: Sendable, Equatable {
        case withdrawToken
        case answer(CommandOwner, ReaderCommand, Result<ReaderReply, ReaderFailure>)
        case sessionReady(LeaseHolder)
        case sessionFailed(LeaseHolder, ReaderTrouble)
        /// Tells this holder that it waits for the reader in vain, because the reader cannot be reached.
        case turnedAway(LeaseHolder, ReaderTrouble)
        /// Reports that nothing that was sent to the reader before can still run on it.
        case seenIdle
        case changed(String)
        /// Reports what became of the session for which a request waited.
        case connected(RequestID, Result<Void, ReaderTrouble>)

        package static func == (left: Owed, right: Owed) -> Bool {
            switch (left, right) {
            case (.withdrawToken, .withdrawToken), (.seenIdle, .seenIdle): true
            case (.answer(let a, let b, let c), .answer(let d, let e, let f)): a == d && b == e && c == f
            case (.sessionReady(let a), .sessionReady(let b)): a == b
            case (.sessionFailed(let a, let b), .sessionFailed(let c, let d)): a == c && b == d
            case (.turnedAway(let a, let b), .turnedAway(let c, let d)): a == c && b == d
            case (.changed(let a), .changed(let b)): a == b
            case (.connected(let a, .success), .connected(let b, .success)): a == b
            case (.connected(let a, .failure(let b)), .connected(let c, .failure(let d))): a == c && b == d
            case (.withdrawToken, _), (.answer, _), (.sessionReady, _), (.sessionFailed, _), (.turnedAway, _), (.seenIdle, _),
                (.changed, _),
                (.connected, _):
                false
            }
        }
    }

    /// The actions that begin only while this reader is in the state that wanted them (`wants(_:)`).
    package enum Begun: Sendable, Equatable {
        case claimToken
        /// Reads Stripe's list with this token, which that does not spend.
        case list(ConnectionToken)
        case send(sequence: UInt64, ReaderRoute, ReaderCommand, session: SessionToken?, timeout: Int64, owner: CommandOwner)
        case granted(LeaseHolder)
        /// Searches for the reader, which is not where it should be.
        case search
    }

    package typealias Action = PartAction<Owed, Begun>
}

/// The actions of a reader, without their kind.
extension ReaderMachine.Action {
    package static var claimToken: Self { .begun(.claimToken) }
    package static var search: Self { .begun(.search) }
    package static func list(_ token: ConnectionToken) -> Self { .begun(.list(token)) }
    package static func granted(_ holder: LeaseHolder) -> Self { .begun(.granted(holder)) }
    package static func send(
        sequence: UInt64, _ route: ReaderRoute, _ command: ReaderCommand, session: SessionToken?, timeout: Int64,
        owner: CommandOwner
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
        _ owner: CommandOwner, _ command: ReaderCommand, _ result: Result<ReaderReply, ReaderFailure>
    ) -> Self {
        .owed(.answer(owner, command, result))
    }

    /// Sends what departs from the queue.
    static func send(_ departure: ReaderCommandQueue.Departure, over route: ReaderRoute, in session: SessionToken?) -> Self {
        let item = departure.item
        return .send(sequence: departure.sequence, route, item.command, session: session, timeout: item.timeout, owner: item.owner)
    }

    /// Answers those whose command did not leave.
    static func refuse(_ items: [ReaderCommandQueue.Item], _ failure: ReaderFailure) -> [Self] {
        items.map { .answer($0.owner, $0.command, .failure(failure)) }
    }
}
