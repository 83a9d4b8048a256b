import CheckoutAPI
import Synchronization

/// What `GET /v1/payments/{id}` says of payments that have ended, as bytes, so that it can be said again without asking anybody.
///
/// It owns no truth. Whoever owns the records takes an answer away before a row that could change it is on its way to the disk, and until that row is
/// there none is kept; and an answer that was read before anything changed is not kept after it. So whatever is found here is what the owner would say.
package final class SettledAnswers: Sendable {
    /// Drawn before a record is read: an answer that is made of the record is kept only if nothing has changed since.
    package struct Ticket: Sendable {
        fileprivate var changes: UInt64
    }

    private struct Key: Hashable {
        var payment: String
        /// Without card data.
        var isForMonitor: Bool
    }

    private struct State {
        var changes: UInt64 = 0
        /// Payments of which rows are being written, and how many times over.
        var changing: [String: Int] = [:]
        /// Two halves: when the younger is full the older goes, so that what is asked for again and again stays.
        var young: [Key: [UInt8]] = [:]
        var old: [Key: [UInt8]] = [:]
        var youngBytes = 0

        mutating func remove(_ payment: String) {
            for key in [Key(payment: payment, isForMonitor: false), Key(payment: payment, isForMonitor: true)] {
                if let bytes = young.removeValue(forKey: key) { youngBytes -= bytes.count }
                old[key] = nil
            }
        }

        mutating func add(_ bytes: [UInt8], _ key: Key, halfLimit: Int) {
            if youngBytes + bytes.count > halfLimit {
                old = young
                (young, youngBytes) = ([:], 0)
            }
            if let before = young.updateValue(bytes, forKey: key) { youngBytes -= before.count }
            youngBytes += bytes.count
        }
    }

    private let state = Mutex(State())
    private let halfLimit: Int

    /// - Parameter limit: so many bytes of answers are kept.
    package init(limit: Int = 256 * 1024) { halfLimit = limit / 2 }

    // MARK: - Telling

    package func ticket() -> Ticket { Ticket(changes: state.withLock { $0.changes }) }

    /// Keeps the answer, unless something has changed since the ticket was drawn.
    package func keep(_ answer: [UInt8], of payment: String, for role: Role, _ ticket: Ticket) {
        guard answer.count <= halfLimit / 4 else { return }
        state.withLock { state in
            guard state.changes == ticket.changes, state.changing[payment] == nil else { return }
            state.add(answer, Key(payment: payment, isForMonitor: role < .checkout), halfLimit: halfLimit)
        }
    }

    package func answer(of payment: String, for role: Role) -> [UInt8]? {
        let key = Key(payment: payment, isForMonitor: role < .checkout)
        return state.withLock { state in
            if let answer = state.young[key] { return answer }
            guard let answer = state.old.removeValue(forKey: key) else { return nil }
            state.add(answer, key, halfLimit: halfLimit)
            return answer
        }
    }

    // MARK: - Changing

    /// Rows of these payments are about to be written, or what is shown of them changes.
    package func willChange(_ payments: [String]) {
        guard !payments.isEmpty else { return }
        state.withLock { state in
            state.changes += 1
            for payment in payments {
                state.remove(payment)
                state.changing[payment, default: 0] += 1
            }
        }
    }

    /// They have been written, or could not be: as often as `willChange` was told.
    package func didChange(_ payments: [String]) {
        guard !payments.isEmpty else { return }
        state.withLock { state in
            state.changes += 1
            for payment in payments {
                let left = (state.changing[payment] ?? 1) - 1
                state.changing[payment] = left > 0 ? left : nil
            }
        }
    }

    /// Nothing that was read before holds any more: payments were removed.
    package func forgetAll() {
        state.withLock { state in
            state.changes += 1
            (state.young, state.old, state.youngBytes) = ([:], [:], 0)
        }
    }
}
