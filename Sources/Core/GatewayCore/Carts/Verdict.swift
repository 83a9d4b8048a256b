import GatewayModel

/// What the evidence says of one attempt that has not ended.
package enum Verdict: Sendable, Hashable {
    /// Row 1: the intent was canceled. The attempt took nothing, and the cart needs another intent.
    case intentCanceled
    /// Row 2: nothing of the confirm left this box. The attempt stands as before the confirm.
    case notConfirmed
    /// Row 3: the card was declined. The attempt took nothing.
    case declined
    /// Row 4: the attempt took nothing. Its answer was lost.
    case notCharged
    /// Row 5: the attempt bears the money, and the order is not known yet.
    case authorized
    /// Row 5: the attempt bears the money, and the order is its proof.
    case taken(OrderID?)
    /// Row 5: a later attempt bears the money.
    case superseded(by: PaymentID)
    /// Row 5: an earlier attempt bears the money, or an unknown party does.
    case cartPaid(by: PaymentID?)
    /// Row 6: the attempt bears the money, and the order failed.
    case orderFailed
    /// Row 7: the attempt has to confirm once more, in the same session.
    case confirmAgain
    /// Row 8: a technician's word decides.
    case said(paid: Bool)
    /// Row 9: nothing is proven.
    case unknown

    /// Whether the attempt's money was taken or is held.
    package var bears: Bool {
        switch self {
        case .authorized, .taken, .orderFailed, .said(paid: true): true
        case .intentCanceled, .notConfirmed, .declined, .notCharged, .superseded, .cartPaid, .confirmAgain, .said, .unknown: false
        }
    }

    /// Whether the attempt goes on.
    package var isOpen: Bool {
        switch self {
        case .authorized, .confirmAgain, .unknown: true
        case .intentCanceled, .notConfirmed, .declined, .notCharged, .taken, .superseded, .cartPaid, .orderFailed, .said: false
        }
    }
}
