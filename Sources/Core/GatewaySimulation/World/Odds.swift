internal import GatewayCore
import GatewayModel

/// What few stores meet: requests that people make by mistake, answers that hardly any store hears, devices of every sort.
///
/// It comes from a stream of its own, which changes no store without it. The stream's salt leaves every seed alone that a test or a mutant
/// names, so that each of them shows what it showed before.
struct Odds: Sendable {
    // These are counts per world.
    /// Requests that people make by mistake, and looks at what the agent shows.
    var acts = 0
    /// Acknowledgements while the disk is full or hangs.
    var troubledWords = 0
    // These are chances per thousand.
    /// An amount with a digit that the currency does not have.
    var oddAmounts = 0
    /// The backend gives an intent again that was canceled.
    var givesCanceled = 0
    /// Stripe does not know the intent that the backend has made, as where the keys are another account's.
    var unknownIntents = 0
    /// A cashier says that a form is closed which is open, and the customer goes on typing.
    var leavesForms = 0
    /// Readers answer a confirm otherwise than by what became of it, and Stripe cuts its list of readers.
    var oddReplies = 0
    /// A technician names an order beside the word that the money was taken.
    var namesOrders = 0
    /// A till names its lane alone.
    var namesLanes = 0
    /// The backend gives the same intent for a reader and for keyed entry.
    var sharesForm = false
    /// Stripe and the readers tell which card was charged.
    var tellsCards = false
    /// What is plugged in is of every sort, and the box has many networks or none.
    var devices = false
    /// How many may wait for a reader; nil when it is as usual.
    var room: Int?

    private static let perMille = 65
    private static let salt: UInt64 = 0xa6f5

    init(seed: UInt64, kinds: Kinds) {
        var dice = Dice(seed: seed &* 0xd6e8_feb8_6659_fd93 &+ Self.salt)
        guard dice.chance(Self.perMille) else { return }
        func often(_ kind: Kinds, _ perMille: Int, _ choices: [Int]) -> Int {
            let (isMet, choice) = (dice.chance(perMille) && kinds.contains(kind), dice.of(choices))
            return isMet ? choice : 0
        }
        acts = often(.mistakes, 600, [4, 12, 30])
        oddAmounts = often(.mistakes, 300, [100])
        leavesForms = often(.mistakes, 300, [500])
        namesOrders = often(.mistakes, 300, [500])
        namesLanes = often(.mistakes, 300, [300, 1_000])
        troubledWords = often(.troubledWords, 300, [4, 12])
        givesCanceled = often(.oddIntents, 300, [300, 800])
        unknownIntents = often(.oddIntents, 300, [100, 500])
        sharesForm = often(.oddIntents, 300, [1]) > 0
        oddReplies = often(.oddReplies, 400, [100, 400])
        tellsCards = often(.oddReplies, 400, [1]) > 0
        devices = often(.devices, 300, [1]) > 0
        let places = often(.crowds, 300, [1, 2])
        room = places > 0 ? places : nil
    }

    /// Gives the world what these need to be met at all.
    func adapt(_ plan: inout Plan, _ extras: inout Extras) {
        if room != nil { (plan.readers, plan.tills, plan.attempts, plan.slowDisk) = (1, 3, 4, 300) }
        if leavesForms > 0 || sharesForm { plan.keyedEntries = 330 }
        if leavesForms > 0 { (plan.slowOrders, plan.lostConfirms, plan.orderFailures, plan.heldConfirms) = (500, 500, 300, 0) }
        if givesCanceled > 0 { extras.stripeCancels = max(extras.stripeCancels, 8) }
        if sharesForm {
            (plan.otherAmounts, plan.neverPresents) = (400, 400)
            (extras.balances, extras.otherSpellings, extras.reading) = (0, 0, .exact)
            extras.stripeCancels = 0
        }
        if namesOrders > 0 { (plan.resolutions, plan.slowOrders) = (300, 500) }
        if oddReplies > 0 { plan.doubledAnswers = 100 }
        if devices { extras.cables = max(extras.cables, 1) }
        if troubledWords > 0 {
            // An order counts as failed two minutes after the charge.
            (plan.orderFailures, plan.heldConfirms, plan.closing) = (500, 0, 450_000)
            (extras.keepsHeld, extras.letsGoLater) = (1_000, 300)
        }
    }
}
