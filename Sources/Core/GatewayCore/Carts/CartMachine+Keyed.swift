import GatewayModel
import Moments

/// Keyed entry: a second intent beside the reader's. That it is not charged too rests on reading it.
extension CartMachine {
    /// An intent for keyed entry is about to be asked for; the row that says so is to be written first.
    package mutating func keyedWanted() {
        handingOut += 1
        facts.keyedEntry = true
    }

    /// It is handed out as soon as its name is on disk: from then on somebody may type a card number in. Until then nobody can have closed that form.
    package mutating func keyedHandedOut(_ keyed: CartFacts.Keyed) {
        readable.insert(keyed.id)
        facts.keyedEver = true
        facts.keyedEntry = true
        if facts.keyed?.contains(where: { $0.id == keyed.id }) != true {
            facts.keyed = (facts.keyed ?? []) + [keyed]
        }
        keyedStatus[keyed.id] = nil
    }

    /// Its secret went to the till, or, for its name is not on disk, to nobody.
    package mutating func keyedAnswered() { handingOut = max(0, handingOut - 1) }

    /// None was handed out. Nothing was opened that had not been open before. `isCertain`: the backend has made none either.
    package mutating func keyedNotHandedOut() -> [Action] {
        handingOut = max(0, handingOut - 1)
        guard handingOut == 0, facts.keyedEver != true else { return [] }
        facts.keyedEntry = false
        return isRecalled ? [.learnt("no intent for keyed entry was handed out")] : []
    }

    /// What has to be read before a card may be charged beside keyed entry.
    package var keyedIntents: [CartFacts.Keyed] {
        (facts.keyed ?? []).filter { facts.canceled?.contains($0.id) != true }
    }

    /// Keyed entry was opened by an older agent, which did not keep the intent's name: there is nothing that could be read.
    package var hasUnnamedKeyedEntry: Bool { facts.keyedEver == true && (facts.keyed ?? []).isEmpty }

    /// Something was handed out before of which it has to be read what became.
    package var hasKeyedToRead: Bool { !keyedIntents.isEmpty || hasUnnamedKeyedEntry }

    /// Why a card may not be charged beside keyed entry, by what was read a moment ago; nil: it may.
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

    /// Nobody can read what became of it: only a technician, who has looked it up, can say that nothing was typed in.
    static var keyedUnreadable: PaymentFailure {
        PaymentFailure(
            code: .cartUnresolved, message: "What became of the card that was typed in for this cart cannot be read.",
            remedy: "Nothing was taken by this attempt. Try again, make a new cart, or let a technician repeat it who has looked it up.")
    }

    /// No person's word opens a second form: whoever has looked it up takes the card at a reader.
    static var secondFormRemedy: String {
        "Use the form that is open. If it is gone, make a new cart, or let a technician who has looked it up take the card at a reader."
    }

    /// The backend's answer for a keyed intent whose secret was gone: only the same one counts.
    package mutating func keyedFound(_ id: IntentID) {
        if keyedIntents.contains(where: { $0.id == id }) { readable.insert(id) }
    }
}
