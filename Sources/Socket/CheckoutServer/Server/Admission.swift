import CheckoutAPI
import Synchronization

/// Who has a place at the socket. A place is taken until the work that was asked for has ended, not only until the caller has hung up: who hangs up
/// and comes again gets no more done at once than who stays.
final class Admission: Sendable {
    enum Entry: Sendable {
        case served
        /// No place is free; a payment may be taken.
        case reserved
        /// A caller that is told so, and given time to read it.
        case refused
        /// A caller that is told so, and closed.
        case dropped
    }

    private struct Used {
        var open = 0
        /// How many of `open` may not take payments.
        var lookers = 0
        var reserved = 0
        var refusing = 0
    }

    private let limits: ServerLimits
    private let used = Mutex(Used())

    init(_ limits: ServerLimits) { self.limits = limits }

    /// Those who may not take payments can use half of the places: programs that only look on, and those that may do nothing, cannot keep a till out.
    func enter(pays: Bool) -> Entry {
        used.withLock { used in
            if used.open < limits.connections, pays || used.lookers < max(1, limits.connections / 2) {
                used.open += 1
                if !pays { used.lookers += 1 }
                return .served
            }
            if pays, used.reserved < limits.reserve {
                used.reserved += 1
                return .reserved
            }
            guard used.refusing < limits.connections else { return .dropped }
            used.refusing += 1
            return .refused
        }
    }

    /// Gives back what `enter` gave.
    func leave(_ entry: Entry, pays: Bool) {
        used.withLock { used in
            switch entry {
            case .served:
                used.open -= 1
                if !pays { used.lookers -= 1 }
            case .reserved: used.reserved -= 1
            case .refused: used.refusing -= 1
            case .dropped: break
            }
        }
    }
}
