import GatewayModel

/// What a reader is told, and what it wants done.
extension ReaderMachine {
    /// The party that waits for a command's answer.
    package enum Owner: Sendable, Hashable {
        case holder(LeaseHolder)
        case request(RequestID)
        /// The machine itself, for activation, heartbeat and clearing.
        case session
    }

    /// The state in which a holder leaves the reader.
    package enum Left: Sendable, Equatable {
        /// The reader has said that nothing of this holder runs on it.
        case idle
        /// The reader may still be asking for a card or authorising. The lease stays until it is seen idle.
        case unknown
    }

    /// The actions that are carried out even when this reader is gone meanwhile.
    package enum Owed: Sendable, Equatable {
        case withdrawToken
        case answer(Owner, ReaderCommand, Result<ReaderReply, ReaderFailure>)
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
        case send(sequence: UInt64, ReaderRoute, ReaderCommand, session: SessionToken?, timeout: Int64, owner: Owner)
        case granted(LeaseHolder)
        /// Searches for the reader, which is not where it should be.
        case search
    }

    package typealias Action = PartAction<Owed, Begun>
}

// The short forms that the routing uses follow.

extension PartAction where Owed == ReaderMachine.Owed, Begun == ReaderMachine.Begun {
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
