import GatewayModel
import Moments

/// What a session is told of the rest of the reader, and what it tells.
extension ReaderSession {
    /// What an event finds at the reader.
    struct Context: Sendable {
        var now: Now
        /// Whether anybody wants a session.
        var isWanted: Bool
        /// Whether the holder of the lease waits for the session.
        var isAwaited: Bool
        var isLeaseFree: Bool
        /// Whether another point of sale has to be admitted first, which proves the reader idle, and whether the screen is cleared before.
        var proves: Bool
        var clearsFirst: Bool
        /// Whether the reader is taken over from another point of sale.
        var takesOver: Bool
        /// Whether a technician has disconnected the reader, and nobody holds it.
        var isParted: Bool
        /// Whether something of this agent's may be on the screen.
        var isDirty: Bool
        /// Whether the reader owes an answer, and whether nothing waits to be asked either.
        var isAsking: Bool
        var isResting: Bool
        /// Whether the LAN may be scanned for the reader, which has a name to be known by.
        var maySearch: Bool
    }

    /// What the session tells of itself, and what it wants done.
    enum Told: Sendable {
        case claimToken
        case withdrawToken
        /// Reads Stripe's list with this token, which that does not spend.
        case list(ConnectionToken)
        /// Searches for the reader, which is not where it should be.
        case search
        /// Asks the reader for the session, or asks it something within.
        case activate(ReaderCommand)
        case ask(ReaderCommand)
        case opened
        /// The session is over. What was not sent in it is answered with these words.
        case ended(unsent: String)
        /// A try to open a session failed, and those that wait are told. A polite one took the reader from nobody.
        case failed(ReaderTrouble, wasPolite: Bool)
        /// The session is not lost, but its holder does not wait for it any longer.
        case late(ReaderTrouble)
        case changed(String)
    }
}

// What is told of troubles that the agent itself finds follows.

extension ReaderTrouble {
    static var noCart: ReaderTrouble {
        ReaderTrouble(
            .noCart, "Connecting to a reader needs a connection token, and that needs an open cart.",
            remedy: "Open a cart, or set maintenance_cart in the settings.")
    }

    static var parted: ReaderTrouble {
        ReaderTrouble(.refused, "The reader was disconnected meanwhile.", remedy: "Connect it again.")
    }

    static var letsNobodyIn: ReaderTrouble {
        ReaderTrouble(
            .refused, "The reader lets nobody in: it is at work on something still.", remedy: "Wait until it is done, then repeat.")
    }

    static var heldByTwin: ReaderTrouble {
        ReaderTrouble(
            .inUseElsewhere, "The reader was at work for another payment, under another of its entries, for too long.",
            remedy: "Try again; remove the entry that is not used any more (sudo readerctl readers remove ID).")
    }

    static var noWay: ReaderTrouble { ReaderTrouble(.notListed, "No way leads to the reader.", remedy: "Look for readers again.") }

    static func inUse(_ detail: String, isToBeProved: Bool) -> ReaderTrouble {
        let words = detail.isEmpty ? "" : " (\(detail))"
        let other =
            isToBeProved
            ? "is at work on a card still, or is taking a payment for another point of sale"
            : "is taking a payment for another point of sale"
        return ReaderTrouble(
            .inUseElsewhere, "The reader \(other)\(words).", remedy: "Wait until it is done, or have a technician take the reader over.")
    }

    static func pulledOut(_ place: USBPlace) -> ReaderTrouble {
        ReaderTrouble(
            .unreachable, "The reader's USB cable was pulled out (\(place.name)).",
            remedy: "Plug the reader in again, or connect it to the shop's network.")
    }
}
