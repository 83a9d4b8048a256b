/// Kinds of trouble that a world may be given, each on its own, beyond those that every world draws from (``Plan``).
///
/// The kinds draw from dice of their own: a kind that is switched on changes no world that does not meet it.
package struct Kinds: OptionSet, Sendable, Hashable {
    package let rawValue: UInt64
    package init(rawValue: UInt64) { self.rawValue = rawValue }

    /// Callers are gone before the answer comes.
    package static let hangUps = Kinds(rawValue: 1 << 0)
    /// Technicians look for readers, connect, take over, disconnect and release them, at any moment.
    package static let technicians = Kinds(rawValue: 1 << 1)
    package static let cardSetups = Kinds(rawValue: 1 << 2)
    /// Readers are registered, labelled and removed.
    package static let registrations = Kinds(rawValue: 1 << 3)
    /// Readers and other devices come and go on USB.
    package static let cables = Kinds(rawValue: 1 << 4)
    /// Credentials and settings change while the agent runs.
    package static let settings = Kinds(rawValue: 1 << 5)
    /// The issuer declines a card and goes on within the same confirm: contactless is refused, the backend says `Failed`, the PIN is asked
    /// for, and the charge comes later.
    package static let goesOn = Kinds(rawValue: 1 << 6)
    /// A reader answers a refusal whose intent has been charged.
    package static let oddCharges = Kinds(rawValue: 1 << 7)
    /// A person cancels an intent at Stripe.
    package static let stripeCancels = Kinds(rawValue: 1 << 8)
    /// A person changes an intent's amount at Stripe.
    package static let changedAmounts = Kinds(rawValue: 1 << 9)
    /// The issuer authorises a part of the amount.
    package static let parts = Kinds(rawValue: 1 << 10)
    /// An intent is `processing` for a while, and is then charged or not.
    package static let processing = Kinds(rawValue: 1 << 11)
    /// The backend says `Failed` of an order and the money stays held. It is released later, or never.
    package static let heldMoney = Kinds(rawValue: 1 << 12)
    /// The backend trims, folds case or reads numbers, and tills write one cart in several ways.
    package static let spellings = Kinds(rawValue: 1 << 13)
    /// A typed card waits for its customer in the bank's app, also after the form was closed.
    package static let bankApps = Kinds(rawValue: 1 << 14)
    /// Disks hang.
    package static let hangingDisks = Kinds(rawValue: 1 << 15)
    /// Readers have no label.
    package static let unlabelled = Kinds(rawValue: 1 << 16)
    /// One location has several currencies.
    package static let currencies = Kinds(rawValue: 1 << 17)
    /// A tip stays on the intent after a decline.
    package static let stayingTips = Kinds(rawValue: 1 << 18)
    /// A part of the sum is paid from an account.
    package static let balances = Kinds(rawValue: 1 << 19)
    /// A reader that authorises lets the same point of sale in, and acknowledges that its screen was cleared.
    package static let letIn = Kinds(rawValue: 1 << 20)
    /// Technicians err, but only when the window is over and the reader was idle.
    package static let wrongWords = Kinds(rawValue: 1 << 21)
    /// At the end everything is free, and every unpaid cart can be paid, in this life and after a restart.
    package static let ends = Kinds(rawValue: 1 << 22)
    /// A start finds a journal that had to be set aside. Nothing is accepted before a technician agrees to its loss.
    package static let losses = Kinds(rawValue: 1 << 23)
    /// The agent scans the LAN for readers, and follows those that have moved.
    package static let looks = Kinds(rawValue: 1 << 24)
    /// A reader has two entries in the lists, is registered anew under another id, or speaks another dialect for a while.
    package static let twins = Kinds(rawValue: 1 << 25)
    /// People ask what makes no sense, or what the agent cannot do now.
    package static let mistakes = Kinds(rawValue: 1 << 26)
    /// Technicians give their word while the disk is full or hangs.
    package static let troubledWords = Kinds(rawValue: 1 << 27)
    /// The backend gives a canceled intent again, one that Stripe does not know, or a reader's for keyed entry.
    package static let oddIntents = Kinds(rawValue: 1 << 28)
    /// Readers and Stripe answer in ways that are rare: they name the charged card, or do not say what became of a confirm.
    package static let oddReplies = Kinds(rawValue: 1 << 29)
    /// Devices of every sort are plugged in, and the box has many networks or none.
    package static let devices = Kinds(rawValue: 1 << 30)
    /// Many wait for one reader, at which few may wait.
    package static let crowds = Kinds(rawValue: 1 << 31)

    package static let named: [(name: String, kind: Kinds)] = [
        ("hangUps", .hangUps), ("technicians", .technicians), ("cardSetups", .cardSetups), ("registrations", .registrations),
        ("cables", .cables), ("settings", .settings), ("goesOn", .goesOn), ("oddCharges", .oddCharges), ("stripeCancels", .stripeCancels),
        ("changedAmounts", .changedAmounts), ("parts", .parts), ("processing", .processing), ("heldMoney", .heldMoney),
        ("spellings", .spellings), ("bankApps", .bankApps), ("hangingDisks", .hangingDisks), ("unlabelled", .unlabelled),
        ("currencies", .currencies), ("stayingTips", .stayingTips), ("balances", .balances), ("letIn", .letIn),
        ("wrongWords", .wrongWords), ("ends", .ends), ("losses", .losses), ("looks", .looks), ("twins", .twins),
        ("mistakes", .mistakes), ("troubledWords", .troubledWords), ("oddIntents", .oddIntents), ("oddReplies", .oddReplies),
        ("devices", .devices), ("crowds", .crowds),
    ]

    /// The kinds that few stores meet (``Odds``).
    package static let rare: Kinds = [.mistakes, .troubledWords, .oddIntents, .oddReplies, .devices, .crowds]

    package static let all = named.reduce(into: Kinds()) { $0.insert($1.kind) }
}

/// The trouble that a world meets of the kinds.
struct Extras: Sendable {
    // These are chances per thousand.
    var hangUps = 0
    var goesOn = 0
    var oddCharges = 0
    var parts = 0
    var processing = 0
    var keepsHeld = 0
    var letsGoLater = 0
    var bankApps = 0
    var otherSpellings = 0
    var stayingTips = 0
    var balances = 0
    var wrongWords = 0
    /// The chance per thousand starts.
    var losses = 0
    // These are counts per world.
    var technicians = 0
    var registrations = 0
    var cardSetups = 0
    var cables = 0
    var settings = 0
    var stripeCancels = 0
    var changedAmounts = 0
    var hangingDisks = 0
    var unlabelled = 0
    var letsIn = false
    var looks = false
    var twins = 0
    var currencies = 1
    var reading = CartReading.exact
    var endsWell = false

    /// How the backend reads a cart's id, which may make it another cart's.
    enum CartReading: Sendable, CaseIterable { case exact, trimming, anyCase, numbers }

    init(dice: inout Dice, kinds: Kinds) {
        let isQuiet = dice.chance(300)
        /// Every kind draws, whether it is wanted or not, so that the others' draws stay the same.
        func met(_ kind: Kinds, _ perMille: Int) -> Bool { dice.chance(perMille) && kinds.contains(kind) && !isQuiet }
        func often(_ kind: Kinds, _ perMille: Int, _ choices: [Int]) -> Int {
            let (isMet, choice) = (met(kind, perMille), dice.of(choices))
            return isMet ? choice : 0
        }
        hangUps = often(.hangUps, 150, [30, 200])
        technicians = often(.technicians, 200, [3, 10, 40])
        cardSetups = often(.cardSetups, 150, [2, 5])
        registrations = often(.registrations, 120, [2, 6])
        cables = often(.cables, 100, [2, 6])
        settings = often(.settings, 100, [1, 4])
        goesOn = often(.goesOn, 150, [200, 600])
        oddCharges = often(.oddCharges, 120, [200, 600])
        stripeCancels = often(.stripeCancels, 120, [1, 4, 12])
        changedAmounts = often(.changedAmounts, 120, [1, 4, 12])
        parts = often(.parts, 80, [200])
        processing = often(.processing, 120, [200, 500])
        keepsHeld = often(.heldMoney, 200, [500, 1_000])
        letsGoLater = often(.heldMoney, 500, [300, 1_000])
        bankApps = often(.bankApps, 300, [500, 1_000])
        otherSpellings = often(.spellings, 120, [300, 600])
        let reading = dice.of(CartReading.allCases)
        if otherSpellings > 0 { self.reading = reading }
        hangingDisks = often(.hangingDisks, 150, [1, 3])
        unlabelled = often(.unlabelled, 120, [300, 1_000])
        currencies = max(1, often(.currencies, 120, [2, 3]))
        stayingTips = often(.stayingTips, 150, [500, 1_000])
        balances = often(.balances, 150, [300])
        wrongWords = often(.wrongWords, 150, [300])
        letsIn = met(.letIn, 250)
        losses = often(.losses, 80, [300, 1_000])
        looks = met(.looks, 100)
        twins = often(.twins, 120, [2, 6])
        // The end takes as long as the rest of the world.
        endsWell = dice.chance(150) && kinds.contains(.ends)
    }
}
