internal import GatewayCore
import GatewayModel
import Moments

/// One store, driven by one seed: tills, readers, backend, Stripe, disk and clock, and the machine that production runs in the middle.
struct World {
    static let currency = Currency(unchecked: "usd")
    static let key = PublishableKey(unchecked: "pk_test_1")

    let seed: UInt64
    /// Whether the agent scans the LAN for readers.
    let looksAtLAN: Bool
    var plan: Plan
    var extras: Extras
    var odds: Odds
    var dice: Dice
    var agenda = Agenda<Happening>()
    var now: Int64 = 0
    var wallOffset: Int64 = 1_750_000_000_000
    var step = 0
    var trace: Trace
    var violation: Violation?

    // These are the agent's parts.
    var machine: GatewayMachine?
    var generation = 0
    var wake: Int64 = .max
    var isStopping = false
    /// The machine has handled an event in this step.
    var hasHandled = false
    var calls: [OpenCall] = []
    var requests: [OpenRequest] = []
    /// Requests that are made again when the event that demanded it is done.
    var recalls: [Int] = []
    /// The payments as the agent's engine shows them: journaled, or such that could not be.
    var visible: [PaymentID: PaymentRecord] = [:]
    var visibleSetups: [CardSetupID: CardSetupRecord] = [:]
    var policy = GatewayPolicy()
    /// Intents whose client secret this life of the agent was given.
    var secretsKnown: Set<Int> = []
    var batchesAtThisMoment = 0
    var callsInMinute = 0
    var minute: Int64 = 0

    // These are the store's parts.
    var disk = Disk()
    var stripe = Stripe()
    var backend = Backend()
    var readers: [Reader] = []
    var tills: [Till] = []
    var carts: [CartTruth] = []
    /// The carts by every spelling.
    var cartsByName: [CartID: Int] = [:]
    var payments: [PaymentTruth] = []
    var setups: [SetupTruth] = []
    var paymentIndex: [PaymentID: Int] = [:]
    var inFlight: [InFlight] = []
    var spentTokens: Set<String> = []
    /// Readers whose last lease, by the disk at the start, was this agent's and never reached a confirm.
    var mayTakeOver: Set<Int> = []
    /// Readers that a technician has asked to take over.
    var takeOversAsked: Set<Int> = []
    /// Payments whose readers a technician has freed by hand.
    var releasedByHand: Set<Int> = []
    var plugs = 10
    var isClosed = false
    /// The stage of the end: 0 before it, 1 without a restart, 2 after one more restart.
    var life = 0
    var probes: [Probe] = []
    var isOver = false

    init(seed: UInt64, looks: Bool, kinds: Kinds, tracing: Bool) {
        self.seed = seed
        var dice = Dice(seed: seed &* 0x2545_f491_4f6c_dd1d &+ 0x9e37)
        plan = Plan(dice: &dice)
        self.dice = dice
        var others = Dice(seed: seed &* 0x9e37_79b9_7f4a_7c15 &+ 0x51)
        extras = Extras(dice: &others, kinds: kinds)
        looksAtLAN = looks || extras.looks
        // Some kinds need more of these to be met at all.
        if extras.bankApps > 0 { plan.keyedEntries = 330 }
        if extras.stayingTips > 0 { (plan.tips, plan.declines) = (700, 500) }
        odds = Odds(seed: seed, kinds: kinds)
        odds.adapt(&plan, &extras)
        trace = Trace(isKept: tracing)
    }

    var moment: Now { Now(mono: MonoTime(now + 1_000_000), wall: WallTime(now + wallOffset)) }

    mutating func run() {
        setUp()
        while violation == nil, !isOver, let (at, item) = agenda.next() {
            if at > now { batchesAtThisMoment = 0 }
            now = max(now, at)
            step += 1
            happen(item)
            if step > 60_000 { fail(.bounded, "the world does not come to rest: 60000 steps") }
        }
        if violation == nil { judgeTheEnd() }
        trace.mix(UInt64(step))
    }

    private mutating func setUp() {
        policy.eagerCollect = plan.eager
        // Each query is a step, so most worlds make fewer of them.
        if seed % 8 != 0 { policy.queryPause = 400...400 }
        policy.lanSweep = looksAtLAN
        policy.usbLooks = extras.cables > 0
        if let room = odds.room { policy.maximumWaiting = room }
        for index in 0..<plan.readers {
            let label = dice.chance(extras.unlabelled) ? "" : "Reader \(index)"
            readers.append(Reader(address: 10 + index, listedAddress: 10 + index, label: label))
        }
        for till in 0..<plan.tills {
            tills.append(Till())
            plans(.till(till), after: dice.within(0...5_000))
        }
        let open = plan.closing - 1
        for _ in 0..<plan.kills { agenda.add(.kill, at: dice.within(1_000...open)) }
        for _ in 0..<plan.stops { agenda.add(.stop, at: dice.within(1_000...open)) }
        for _ in 0..<plan.fullDisks {
            let from = dice.within(0...open)
            agenda.add(.diskFull(true), at: from)
            agenda.add(.diskFull(false), at: from + dice.within(100...60_000))
        }
        for _ in 0..<plan.outages {
            let from = dice.within(0...open)
            agenda.add(.outage(dice.of([.down, .down, .unauthorized, .forbidden, .broken, .garbled])), at: from)
            agenda.add(.outage(nil), at: from + dice.within(1_000...60_000))
        }
        for _ in 0..<plan.clockJumps { agenda.add(.clockJumps(dice.within(-7_200_000...7_200_000)), at: dice.within(0...open)) }
        for _ in 0..<plan.readerTroubles {
            let reader = dice.below(readers.count)
            let from = dice.within(0...open)
            switch dice.below(4) {
            case 0, 1:
                agenda.add(.readerOff(reader), at: from)
                agenda.add(.readerOn(reader), at: from + dice.within(500...60_000))
            case 2:
                agenda.add(.takenOver(reader, collects: dice.chance(600)), at: from)
                agenda.add(.left(reader), at: from + dice.within(1_000...60_000))
            default: agenda.add(.moved(reader), at: from)
            }
        }
        setUpTechnicians()
        setUpOdds()
        agenda.add(.closing, at: plan.closing)
        start()
    }

    mutating func plans(_ happening: Happening, after delay: Int64) { agenda.add(happening, at: now + delay) }

    private mutating func happen(_ item: Happening) {
        switch item {
        case .tick:
            guard machine != nil, wake <= now else { return }
            wake = .max
            feed(.tick)
        case .callActs(let call): acts(call)
        case .callAnswers(let call, let answer, let isCopy): answers(call, answer, isCopy: isCopy)
        case .callTimesOut(let call): timesOut(call)
        case .commits(let call): commits(call)
        case .till(let till): steps(till)
        case .card(let reader, let number, let canceled): card(reader, number: number, canceled: canceled)
        case .issuer(let reader, let number, let outcome): issuer(reader, number: number, outcome)
        case .order(let cart): makeOrder(cart)
        case .keyedForm(let cart, let intent, let pays): keyedForm(cart, intent: intent, pays: pays)
        case .kill: if !isClosed { kill(restartAfter: dice.within(100...20_000)) }
        case .start: if machine == nil { start() }
        case .stop: stop()
        case .readerOff(let reader): readerOff(reader)
        case .readerOn(let reader): readerOn(reader)
        case .takenOver(let reader, let collects): takenOver(reader, collects: collects)
        case .left(let reader): left(reader)
        case .moved(let reader): moved(reader)
        case .outage(let trouble):
            trace.note(now, 70, text: "backend: \(trouble.map { "\($0)" } ?? "well again")")
            backend.trouble = isClosed ? nil : trouble
        case .diskFull(let full):
            trace.note(now, 71, text: full ? "the disk is full" : "the disk has room")
            disk.isFull = full && !isClosed
        case .clockJumps(let by):
            trace.note(now, 72, text: "the wall clock jumps by \(by / 1000) s")
            wallOffset += by
        case .closing: closing()
        case .hangsUp(let request): hangsUp(request)
        case .technician: technicianActs()
        case .registrar: registrarActs()
        case .acceptsLoss: if machine != nil { acceptsLoss() }
        case .sighted(let reader): sighted(reader)
        case .listedAnew: listedAnew()
        case .dialect(let reader, let isOther): readers[reader].speaksAnotherDialect = isOther && !isClosed
        case .cardDesk(let setup): cardDesk(setup)
        case .keptCard(let reader, let number, let canceled): keptCard(reader, number: number, canceled: canceled)
        case .madeMethod(let reader, let number): madeMethod(reader, number: number)
        case .settings: changesSettings()
        case .odd: oddAct()
        case .troubledWord: troubledWord()
        case .revisited(let cart): revisits(cart)
        case .goesOnTyping(let cart): goesOnTyping(cart)
        case .formAnew(let cart, let left): opensFormAnew(cart, left: left)
        case .cable(let reader, let isIn): cable(reader, isIn: isIn)
        case .stripeCancels: stripeCancels()
        case .changesAmount: changesAmount()
        case .diskHangs(let span): diskHangs(for: span)
        case .pinAsked(let reader, let number, let outcome): pinAsked(reader, number: number, outcome)
        case .processed(let flight, let approves): processed(flight, approves: approves)
        case .holdLetGo(let charge): holdLetGo(charge)
        case .bankApp(let cart, let intent, let approves): bankApp(cart, intent: intent, approves: approves)
        case .rests(let tries): rests(tries: tries)
        case .asksAgain(let probe): asks(probe)
        case .probe(let cart): probe(cart, isSecond: true)
        case .probed: probed()
        case .look: look()
        case .settle: settle()
        case .over: comesToRest()
        }
        if violation == nil { checkAlways() }
    }
}
