import GatewayModel
import Moments

/// What stands on readers' screens outside of payments, and the requests that wait for a reader to connect or to show its label.
struct Screens: Sendable {
    /// A request that waits for a reader's session, or for its label to be shown.
    struct SessionRequest: Sendable, Equatable {
        var reader: ReaderID
        var identifies: Bool
    }

    /// The cart that each reader's screen shows, by its lock.
    private var carts: [ReaderID: CartID] = [:]
    /// The readers that show their label, and until when.
    private var labels: [ReaderID: MonoTime] = [:]
    private var requests: [RequestID: SessionRequest] = [:]

    // MARK: Carts

    mutating func shows(_ cart: CartID, on reader: ReaderID) {
        carts[reader] = cart.lock
        labels[reader] = nil
    }

    /// Notes that something other than a cart is about to be shown.
    mutating func isTaken(_ reader: ReaderID) { carts[reader] = nil }

    /// Takes a closed cart off. Returns the readers that still show it, in order. What another cart has shown since stays.
    mutating func takeOff(_ cart: CartID) -> [ReaderID] {
        guard !carts.isEmpty else { return [] }
        let readers = carts.filter { $0.value == cart.lock }.keys.sorted()
        for reader in readers { carts[reader] = nil }
        return readers
    }

    // MARK: Labels

    /// Lets a request wait for a session. `identifies` tells that its label is to be shown in it.
    mutating func wait(_ request: RequestID, for reader: ReaderID, identifies: Bool) {
        requests[request] = SessionRequest(reader: reader, identifies: identifies)
    }

    func waiting(_ request: RequestID) -> SessionRequest? { requests[request] }

    /// Forgets a request that has its answer, or whose caller has gone.
    mutating func forget(_ request: RequestID) { requests[request] = nil }

    /// Notes that a label stands on the screen. It is taken off after a while, unless a payment has the reader by then.
    mutating func isShown(_ request: RequestID, on reader: ReaderID, until end: MonoTime) {
        guard requests.removeValue(forKey: request)?.identifies == true else { return }
        labels[reader] = end
        carts[reader] = nil
    }

    /// Takes out the readers whose label has been shown for long enough, in order.
    mutating func tick(at moment: MonoTime) -> [ReaderID] {
        guard moment >= nextWake else { return [] }
        let readers = labels.filter { moment >= $0.value }.keys.sorted()
        for reader in readers { labels[reader] = nil }
        return readers
    }

    // MARK: What is known

    var nextWake: MonoTime { labels.values.min() ?? .max }

    /// The requests that wait, in no order.
    var waiting: [(request: RequestID, reader: ReaderID)] { requests.map { ($0.key, $0.value.reader) } }
}
