/// A connection token that the simulated backend had from the simulated Stripe.
struct ConnectionToken: Sendable {
    var value: String
    var cart: String
    var createdAt: Int
    /// Its time is over, whatever its age.
    var isExpired = false
    /// The serial number of the reader that redeemed it, and when.
    var spentAt: Int?
    var spentBy: String?
    /// How often somebody tried to redeem it again.
    var refusedSpends = 0
}
