import GatewayModel

/// What stands in the way of sales and was told in the log, so that each is told when it begins, and once when it is over.
struct Told: Sendable {
    /// The news of something that stands in the way.
    enum News: Sendable, Equatable {
        case begins, isOver
    }

    private var backend: CallFailure?
    private var readers: Set<ReaderID> = []
    private var unresolved: Set<PaymentID> = []

    /// Notes why the backend serves nothing now; nil when nothing is wrong. An outage is over only when the backend has served since the
    /// start (`serves`).
    mutating func backend(_ trouble: CallFailure?, serves: Bool) -> News? {
        guard let trouble else {
            guard backend != nil, serves else { return nil }
            backend = nil
            return .isOver
        }
        if let before = backend, before.isSameTrouble(as: trouble) { return nil }
        backend = trouble
        return .begins
    }

    func isReaderTold(_ id: ReaderID) -> Bool { readers.contains(id) }

    mutating func readerIsAway(_ id: ReaderID) { readers.insert(id) }

    /// Notes that the reader is back. Returns whether the log was told that it is away.
    mutating func readerIsBack(_ id: ReaderID) -> Bool { readers.remove(id) != nil }

    func isUnresolvedTold(_ id: PaymentID) -> Bool { unresolved.contains(id) }

    /// Notes that the payment is unresolved. Returns whether that is news.
    mutating func isUnresolved(_ id: PaymentID) -> Bool { unresolved.insert(id).inserted }

    /// Notes that the payment has ended. Returns whether the log was told that it is unresolved.
    mutating func ended(_ id: PaymentID) -> Bool { unresolved.remove(id) != nil }
}
