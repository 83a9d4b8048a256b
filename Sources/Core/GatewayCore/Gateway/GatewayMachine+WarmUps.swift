import GatewayModel
import Moments

/// Calls for carts that nobody waits for yet.
extension GatewayMachine {
    /// A call for a cart that nobody waits for yet: it takes its turn.
    mutating func warmUp(_ kind: WarmUps.Kind, _ cart: CartID, at now: Now) { carts.warmUps.add(WarmUps.Item(kind, cart), at: now.mono) }

    /// Makes the calls whose turn it is, and drops what has waited too long.
    mutating func turnWarmUps(at now: Now) {
        for item in carts.warmUps.late(at: now.mono) {
            switch item.kind {
            case .configuration: carts[item.cart]?.configurationAsked = false
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

    /// The cart's sale is over: what was to be got ready for it is not wanted any more.
    mutating func forgetWarmUps(of cart: CartID) {
        if carts.warmUps.remove(WarmUps.Item(.configuration, cart)) { carts[cart]?.configurationAsked = false }
        if carts.warmUps.remove(WarmUps.Item(.token, cart)) { carts[cart]?.keeper.wasNotAsked() }
    }

    /// Whether somebody is about to pay who waits for this answer: such calls go before those that only prepare.
    package func sells(_ id: CallID) -> Bool {
        switch calls.purpose(of: id) {
        case .createIntent, .verifyIntent, .baseline, .status, .keyedRead, .keyedAgain, .heldRead, .keyedCheck, .evidence, .stripeReaders,
            .reader, .setupIntent, .storeCard, .append:
            true
        // Of those that nobody waits for there are never more than a few.
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
