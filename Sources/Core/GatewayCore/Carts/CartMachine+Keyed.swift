import GatewayModel
import Moments

/// Keyed entry: a second intent beside the reader's. Reading it is the only assurance that it is not charged too.
extension CartMachine {
    /// Notes that an intent for keyed entry is about to be asked for. The row that says so has to be written first.
    package mutating func keyedWanted() {
        handingOut += 1
        facts.keyedEntry = true
    }

    /// Notes an intent for keyed entry. The till gets it as soon as its name is on disk, and from then on a card number may be typed in.
    /// Until then no till can have closed that form.
    package mutating func keyedHandedOut(_ keyed: CartFacts.Keyed) {
        readable.insert(keyed.id)
        facts.keyedEver = true
        facts.keyedEntry = true
        if facts.keyed?.contains(where: { $0.id == keyed.id }) != true {
            facts.keyed = (facts.keyed ?? []) + [keyed]
        }
        keyedStatus[keyed.id] = nil
    }

    /// Notes that the handing out is over: the secret went to the till, or to no till because the intent's name is not on disk.
    package mutating func keyedAnswered() { handingOut = max(0, handingOut - 1) }

    /// Notes that no intent was handed out, so that no form opened that had not been open before.
    package mutating func keyedNotHandedOut() -> [Action] {
        handingOut = max(0, handingOut - 1)
        guard handingOut == 0, facts.keyedEver != true else { return [] }
        facts.keyedEntry = false
        return isRecalled ? [.learnt("no intent for keyed entry was handed out")] : []
    }

    /// The intents that have to be read before a card may be charged beside keyed entry.
    package var keyedIntents: [CartFacts.Keyed] {
        (facts.keyed ?? []).filter { facts.canceled?.contains($0.id) != true }
    }

    /// Whether an older agent opened keyed entry without keeping the intent's name, so that there is nothing to read.
    package var hasUnnamedKeyedEntry: Bool { facts.keyedEver == true && (facts.keyed ?? []).isEmpty }

    /// Whether an earlier intent for keyed entry has to be read.
    package var hasKeyedToRead: Bool { !keyedIntents.isEmpty || hasUnnamedKeyedEntry }

    /// Why a card may not be charged beside keyed entry, by the last reading; nil when it may.
    package static func keyedRefusal(_ status: IntentStatus) -> PaymentFailure? {
        switch status {
        case .requiresPaymentMethod, .canceled: nil
        case .succeeded, .requiresCapture:
            PaymentFailure(
                code: .cartPaid, message: "This cart has been paid with a card that was typed in.", remedy: "Do not take it again.")
        case .requiresConfirmation, .requiresAction, .processing, .other:
            PaymentFailure(
                code: .cartUnresolved, message: "A card that was typed in for this cart is still being charged or approved.",
                remedy: "Wait until the customer's bank has decided, then try again.")
        }
    }

    /// The failure when nothing can read what became of keyed entry. Only a technician who has looked it up can say that no card was typed
    /// in.
    static var keyedUnreadable: PaymentFailure {
        PaymentFailure(
            code: .cartUnresolved, message: "What became of the card that was typed in for this cart cannot be read.",
            remedy: "Nothing was taken by this attempt. Try again, make a new cart, or let a technician repeat it who has looked it up.")
    }

    /// The remedy for a second form, which no person's word opens. A technician who has looked it up takes the card at a reader.
    static var secondFormRemedy: String {
        "Use the form that is open. If it is gone, make a new cart, or let a technician who has looked it up take the card at a reader."
    }

    /// Takes the backend's answer for a keyed intent whose secret was gone. Only the same intent counts.
    package mutating func keyedFound(_ id: IntentID) {
        if keyedIntents.contains(where: { $0.id == id }) { readable.insert(id) }
    }
}

extension CartMachine.Terms {
    init(_ keyed: CartFacts.Keyed) {
        self.init(cart: keyed.cart, amount: keyed.amount, accountBalance: keyed.accountBalance)
    }
}
