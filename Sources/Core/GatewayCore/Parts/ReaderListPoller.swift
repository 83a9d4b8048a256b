import GatewayModel
import Moments

/// When the agent reads the backend's list of readers, and who waits for it; and when it read Stripe's list.
struct ReaderListPoller: Sendable {
    /// The age in milliseconds up to which a list answers for a reader that it lacks.
    private static let freshFor: Int64 = 2_000
    private static let interval: Int64 = 600_000
    private static let leastPause: Int64 = 500

    /// When the backend's list was last read; nil when it never was.
    private(set) var listedAt: MonoTime?
    /// Whether the list is being read now.
    private(set) var isListing = false
    /// Why the last reading of the list failed.
    private(set) var lastFailure: CallFailure?
    /// When Stripe's list was last read; nil when it never was.
    private(set) var stripeListedAt: MonoTime?
    private var retryAt: MonoTime = .min
    private var backoff = Backoff(base: 1_000, ceiling: 60_000)
    private var waiting: [RequestID] = []

    // MARK: Events

    /// Asks for the list to be read as soon as possible.
    mutating func hurry(at moment: MonoTime) { retryAt = moment }

    /// Begins to read the list. Returns false when it is being read already.
    mutating func begin() -> Bool {
        guard !isListing else { return false }
        isListing = true
        return true
    }

    mutating func wait(_ request: RequestID) { waiting.append(request) }

    mutating func forget(_ request: RequestID) { waiting.removeAll { $0 == request } }

    /// Notes that the answer has come, whatever it is.
    mutating func answered() { isListing = false }

    /// Notes that a list of this location was read, whichever call asked for it.
    mutating func listed(at moment: MonoTime) {
        listedAt = moment
        lastFailure = nil
        backoff.reset()
    }

    mutating func failed(_ failure: CallFailure, at moment: MonoTime, random: inout SeededRandom) {
        lastFailure = failure
        retryAt = moment + Self.leastPause + backoff.next(random: &random)
    }

    mutating func stripeListed(at moment: MonoTime) { stripeListedAt = moment }

    /// Takes the requests that wait for the list, so that they can be told.
    mutating func takeWaiting() -> [RequestID] {
        defer { waiting = [] }
        return waiting
    }

    // MARK: What is known

    var hasListed: Bool { listedAt != nil }
    var isAwaited: Bool { !waiting.isEmpty }
    var waitingCount: Int { waiting.count }

    /// Whether the list is so old that a reader it lacks may have been registered since.
    func isOld(at moment: MonoTime) -> Bool {
        guard let listedAt else { return true }
        return isListing || moment - listedAt > Self.freshFor
    }

    /// Whether Stripe's list was read a moment ago.
    func isStripesFresh(at moment: MonoTime) -> Bool { stripeListedAt.map { moment - $0 <= Self.freshFor } ?? false }

    /// Why a caller of a first list need not wait for it: a moment ago it could not be read; nil when waiting is worth it.
    func refusal(at moment: MonoTime) -> CallFailure? { !isListing && listedAt == nil && moment < retryAt ? lastFailure : nil }

    /// Why nothing is known of this location's readers; nil when a list was read or none failed.
    var firstFailure: CallFailure? { listedAt == nil ? lastFailure : nil }

    /// When the list is read next. `outageProbe` is when a backend that does not answer is asked whether it is back.
    func nextListing(isRefused: Bool, outageProbe: MonoTime) -> MonoTime {
        guard !isRefused else { return .max }
        guard lastFailure == nil, let listedAt else { return retryAt }
        return min(listedAt + Self.interval, outageProbe)
    }
}
