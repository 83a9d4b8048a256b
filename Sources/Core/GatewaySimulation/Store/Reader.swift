internal import GatewayCore
import GatewayModel
import Moments

/// A strict reader: one session, one transaction, commands in their order only.
struct Reader: Sendable {
    struct Collection: Sendable {
        var transaction: String
        /// The payment whose collect was acted on last. It serves the judge, and the reader itself does not know it.
        var payment: Int
        var shown: Int64
        var tip: Int64
        var number: Int
        /// The life of the agent that asked for it.
        var generation: Int

        /// The number of the customer's card, of which there are three.
        var card: Int { 1 + number % 3 }
    }

    struct Authorisation: Sendable {
        var collection: Collection
        var intent: Int
        /// The call that waits for it.
        var call: Int
    }

    /// A card to be kept, which the reader asks for or has read.
    struct Keeping: Sendable {
        var setup: Int
        var number: Int
        var isRead = false
        /// The call that waits for the payment method that is made of the card.
        var call: Int?
    }

    enum State: Sendable {
        case idle
        case keeping(Keeping)
        case waiting(Collection)
        case collected(Collection)
        case authorising(Authorisation)
    }

    enum Session: Sendable, Equatable {
        case none
        case ours(Int)
        /// Another point of sale took the reader.
        case foreign
    }

    var state = State.idle
    var isOn = true
    var session = Session.none
    /// Another point of sale waits for a card here.
    var isForeignBusy = false
    var address: Int
    /// The address that Stripe lists. Stripe hears of a change when the reader is on.
    var listedAddress: Int
    var label: String
    /// The moment since which the backend lists the reader. Nil means that it does not.
    var registeredAt: Int64? = 0
    /// The kernel's number for the reader while its cable is plugged in.
    var usbDevice: Int?
    var collections = 0
    var sessions = 0
    /// The transaction that the customer canceled.
    var canceledTransaction: String?
    var customerCanceledSetup = false
    /// The number of the agent's requests that have no answer yet.
    var open = 0

    /// The reader does not serve what an activation asks of it.
    var speaksAnotherDialect = false
    /// The further ids under which the lists have the reader, beside or instead of its own: each adds so many hundreds to the reader's
    /// number.
    var otherIDs: [Int] = []
    var hasItsOwnID = true

    /// The reader that an id belongs to. A reader may have several ids, whose last two digits are the same.
    static func index(of id: ReaderID) -> Int? { World.number(in: id.text, after: 4).map { $0 % 100 } }
    static func id(_ index: Int) -> ReaderID { ReaderID(unchecked: "tmr_\(index)") }

    func ids(_ index: Int) -> [ReaderID] { (hasItsOwnID ? [Self.id(index)] : []) + otherIDs.map { Self.id(index + $0 * 100) } }

    /// The collect that the reader is at work on.
    var standing: Collection? {
        switch state {
        case .idle, .keeping: nil
        case .waiting(let collection), .collected(let collection): collection
        case .authorising(let authorisation): authorisation.collection
        }
    }

    var isAuthorising: Bool {
        if case .authorising = state { return true }
        return false
    }
}
