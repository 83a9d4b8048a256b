internal import GatewayCore
import GatewayModel

/// The shop's backend by this simulation's assumptions. The assumptions about `payment_status` stand here, because evidence rests on it:
///
/// - It follows what happened at Stripe after at most 15 s (`Plan.statusLag`): then the `Failed` that an earlier decline left is gone if the
///   cart was charged since, and a new decline shows.
/// - `Failed` after a charge means that the backend has released the money: the charge is voided at Stripe before `Failed` is told.
/// - `Submitted` is told of a charged cart only.
/// - Calls about a cart are taken up in the order in which they were sent, or not at all: an intent's amount does not change behind a later call.
/// - A cart that a person ends at the backend, with nothing charged and nothing under way, says `Failed`; no charge follows it.
struct Backend: Sendable {
    enum Trouble: Sendable { case down, unauthorized, forbidden, broken, garbled }

    struct Cart: Sendable {
        /// The statuses, each with the moment from which it is told.
        var told: [(at: Int64, status: CartStatus)] = []
        var order: Int?
        var failsOrder = false
        var intents: [Int] = []
        var isKeyedOpen = false
        /// The intent of the form that was opened last.
        var form: Int?
        /// The number of typed cards whose customers are asked in their bank's app.
        var inBankApps = 0
    }

    var carts: [Cart] = []
    var trouble: Trouble?
    var nextOrder = 1
    var tokens = 0
    /// For each token that the backend made, whether a reader redeemed it.
    var redeemed: [Bool] = []

    func status(of cart: Int, at now: Int64) -> CartStatus {
        var status = CartStatus.open
        for word in carts[cart].told where word.at <= now { status = word.status }
        return status
    }
}
