import GatewayModel
import Moments

/// Keyed entry that is being handed out, and looks into what was handed out before: is the cart unpaid at the backend, and can none of the intents be
/// charged?
struct KeyedEntries: Sendable {
    /// What a look came to, or for whom it is.
    struct Look: Sendable, Equatable {
        /// What is still to be read.
        fileprivate var left: Set<IntentID>
        fileprivate var failure: PaymentFailure?
        /// What became of one of them cannot be read: only a technician can say that it was not charged.
        fileprivate var isUnreadable = false
        /// The payment whose card waits to be charged; nil: requests wait to be accepted.
        fileprivate(set) var payment: PaymentID?

        /// Why no card may be charged; nil: it may.
        func failure(isVouched: Bool) -> PaymentFailure? {
            failure ?? (isUnreadable && !isVouched ? CartMachine.keyedUnreadable : nil)
        }

        /// Another form is refused for nothing but that what was typed into an earlier one cannot be read.
        func isUnreadable(_ request: Request) -> Bool {
            guard case .keyedIntent = request else { return false }
            return failure == nil && isUnreadable
        }
    }

    /// By request: what is handed out, until the backend has answered.
    private var requests: [RequestID: CartMachine.Terms] = [:]
    /// By the lock of the cart.
    private var looks: [CartID: Look] = [:]

    // MARK: Handing out

    mutating func asked(_ request: RequestID, _ terms: CartMachine.Terms) { requests[request] = terms }

    func terms(_ request: RequestID) -> CartMachine.Terms? { requests[request] }

    mutating func take(_ request: RequestID) -> CartMachine.Terms? { requests.removeValue(forKey: request) }

    // MARK: Looking into it

    /// The backend is to be asked whether the cart is paid, for requests that wait. False: it is being looked into.
    mutating func beginLook(_ cart: CartID) -> Bool {
        guard looks[cart] == nil else { return false }
        looks[cart] = Look(left: [], payment: nil)
        return true
    }

    /// Each of the intents is read now.
    ///
    /// - Parameter isUnreadable: one was handed out whose name nobody knows.
    mutating func reads(_ cart: CartID, _ intents: [IntentID], for payment: PaymentID?, isUnreadable: Bool) {
        looks[cart] = Look(left: Set(intents), isUnreadable: isUnreadable, payment: payment)
    }

    /// One of them was read, or cannot be (nil).
    ///
    /// - Returns: whether it was the last.
    mutating func read(_ cart: CartID, _ intent: IntentID, _ status: IntentStatus?) -> Bool {
        guard looks[cart]?.left.remove(intent) != nil else { return false }
        if let status {
            if looks[cart]?.failure == nil { looks[cart]?.failure = CartMachine.keyedRefusal(status) }
        } else {
            looks[cart]?.isUnreadable = true
        }
        return looks[cart]?.left.isEmpty == true
    }

    /// The cart's own intent was read, or cannot be: it stands in nobody's way.
    ///
    /// - Returns: whether it was the last.
    mutating func readOwn(_ cart: CartID, _ intent: IntentID) -> Bool {
        guard looks[cart]?.left.remove(intent) != nil else { return false }
        return looks[cart]?.left.isEmpty == true
    }

    mutating func takeLook(_ cart: CartID) -> Look? { looks.removeValue(forKey: cart) }

    // MARK: What is known

    /// The payment for whose card the cart is looked into.
    func payment(of cart: CartID) -> PaymentID? { looks[cart]?.payment }

    func isLookedInto(_ cart: CartID) -> Bool { looks[cart] != nil }

    var askedCount: Int { requests.count }
    var lookCount: Int { looks.count }
}
