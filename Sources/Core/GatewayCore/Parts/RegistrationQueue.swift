import GatewayModel
import Moments

/// Changes of the location's readers at the backend. They come one after another, so that two can never be taken for each other.
struct RegistrationQueue: Sendable {
    typealias Job = RegistrationMachine.Job

    enum Action: Sendable {
        /// Tells the callers of a change that it is not made.
        case refuse([RequestID], Refusal)
        case machine(RegistrationMachine.Job, RegistrationMachine.Action)
    }

    /// A change that is over, and the requests that wait for its outcome.
    struct Ended: Sendable {
        var job: Job
        var requests: [RequestID]
    }

    private struct Item: Sendable {
        var machine: RegistrationMachine
        /// The requests that wait for the change. The same request, repeated, joins the one that is under way.
        var requests: [RequestID]
        /// Since when the change waits for its turn.
        var since: MonoTime
    }

    static let limit = 8
    /// How long a change may wait for its turn, in milliseconds. Each change may take 50 s of a slow backend's time.
    static let longestWait: Int64 = 60_000

    /// The changes. The first one is under way.
    private var items: [Item] = []

    // MARK: Events

    /// Adds a change.
    ///
    /// - Parameters:
    ///   - patience: how long the change may take to show, once it is sent; milliseconds.
    ///   - refusesRemoval: why a reader cannot be removed now.
    mutating func add(
        _ job: Job, for request: RequestID, patience: Int64, at moment: MonoTime, refusesRemoval: (ReaderID) -> Refusal?
    ) -> [Action] {
        if let index = items.firstIndex(where: { $0.machine.job == job }) {
            items[index].requests.append(request)
            return []
        }
        guard items.count < Self.limit else {
            let words = "\(Self.limit) changes of readers wait already."
            return [.refuse([request], Refusal(.queueFull, words, remedy: "Wait a moment, then repeat."))]
        }
        items.append(Item(machine: RegistrationMachine(job, patience: patience), requests: [request], since: moment))
        return items.count == 1 ? beginNext(refusesRemoval) : []
    }

    /// Forgets a request whose caller has gone. What is under way goes on: it was or will be sent, and its end is logged.
    mutating func forget(_ request: RequestID) {
        for index in items.indices { items[index].requests.removeAll { $0 == request } }
    }

    /// Takes the location's list, read for the change that is under way.
    mutating func listed(_ result: Result<[BackendReader], CallFailure>, at moment: MonoTime) -> [Action] {
        change { $0.listed(result, at: moment) }
    }

    /// Takes the backend's answer to the change that is under way.
    mutating func told(_ result: Result<Void, CallFailure>, at moment: MonoTime) -> [Action] { change { $0.told(result, at: moment) } }

    mutating func tick(at moment: MonoTime) -> [Action] {
        let late = takeLate(at: moment)
        let refusals: [Action] = late.map {
            let words = "Other changes of readers have taken too long; nothing was sent for this one."
            return .refuse([$0], Refusal(.queueFull, words, remedy: "Check the shop's internet connection, then repeat."))
        }
        return refusals + change { $0.tick(at: moment) }
    }

    /// Takes the change that was under way and is over; nil when there was none.
    mutating func takeEnded() -> Ended? {
        guard !items.isEmpty else { return nil }
        let item = items.removeFirst()
        return Ended(job: item.machine.job, requests: item.requests)
    }

    /// Begins the next change, if one waits.
    mutating func beginNext(_ refusesRemoval: (ReaderID) -> Refusal?) -> [Action] {
        var actions: [Action] = []
        while let first = items.first {
            if first.requests.isEmpty {
                // All its callers have gone, and nothing was sent.
                items.removeFirst()
            } else if case .remove(let reader) = first.machine.job, let refusal = refusesRemoval(reader) {
                items.removeFirst()
                actions.append(.refuse(first.requests, refusal))
            } else {
                return actions + change { $0.begin() }
            }
        }
        return actions
    }

    private mutating func change(_ event: (inout RegistrationMachine) -> [RegistrationMachine.Action]) -> [Action] {
        guard !items.isEmpty else { return [] }
        let actions = event(&items[0].machine)
        let job = items[0].machine.job
        return actions.map { .machine(job, $0) }
    }

    /// Takes out the changes that have waited too long. Nothing of them was sent.
    private mutating func takeLate(at moment: MonoTime) -> [RequestID] {
        let late = items.dropFirst().filter { moment >= $0.since + Self.longestWait }
        guard !late.isEmpty else { return [] }
        items = items.prefix(1) + items.dropFirst().filter { moment < $0.since + Self.longestWait }
        return late.flatMap(\.requests)
    }

    // MARK: What is known

    var count: Int { items.count }

    /// The change that is under way.
    var current: Job? { items.first?.machine.job }

    /// When a caller has to call `tick`; `.max` when there is nothing to wait for.
    var nextWake: MonoTime {
        min(items.first?.machine.nextWake ?? .max, items.dropFirst().lazy.map { $0.since + Self.longestWait }.min() ?? .max)
    }
}
