import GatewayModel
import Moments

/// When the backend's list of readers is read, and who waits for it; when Stripe's was.
struct ReaderListPoller: Sendable {
    /// A list younger than this answers for a reader that is not in it.
    private static let freshFor: Int64 = 2_000
    private static let interval: Int64 = 600_000
    private static let leastPause: Int64 = 500

    /// When the backend's list was last read; nil: never.
    private(set) var listedAt: MonoTime?
    /// It is being read now.
    private(set) var isListing = false
    /// Why it could not be read the last time.
    private(set) var lastFailure: CallFailure?
    /// When Stripe's list was last read; nil: never.
    private(set) var stripeListedAt: MonoTime?
    private var retryAt: MonoTime = .min
    private var backoff = Backoff(base: 1_000, ceiling: 60_000)
    private var waiting: [RequestID] = []

    // MARK: Events

    /// It is to be read as soon as may be.
    mutating func hurry(at moment: MonoTime) { retryAt = moment }

    /// - Returns: whether it is to be asked for now; it is not where it is being read already.
    mutating func begin() -> Bool {
        guard !isListing else { return false }
        isListing = true
        return true
    }

    mutating func wait(_ request: RequestID) { waiting.append(request) }

    mutating func forget(_ request: RequestID) { waiting.removeAll { $0 == request } }

    /// The answer has come, whatever it is.
    mutating func answered() { isListing = false }

    /// A list of this location was read, whoever asked for it.
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

    /// Those who wait are to be told: nobody waits any more.
    mutating func takeWaiting() -> [RequestID] {
        defer { waiting = [] }
        return waiting
    }

    // MARK: What is known

    var hasListed: Bool { listedAt != nil }
    var isAwaited: Bool { !waiting.isEmpty }
    var waitingCount: Int { waiting.count }

    /// The list is old enough that a reader that is not in it may have been registered since.
    func isOld(at moment: MonoTime) -> Bool {
        guard let listedAt else { return true }
        return isListing || moment - listedAt > Self.freshFor
    }

    /// Stripe's list was read a moment ago.
    func isStripesFresh(at moment: MonoTime) -> Bool { stripeListedAt.map { moment - $0 <= Self.freshFor } ?? false }

    /// Why whoever needs a first list need not wait for it: it could not be read a moment ago.
    func refusal(at moment: MonoTime) -> CallFailure? { !isListing && listedAt == nil && moment < retryAt ? lastFailure : nil }

    /// Why nothing is known of this location's readers.
    var firstFailure: CallFailure? { listedAt == nil ? lastFailure : nil }

    /// - Parameter outageProbe: when a backend that does not answer is asked whether it is back.
    func nextListing(isRefused: Bool, outageProbe: MonoTime) -> MonoTime {
        guard !isRefused else { return .max }
        guard lastFailure == nil, let listedAt else { return retryAt }
        return min(listedAt + Self.interval, outageProbe)
    }
}
