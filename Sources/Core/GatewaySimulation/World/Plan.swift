/// The kind of world that a seed makes. Every fault is switched on or off on its own, so that each also meets the quiet in which it can be
/// seen.
struct Plan: Sendable {
    enum IntentMode: Sendable, CaseIterable {
        /// The backend answers with the cart's intent as long as it is not charged, and updates its amount.
        case same
        /// The backend makes a new intent for every call.
        case new
        /// The backend makes a new intent, and the old one is canceled at Stripe unless a charge of it is under way.
        case newCancelsOld
    }

    var tills: Int
    var readers: Int
    var attempts: Int
    /// The moment until which the store is open and faults happen.
    var closing: Int64
    // These are chances per thousand calls.
    var lostRequests = 0
    var lostAnswers = 0
    var lostConfirms = 0
    var refusedConnections = 0
    var slowAnswers = 0
    var errorAnswers = 0
    var doubledAnswers = 0
    // These are chances per thousand batches of actions.
    var killsInBatch = 0
    var kills = 0
    var stops = 0
    var fullDisks = 0
    var oddAppends = 0
    var slowDisk = 0
    var outages = 0
    var readerTroubles = 0
    var clockJumps = 0
    // These are chances per thousand payments.
    var slowIssuer = 0
    var declines = 0
    var oddIssuer = 0
    /// The chance that the reader keeps a confirm for longer than the authorization window. It is zero in worlds where an earlier `Failed`
    /// may stand: that word, after the window, is taken as evidence although no reader was seen idle.
    var heldConfirms = 0
    var neverPresents = 0
    var customerCancels = 0
    var wrongAmounts = 0
    var orderFailures = 0
    var slowOrders = 0
    var cancels = 0
    var repeats = 0
    var otherAmounts = 0
    var sharedCarts = 0
    var keyedEntries = 0
    var tips = 0
    var displays = 0
    var resolutions = 0
    var eager = true
    var declineLeavesFailed = false
    var refusalCarriesIntent = true
    var submittedCartsRefuse = false
    var statusLag: Int64 = 0
    var intentMode = IntentMode.new

    /// Adds declines that the backend hears of late, and confirms of the next attempt without an answer.
    private mutating func meetsOldNews() {
        (declineLeavesFailed, statusLag, heldConfirms) = (true, 15_000, 0)
        (declines, lostConfirms, slowIssuer, oddIssuer) = (500, 600, 800, 0)
        (attempts, kills, killsInBatch, neverPresents, customerCancels, cancels) = (4, 0, 0, 0, 0, 0)
    }

    /// Adds readers that keep a confirm for long, and answers of Stripe that are old when they come.
    private mutating func meetsSlowReaders() {
        (declineLeavesFailed, heldConfirms, lostConfirms, slowAnswers) = (false, 900, 900, 800)
        (kills, killsInBatch, stops, neverPresents, customerCancels, cancels) = (0, 0, 0, 0, 0, 0)
        orderFailures = 0
        closing = 600_000
    }

    init(dice: inout Dice) {
        tills = 1 + (dice.chance(500) ? 1 : 0) + (dice.chance(150) ? 1 : 0)
        readers = 1 + (dice.chance(400) ? 1 : 0) + (dice.chance(100) ? 1 : 0)
        attempts = 1 + dice.below(4)
        closing = dice.within(60_000...300_000)
        intentMode = dice.of(IntentMode.allCases)
        eager = dice.chance(700)
        declineLeavesFailed = dice.chance(500)
        refusalCarriesIntent = dice.chance(500)
        submittedCartsRefuse = dice.chance(500)
        statusLag = dice.chance(500) ? dice.within(100...15_000) : 0
        tips = dice.chance(300) ? 500 : 0
        displays = dice.chance(200) ? 400 : 0
        repeats = dice.chance(500) ? 250 : 0
        cancels = dice.chance(400) ? 120 : 0
        declines = dice.chance(400) ? 400 : 0
        customerCancels = dice.chance(200) ? 200 : 0
        neverPresents = dice.chance(200) ? 300 : 0
        sharedCarts = dice.chance(400) ? 500 : 0
        otherAmounts = dice.chance(400) ? 400 : 0
        // One world in twelve has no faults at all.
        guard !dice.chance(80) else { return }
        lostRequests = dice.chance(350) ? 20 : 0
        lostAnswers = dice.chance(450) ? 50 : 0
        lostConfirms = dice.chance(400) ? 300 : lostAnswers
        refusedConnections = dice.chance(300) ? 20 : 0
        slowAnswers = dice.chance(300) ? dice.of([60, 200]) : 0
        errorAnswers = dice.chance(350) ? 30 : 0
        doubledAnswers = dice.chance(250) ? 60 : 0
        killsInBatch = dice.chance(350) ? dice.of([3, 10, 25]) : 0
        kills = dice.chance(300) ? 1 + dice.below(3) : 0
        stops = dice.chance(150) ? 1 : 0
        fullDisks = dice.chance(150) ? 1 : 0
        oddAppends = dice.chance(150) ? 30 : 0
        slowDisk = dice.chance(200) ? 100 : 0
        outages = dice.chance(250) ? 1 + dice.below(2) : 0
        readerTroubles = dice.chance(300) ? 1 + dice.below(3) : 0
        clockJumps = dice.chance(150) ? 1 : 0
        slowIssuer = dice.chance(400) ? 300 : 0
        heldConfirms = !declineLeavesFailed && dice.chance(250) ? 300 : 0
        oddIssuer = dice.chance(350) ? 300 : 0
        wrongAmounts = dice.chance(150) ? 200 : 0
        orderFailures = dice.chance(200) && heldConfirms == 0 ? 250 : 0
        slowOrders = dice.chance(200) ? 300 : 0
        keyedEntries = dice.chance(200) ? 250 : 0
        resolutions = dice.chance(200) ? 200 : 0
        // Some defects need several faults at once, and chance alone brings them together too rarely.
        if dice.chance(60) { meetsOldNews() } else if dice.chance(60) { meetsSlowReaders() }
    }
}
