import GatewayModel

/// The commands to one reader. The reader does one thing at a time, so one command is under way and the others wait for its answer.
///
/// Each command gets one answer, also when its session ends first. The answer to a command of an earlier session still comes here, and says
/// nothing of the next session. Until it is there the reader is not even activated.
struct ReaderCommandQueue: Sendable {
    /// A command, and who waits for its answer.
    struct Item: Sendable, Equatable {
        var owner: CommandOwner
        var command: ReaderCommand
        var timeout: Int64

        var isOfHolder: Bool {
            if case .holder = owner { return true }
            return false
        }
    }

    /// A command that leaves the queue for the reader. The number tells its answer from every other.
    struct Departure: Sendable, Equatable {
        var sequence: UInt64
        var item: Item
    }

    /// What was asked when an answer came.
    struct Asked: Sendable, Equatable {
        var owner: CommandOwner
        var command: ReaderCommand
        /// Whether the session in which it was asked still lasts.
        var isOfThisSession: Bool
    }

    private enum State: Sendable {
        /// Nothing is under way. It goes to `asking` when a command departs.
        case idle
        /// A command has no answer yet, in the session of that number. It goes to `idle` with the answer, or when the command is held back.
        case asking(sequence: UInt64, CommandOwner, ReaderCommand, session: UInt64)
    }

    private var state = State.idle
    private var pending: [Item] = []
    /// An activation that waits, because a command of an earlier session has no answer yet.
    private var activation: ReaderCommand?
    private var lastSequence: UInt64 = 0
    /// The number of the current session.
    private var session: UInt64 = 0
    /// The session in which the card was asked for. A card that was read in another session is not confirmed.
    private var cardSession: UInt64?

    // MARK: What can be seen

    /// Whether the reader owes an answer.
    var isAsking: Bool {
        if case .asking = state { return true }
        return false
    }

    /// Whether no command waits for its turn.
    var isEmpty: Bool { pending.isEmpty }

    /// Whether nothing is under way and nothing waits.
    var isResting: Bool { !isAsking && pending.isEmpty }

    var hasActivation: Bool { activation != nil }

    /// Whether somebody beside the session waits for a turn.
    var isAwaited: Bool { pending.contains { $0.owner != .session } }

    /// The command under way; nil when there is none.
    var current: (sequence: UInt64, asked: Asked)? {
        guard case .asking(let sequence, let owner, let command, let session) = state else { return nil }
        return (sequence, Asked(owner: owner, command: command, isOfThisSession: session == self.session))
    }

    func isAsking(as sequence: UInt64) -> Bool {
        if case .asking(sequence, _, _, _) = state { return true }
        return false
    }

    func isAsking(for owner: CommandOwner) -> Bool {
        if case .asking(_, owner, _, _) = state { return true }
        return false
    }

    /// Whether this party has a command here, under way or not.
    func serves(_ owner: CommandOwner) -> Bool { isAsking(for: owner) || pending.contains { $0.owner == owner } }

    // MARK: Events

    /// Takes a command.
    ///
    /// - Returns: why it is not passed on; nil when it waits for its turn.
    mutating func add(_ item: Item) -> ReaderFailure? {
        switch item.command {
        case .collect: cardSession = session
        case .confirm:
            guard cardSession == session else { return .unreachable(detail: "the session in which the card was read is over") }
        case .activate, .prove, .heartbeat, .display, .clearDisplay, .query, .cancelCollect, .collectReusable, .queryReusable,
            .cancelReusable, .confirmReusable:
            break
        }
        pending.append(item)
        return nil
    }

    /// Takes a command of the session itself, to keep it or to clear the screen.
    mutating func addOwn(_ command: ReaderCommand, timeout: Int64) {
        pending.append(Item(owner: .session, command: command, timeout: timeout))
    }

    /// Takes an activation, which departs once nothing of an earlier session is under way.
    mutating func addActivation(_ command: ReaderCommand) { activation = command }

    /// Lets the next command depart; nil while another is under way, or when none waits.
    mutating func depart() -> Departure? {
        guard !isAsking, !pending.isEmpty else { return nil }
        return send(pending.removeFirst())
    }

    /// Lets the activation depart; nil while another command is under way, or when none waits.
    mutating func departActivation(timeout: Int64) -> Departure? {
        guard !isAsking, let command = activation else { return nil }
        activation = nil
        return send(Item(owner: .session, command: command, timeout: timeout))
    }

    private mutating func send(_ item: Item) -> Departure {
        lastSequence += 1
        state = .asking(sequence: lastSequence, item.owner, item.command, session: session)
        return Departure(sequence: lastSequence, item: item)
    }

    /// Takes an answer, or the word that the command was held back and did not leave.
    ///
    /// - Returns: what was asked; nil when the answer is to something else.
    mutating func answered(_ sequence: UInt64) -> Asked? {
        guard let current, current.sequence == sequence else { return nil }
        state = .idle
        return current.asked
    }

    /// Begins the number of the next session, because this one is over.
    ///
    /// - Returns: the commands that did not depart. Their owners are owed an answer.
    mutating func endSession() -> [Item] {
        session += 1
        return takePending { _ in true }
    }

    /// Makes way for a new holder of the reader. A command that waited for its turn would now come between the holder and its reader.
    ///
    /// - Returns: the commands that did not depart. Their owners are owed an answer.
    mutating func makeWay() -> [Item] {
        cardSession = nil
        return takePending { $0.owner != .session }
    }

    private mutating func takePending(where goes: (Item) -> Bool) -> [Item] {
        guard !pending.isEmpty else { return [] }
        let gone = pending.filter { goes($0) && $0.owner != .session }
        pending.removeAll(where: goes)
        return gone
    }

    /// Forgets what waits for a party that is not there any more.
    mutating func forget(_ owner: CommandOwner) { pending.removeAll { $0.owner == owner } }
}
