/// What can be seen of a payment beside its record.
extension PaymentMachine {
    var isActive: Bool {
        if case .active = state { return true }
        return false
    }

    /// Whether "confirming" is on disk and the reader's answer is awaited.
    var isSendingConfirm: Bool {
        if case .confirming = state { return true }
        return false
    }

    /// Whether a confirm is being written or is on its way. Meanwhile, what other payments of the cart are told may be this confirm's
    /// doing.
    var isConfirming: Bool {
        switch state {
        case .confirmWriting, .confirming: true
        case .queued, .active, .following, .ended: false
        }
    }

    /// Whether a confirm was sent and the agent is finding out its outcome, or the order's.
    var isFollowing: Bool {
        if case .following = state { return true }
        return false
    }
}
