/// A connection token that the simulated backend got from the simulated Stripe.
struct ConnectionToken: Sendable {
    var value: String
    var cart: String
    var createdAt: Int
    /// The token has expired, whatever its age.
    var isExpired = false
    /// The serial number of the reader that redeemed it, and when.
    var spentAt: Int?
    var spentBy: String?
    /// The number of times that a reader tried to redeem it again.
    var refusedSpends = 0
}
