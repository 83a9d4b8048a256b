import GatewayModel
import Moments

/// Who wants a session with one reader for its own sake, beside the lease: an open cart, or a technician, who may also want none.
struct ReaderWishes: Sendable {
    /// A technician's request that waits for a session.
    struct Request: Sendable, Equatable {
        var request: RequestID
        /// The cart whose connection token is asked for; nil when any cart will do.
        var cart: CartID?
        /// Whether the request also takes the reader from another point of sale.
        var takeOver: Bool
        /// When the request is told that it waits in vain.
        fileprivate var until = MonoTime.max

        init(request: RequestID, cart: CartID?, takeOver: Bool) {
            (self.request, self.cart, self.takeOver) = (request, cart, takeOver)
        }
    }

    /// How long a request may wait for a session, in milliseconds. A reader that authorises may take longer to admit any point of sale.
    private static let patience: Int64 = 30_000

    /// Whether an open cart wants this reader ready.
    private var isDesired = false
    /// Whether a technician disconnected the reader. No session opens until one is wanted again.
    private(set) var isParted = false
    private var requests: [Request] = []

    // MARK: What can be seen

    var isWanted: Bool { isDesired || !requests.isEmpty }

    /// Whether a request waits.
    var hasRequests: Bool { !requests.isEmpty }

    /// The cart whose token serves a session that was requested by name.
    var cart: CartID? { requests.lazy.compactMap(\.cart).first }

    /// Whether a request also takes the reader from another point of sale.
    var takesOver: Bool { requests.contains(where: \.takeOver) }

    func contains(_ request: RequestID) -> Bool { requests.contains { $0.request == request } }

    /// When the next request has waited for long enough.
    var nextWake: MonoTime? { requests.isEmpty ? nil : requests.lazy.map(\.until).min() }

    // MARK: Carts

    /// Notes whether an open cart wants this reader ready. A reader that a technician disconnected stays so.
    mutating func setDesired(_ isDesired: Bool) { self.isDesired = isDesired && !isParted }

    /// Notes that a sale wants the reader, even after a technician has disconnected it.
    mutating func isWantedAgain() { isParted = false }

    // MARK: Technicians

    /// Takes a request for a session, which ends a disconnect.
    mutating func add(_ request: Request, at now: MonoTime) {
        isParted = false
        var request = request
        request.until = now + Self.patience
        requests.append(request)
    }

    mutating func forget(_ request: RequestID) { requests.removeAll { $0.request == request } }

    /// Notes that the reader was disconnected. Returns the requests that waited, which are owed an answer.
    mutating func part() -> [RequestID] {
        isParted = true
        isDesired = false
        return take { _ in true }
    }

    /// Takes out all requests, because the session is there. Each is owed an answer.
    mutating func takeAll() -> [RequestID] { take { _ in true } }

    /// Takes out the requests that have waited for long enough.
    mutating func takeLate(at now: MonoTime) -> [RequestID] { take { now >= $0.until } }

    /// Takes out the requests that are to be told of a failed try. Those that may take the reader over stay for a try that does, if this one
    /// was polite.
    mutating func takeRefused(_ trouble: ReaderTrouble, wasPolite: Bool) -> [RequestID] {
        let isForTakeover = trouble.kind == .inUseElsewhere && wasPolite
        return take { !(isForTakeover && $0.takeOver) }
    }

    private mutating func take(where goes: (Request) -> Bool) -> [RequestID] {
        guard !requests.isEmpty else { return [] }
        let gone = requests.filter(goes)
        requests.removeAll(where: goes)
        return gone.map(\.request)
    }
}
