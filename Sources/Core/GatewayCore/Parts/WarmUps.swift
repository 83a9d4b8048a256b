import GatewayModel
import Moments

/// Calls that prepare sales before they are needed, a few at a time. However many sales begin at once, a payment never waits behind a call
/// that may not be needed at all.
struct WarmUps: Sendable {
    enum Kind: Sendable, Hashable {
        case configuration, token
    }

    struct Item: Sendable, Hashable {
        var kind: Kind
        var cart: CartID

        init(_ kind: Kind, _ cart: CartID) {
            self.kind = kind
            self.cart = cart.lock
        }
    }

    private struct Waiting: Sendable {
        var item: Item
        var since: MonoTime
    }

    /// How many calls are under way at once.
    static let atOnce = 2
    /// How long a call may wait, in milliseconds. A later one is of no use and is dropped: a sale that gets to its payment asks by itself.
    static let patience: Int64 = 10_000

    /// The waiting calls, in the order of arrival.
    private var waiting: [Waiting] = []
    private var known: Set<Item> = []
    private var underWay: Set<Item> = []

    var isEmpty: Bool { waiting.isEmpty && underWay.isEmpty }

    /// Whether the call's turn is still to come.
    func holds(_ item: Item) -> Bool { known.contains(item) }

    mutating func add(_ item: Item, at now: MonoTime) {
        guard known.insert(item).inserted else { return }
        waiting.append(Waiting(item: item, since: now))
    }

    /// Removes a call that is no longer wanted, or that is made at once by itself.
    ///
    /// - Returns: whether its turn was still to come.
    mutating func remove(_ item: Item) -> Bool {
        guard known.remove(item) != nil else { return false }
        waiting.removeAll { $0.item == item }
        return true
    }

    /// Takes the next call; nil when there is none, or when enough are under way.
    mutating func next() -> Item? {
        guard underWay.count < Self.atOnce, let first = waiting.first else { return nil }
        waiting.removeFirst()
        known.remove(first.item)
        underWay.insert(first.item)
        return first.item
    }

    /// Notes that a call was answered, or need not be made.
    mutating func ended(_ item: Item) { underWay.remove(item) }

    /// Takes the calls that have waited too long. They are dropped.
    mutating func late(at now: MonoTime) -> [Item] {
        let late = waiting.prefix { now - $0.since >= Self.patience }.map(\.item)
        waiting.removeFirst(late.count)
        known.subtract(late)
        return late
    }

    /// When the oldest call comes too late.
    var nextWake: MonoTime? { waiting.first.map { $0.since + Self.patience } }
}
