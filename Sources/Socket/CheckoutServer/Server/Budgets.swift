import CheckoutAPI
import Synchronization

/// How much of each kind of work is under way. What a caller has asked for counts until it has been carried out and written, whether or not the
/// caller is still there.
final class Budgets: Sendable {
    private struct Used {
        var all = 0
        /// How many of `all` are for callers that may not take payments.
        var lookers = 0
    }

    private let limits: [Work: Int]
    private let used = Mutex<[Work: Used]>([:])

    init(_ limits: [Work: Int]) { self.limits = limits }

    /// A place that is taken. It must be given back.
    struct Place: Sendable {
        fileprivate var work: Work
        fileprivate var isLooker: Bool
    }

    /// Takes a place, or throws `overloaded`. Callers that only look on have half of the places of each kind.
    func take(_ work: Work, for role: Role?) throws(Problem) -> Place {
        let isLooker = role.map { $0 < .checkout } ?? true
        // What has no limit is bounded by the connections: each has one request at a time.
        let limit = limits[work] ?? .max
        let isFree = used.withLock { used in
            let now = used[work] ?? Used()
            guard now.all < limit, !isLooker || now.lookers < max(1, limit / 2) else { return false }
            used[work] = Used(all: now.all + 1, lookers: now.lookers + (isLooker ? 1 : 0))
            return true
        }
        guard isFree else {
            throw Problem(
                .overloaded, "Too many \(work.noun) are under way.",
                remedy: "Ask again in a moment, or end some: \(limit) can be under way, half of them for callers that only look on.")
        }
        return Place(work: work, isLooker: isLooker)
    }

    func giveBack(_ place: Place) {
        used.withLock { used in
            used[place.work]?.all -= 1
            if place.isLooker { used[place.work]?.lookers -= 1 }
        }
    }

    /// Takes a place around the body.
    func with<Value>(
        _ work: Work, for role: Role?, _ body: () async throws(Problem) -> Value
    ) async throws(Problem) -> Value {
        let place = try take(work, for: role)
        defer { giveBack(place) }
        return try await body()
    }
}

/// Bytes that all connections together may keep.
final class ByteBudget: Sendable {
    private let limit: Int
    private let used = Mutex(0)

    init(_ limit: Int) { self.limit = limit }

    /// False when there are not so many left.
    func take(_ count: Int) -> Bool {
        used.withLock { used in
            guard count <= limit - used else { return false }
            used += count
            return true
        }
    }

    func giveBack(_ count: Int) { used.withLock { $0 -= count } }
}
