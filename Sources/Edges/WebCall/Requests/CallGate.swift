import NIOConcurrencyHelpers
import NIOCore

/// The purpose for which a call's answer is awaited.
package enum Urgency: Sendable, Hashable {
    /// The call belongs to a payment that has begun.
    case sells
    /// The call prepares a payment, or only reads.
    case prepares
}

/// Lets that many calls to one host through at a time. Calls of payments go first, and but a few places are kept for them alone.
///
/// A payment asks the backend three things at once when it begins, and the tills of a large store begin together. A call that waits here
/// while the host could answer it keeps a customer waiting, so there is a place for each of them. What only prepares stays a trickle.
///
/// The library would let calls wait for a connection too, but in the order in which they come, and would report that as a failure of the
/// host.
final class CallGate: Sendable {
    enum Entry: Sendable, Equatable {
        /// The call has a place, which must be given back.
        case entered
        /// The time was over before its turn came, or too many calls wait already.
        case crowded
        case canceled
    }

    /// How many calls one host gets at a time: three from each of 16 tills.
    static let places = 48
    /// How many of them may only prepare. The other places are for calls of payments alone.
    static let preparing = 4
    /// The most preparing calls that may wait for one host.
    static let mostWaiting = 256

    private struct Waiter {
        var number: UInt64
        var turn: CheckedContinuation<Entry, Never>
    }

    /// The calls that are under way to one host, and those that wait for it.
    private struct Host {
        var selling = 0
        var preparing = 0
        var sellers: [Waiter] = []
        var preparers: [Waiter] = []

        var isUnused: Bool { selling == 0 && preparing == 0 && sellers.isEmpty && preparers.isEmpty }

        func isFree(for urgency: Urgency) -> Bool {
            guard selling + preparing < CallGate.places else { return false }
            switch urgency {
            case .sells: return sellers.isEmpty
            case .prepares: return sellers.isEmpty && preparers.isEmpty && preparing < CallGate.preparing
            }
        }

        mutating func take(_ urgency: Urgency) {
            switch urgency {
            case .sells: selling += 1
            case .prepares: preparing += 1
            }
        }

        /// The next waiter whose turn it is.
        mutating func next() -> Waiter? {
            guard selling + preparing < CallGate.places else { return nil }
            if !sellers.isEmpty {
                selling += 1
                return sellers.removeFirst()
            }
            guard !preparers.isEmpty, preparing < CallGate.preparing else { return nil }
            preparing += 1
            return preparers.removeFirst()
        }

        /// Removes the waiter with this number from the queue.
        mutating func remove(_ number: UInt64) -> Waiter? {
            if let index = sellers.firstIndex(where: { $0.number == number }) { return sellers.remove(at: index) }
            if let index = preparers.firstIndex(where: { $0.number == number }) { return preparers.remove(at: index) }
            return nil
        }
    }

    private struct State {
        var hosts: [String: Host] = [:]
        var last: UInt64 = 0
    }

    private let group: any EventLoopGroup
    private let state = NIOLockedValueBox(State())

    init(group: any EventLoopGroup) { self.group = group }

    /// Waits for a turn. A call that has entered leaves by ``leave(_:_:)``.
    func enter(_ host: String, _ urgency: Urgency, until deadline: NIODeadline) async -> Entry {
        let number: UInt64? = state.withLockedValue { state in
            if state.hosts[host, default: Host()].isFree(for: urgency) {
                state.hosts[host, default: Host()].take(urgency)
                return nil
            }
            state.last += 1
            return state.last
        }
        guard let number else { return .entered }
        let timer = group.any().scheduleTask(deadline: deadline) { self.end(host, number, .crowded) }
        defer { timer.cancel() }
        return await withTaskCancellationHandler {
            await withCheckedContinuation { turn in wait(host, urgency, Waiter(number: number, turn: turn), until: deadline) }
        } onCancel: {
            end(host, number, .canceled)
        }
    }

    func leave(_ host: String, _ urgency: Urgency) {
        let next: [Waiter] = state.withLockedValue { state in
            switch urgency {
            case .sells: state.hosts[host]?.selling -= 1
            case .prepares: state.hosts[host]?.preparing -= 1
            }
            return Self.turns(host, &state)
        }
        for waiter in next { waiter.turn.resume(returning: .entered) }
    }

    /// The number of calls that wait for their turn.
    func waiting(for host: String) -> Int {
        state.withLockedValue { state in state.hosts[host].map { $0.sellers.count + $0.preparers.count } ?? 0 }
    }

    private func wait(_ host: String, _ urgency: Urgency, _ waiter: Waiter, until deadline: NIODeadline) {
        // A call that was cancelled or late before its wait is refused here, for the handlers found no waiter.
        let (refused, next): (Entry?, [Waiter]) = state.withLockedValue { state in
            if Task.isCancelled { return (.canceled, []) }
            if NIODeadline.now() >= deadline { return (.crowded, []) }
            switch urgency {
            case .sells: state.hosts[host, default: Host()].sellers.append(waiter)
            case .prepares:
                guard state.hosts[host, default: Host()].preparers.count < Self.mostWaiting else { return (.crowded, []) }
                state.hosts[host, default: Host()].preparers.append(waiter)
            }
            // A place may have become free in the meantime.
            return (nil, Self.turns(host, &state))
        }
        if let refused { waiter.turn.resume(returning: refused) }
        for waiter in next { waiter.turn.resume(returning: .entered) }
    }

    private func end(_ host: String, _ number: UInt64, _ entry: Entry) {
        let waiter: Waiter? = state.withLockedValue { state in
            let waiter = state.hosts[host]?.remove(number)
            Self.tidy(host, &state)
            return waiter
        }
        waiter?.turn.resume(returning: entry)
    }

    private static func turns(_ host: String, _ state: inout State) -> [Waiter] {
        var next: [Waiter] = []
        while let waiter = state.hosts[host]?.next() { next.append(waiter) }
        tidy(host, &state)
        return next
    }

    private static func tidy(_ host: String, _ state: inout State) {
        if state.hosts[host]?.isUnused == true { state.hosts[host] = nil }
    }
}
