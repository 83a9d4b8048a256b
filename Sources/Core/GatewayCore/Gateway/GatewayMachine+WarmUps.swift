import GatewayModel
import Moments

/// Calls for carts for which no payment waits yet.
extension GatewayMachine {
    /// Queues a call for a cart for which no payment waits yet. The call takes its turn.
    mutating func warmUp(_ kind: WarmUps.Kind, _ cart: CartID, at now: Now) { carts.warmUps.add(WarmUps.Item(kind, cart), at: now.mono) }

    /// Makes the calls whose turn it is, and drops those that have waited too long.
    mutating func turnWarmUps(at now: Now) {
        for item in carts.warmUps.late(at: now.mono) {
            switch item.kind {
            case .configuration: carts.change(item.cart) { $0.configurationAsked = false }
            case .token:
                var draw = SeededRandom(seed: random.next())
                changeKeeper(item.cart, at: now) { $0.wasLate(at: now.mono, random: &draw) }
            }
        }
        while let item = carts.warmUps.next() {
            switch item.kind {
            case .configuration: askConfiguration(item.cart)
            case .token: askToken(item.cart)
            }
        }
    }

    mutating func askConfiguration(_ cart: CartID) {
        let written = carts[cart]?.written ?? cart
        call(.configuration(written), for: .configuration(cart.lock), timeout: policy.backendTimeout, payment: nil)
    }

    mutating func askToken(_ cart: CartID) {
        let written = carts[cart]?.written ?? cart
        call(.connectionToken(written), for: .token(cart), timeout: policy.backendTimeout, payment: nil)
    }

    /// Drops the calls of a cart whose sale is over.
    mutating func forgetWarmUps(of cart: CartID) {
        if carts.warmUps.remove(WarmUps.Item(.configuration, cart)) { carts.change(cart) { $0.configurationAsked = false } }
        if carts.warmUps.remove(WarmUps.Item(.token, cart)) { carts.change(cart) { $0.keeper.wasNotAsked() } }
    }

    /// Whether a payment that is about to begin waits for this answer. Such calls precede those that only prepare.
    package func sells(_ id: CallID) -> Bool {
        switch calls.purpose(of: id) {
        case .createIntent, .verifyIntent, .baseline, .status, .keyedRead, .keyedAgain, .heldRead, .keyedCheck, .evidence, .stripeReaders,
            .reader, .setupIntent, .storeCard, .append:
            true
        // There are never more than a few of those for which no payment waits.
        case .configuration: true
        case .token(let cart): carts[cart]?.keeper.waitsForRequestsOnly == false
        case .backendReaders: waiting.count > 0
        case .configurationRequest, .keyedIntent, .cartStatus, .resolution, .watch, .terminals, .terminalChange, .networks, .lookAtUSB,
            .scan,
            nil:
            false
        }
    }
}
