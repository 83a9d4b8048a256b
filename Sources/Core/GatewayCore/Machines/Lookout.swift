import GatewayModel
import Moments

/// When USB and the LAN are looked at for devices, and at which addresses.
///
/// By itself it looks seldom and slowly, where the settings allow it, and never while a payment has a reader. A reader that is not where Stripe says
/// is searched for at once, also beside a payment on another reader when somebody waits for it: a busy shop would never find it otherwise. An order
/// is carried out at once. Whatever the reason, the addresses of readers that something has are left alone: one owner at a time.
package struct Lookout: Sendable {
    package enum Action: Sendable, Equatable {
        case askNetworks
        case look(batch: UInt64, LANLook)
        case lookAtUSB
        /// Give up the looks at the LAN that are under way; each is answered with what it came to.
        case stop
        case progress(RequestID, looked: Int, of: Int)
        /// With the order that it was found for, if it was one.
        case found(RequestID?, [LANSighting])
        case missed(Set<PrivateAddress>)
        case foundUSB(RequestID, [USBSighting])
        case ended(RequestID, LookSummary)
        /// The search is over: whoever has not been found by now was not.
        case searched
    }

    /// What else goes on, and what is known already.
    package struct Circumstances: Sendable {
        package var policy: GatewayPolicy
        /// Addresses of readers that a payment or a card set-up has.
        package var held: Set<PrivateAddress> = []
        /// One of these is at work with its customer or issuer.
        package var isPaying = false
        /// Somebody waits for a reader that is searched for: that is as good as an order.
        package var isAwaited = false
        /// Where readers are said to be, or have been seen.
        package var known: Set<PrivateAddress> = []
        /// Where registered readers without a session are said to be: a look there is all that a probe is.
        package var registered: Set<PrivateAddress> = []
        /// Network interfaces that USB devices present: looked at like the LAN, whatever `lan.subnets` says.
        package var gadgets: Set<String> = []

        package init(policy: GatewayPolicy) { self.policy = policy }
    }

    enum Reason: Sendable, Equatable {
        /// The time has come.
        case routine
        /// Registered readers are asked whether they are there, and nobody else.
        case probe
        /// A reader is not where it should be.
        case search
        case order(RequestID, DiscoveryOrder)
    }

    /// How fast it is looked: batches of so many addresses, so many of them at once, so many new connections a second.
    struct Pace: Sendable, Equatable {
        var batch: Int
        var window: Int
        var perSecond: Int

        /// A /24 in about a second and a half: what somebody waits for.
        static let brisk = Pace(batch: 64, window: 4, perSecond: 512)
        /// Nobody waits, and the network is for others too.
        static let gentle = Pace(batch: 32, window: 1, perSecond: 100)
    }

    /// One look from its beginning to its end.
    struct Look: Sendable {
        var reason: Reason
        var waitsForNetworks = false
        var waitsForUSB = false
        var queue: [PrivateAddress] = []
        var total = 0
        var open: [UInt64: [PrivateAddress]] = [:]
        /// Batches up to this one were told to stop.
        var stoppedUpTo: UInt64 = 0
        /// It is over as soon as what is under way has come back.
        var isGivenUp = false
        /// The subnets are in the queue, not only single addresses.
        var sweeps = false
        var summary = LookSummary()

        init(_ reason: Reason) { self.reason = reason }

        /// A search beside a payment takes its time, for the network is the payment's too.
        func pace(_ around: Circumstances) -> Pace {
            switch reason {
            case .routine: .gentle
            case .probe: .brisk
            case .search: around.isPaying ? .gentle : .brisk
            case .order: .brisk
            }
        }
        /// A payment stands in its way.
        func mustYield(_ around: Circumstances) -> Bool {
            guard around.isPaying else { return false }
            return switch reason {
            case .routine: true
            case .search: !around.isAwaited
            case .order, .probe: false
            }
        }
        var order: RequestID? {
            if case .order(let id, _) = reason { return id }
            return nil
        }
        var isOver: Bool { !waitsForNetworks && !waitsForUSB && open.isEmpty && (queue.isEmpty || isGivenUp) }
    }

    private enum State: Sendable {
        /// Nothing is looked at. To `looking` when an order, a search or the time wants it.
        case resting
        /// Something is under way: the question for the networks, an enumeration of USB, batches of addresses. To `resting` when all of it has come
        /// back, and nothing is left to look at or the look was given up.
        case looking(Look)
    }

    /// An address that is in use answers within this; one whose first packet was lost is found the next time.
    static let answerTime: Int64 = 700
    static let certificateTime: Int64 = 2_000
    /// A look that a payment stood in the way of is tried again after this.
    static let pause: Int64 = 30_000
    static let mostOrders = 4
    static let mostSubnets = 8

    private var state = State.resting
    private var orders: [(id: RequestID, order: DiscoveryOrder)] = []
    private var searchWanted = false
    private var nextAt: MonoTime = .max
    /// When registered readers are to be asked whether they are there; `.max`: not before somebody wants to know.
    private var probeAt: MonoTime = .max
    private var lastBatch: UInt64 = 0

    package init() {}

    package var isLooking: Bool {
        if case .looking = state { return true }
        return false
    }

    /// When `tick` is to be called; nil: nothing to wait for.
    package func nextWake(_ policy: GatewayPolicy) -> MonoTime? {
        guard case .resting = state else { return nil }
        let wake = Self.looksByItself(policy) ? min(nextAt, probeAt) : probeAt
        return wake == .max ? nil : wake
    }

    package static func looksByItself(_ policy: GatewayPolicy) -> Bool { policy.lanSweep || !policy.lanAddresses.isEmpty }

    // MARK: Events

    package mutating func start(at now: MonoTime) { nextAt = now }

    /// Registered readers are to be asked then whether they are there. Single addresses that somebody has told, so whatever `lan.sweep` says.
    package mutating func probe(at moment: MonoTime) { probeAt = min(probeAt, moment) }

    package mutating func tick(_ around: Circumstances, at now: MonoTime) -> [Action] {
        var actions: [Action] = []
        begin(around, at: now, &actions)
        return actions
    }

    /// False: too many orders wait already.
    package mutating func order(
        _ id: RequestID, _ order: DiscoveryOrder, _ around: Circumstances, at now: MonoTime, actions: inout [Action]
    ) -> Bool {
        guard orders.count < Self.mostOrders else { return false }
        orders.append((id, order))
        giveUp(around, at: now, &actions) { $0.order == nil }
        begin(around, at: now, &actions)
        return true
    }

    /// Who gave the order has gone.
    package mutating func forget(_ id: RequestID, _ around: Circumstances, at now: MonoTime) -> [Action] {
        orders.removeAll { $0.id == id }
        var actions: [Action] = []
        giveUp(around, at: now, &actions) { $0.order == id }
        begin(around, at: now, &actions)
        return actions
    }

    /// A reader is not where it should be.
    package mutating func search(_ around: Circumstances, at now: MonoTime) -> [Action] {
        var actions: [Action] = []
        searchWanted = true
        giveUp(around, at: now, &actions) { $0.reason == .routine }
        begin(around, at: now, &actions)
        return actions
    }

    /// Readers were taken, or set free.
    package mutating func changed(_ around: Circumstances, at now: MonoTime) -> [Action] {
        guard case .looking(var look) = state, !look.isGivenUp else { return [] }
        var actions: [Action] = []
        if look.sweeps, look.mustYield(around) {
            giveUp(around, at: now, &actions) { _ in true }
        } else if look.stoppedUpTo < lastBatch, look.open.values.contains(where: { !around.held.isDisjoint(with: $0) }) {
            // What has been asked of a reader that a payment now has is withdrawn; the rest goes on.
            look.stoppedUpTo = lastBatch
            state = .looking(look)
            actions.append(.stop)
        }
        return actions
    }

    package mutating func networks(
        _ result: Result<NetworkFacts, LookTrouble>, _ around: Circumstances, at now: MonoTime
    ) -> [Action] {
        guard case .looking(var look) = state, look.waitsForNetworks else { return [] }
        look.waitsForNetworks = false
        var facts = NetworkFacts(networks: [], neighbours: [])
        switch result {
        case .success(let told):
            facts = told
            if let trouble = told.trouble {
                look.summary.notes.append(
                    LookNote(.lanUnavailable, "Whom this box knows on its networks cannot be read: \(trouble.detail)."))
            }
        case .failure(let trouble):
            look.summary.notes.append(LookNote(.lanUnavailable, "This box's networks cannot be read: \(trouble.detail)."))
        }
        if !look.isGivenUp { plan(&look, facts, around) }
        state = .looking(look)
        var actions: [Action] = []
        goOn(around, at: now, &actions)
        return actions
    }

    package mutating func usb(_ result: Result<[USBSighting], LookTrouble>, _ around: Circumstances, at now: MonoTime) -> [Action] {
        guard case .looking(var look) = state, look.waitsForUSB, let order = look.order else { return [] }
        look.waitsForUSB = false
        var actions: [Action] = []
        switch result {
        case .success(let sightings): actions.append(.foundUSB(order, sightings))
        case .failure(let trouble):
            look.summary.notes.append(LookNote(.usbUnavailable, "USB cannot be looked at: \(trouble.detail)."))
        }
        state = .looking(look)
        goOn(around, at: now, &actions)
        return actions
    }

    package mutating func looked(batch: UInt64, _ findings: LANFindings, _ around: Circumstances, at now: MonoTime) -> [Action] {
        guard case .looking(var look) = state, let addresses = look.open.removeValue(forKey: batch) else { return [] }
        var actions: [Action] = []
        let looked = addresses.filter { findings.looked.contains($0) }
        look.summary.addresses += looked.count
        // What was given up is looked at later, unless somebody has it by then. An edge that left something out by itself is not asked again.
        if batch <= look.stoppedUpTo { look.queue.insert(contentsOf: addresses.filter { !findings.looked.contains($0) }, at: 0) }
        if !findings.sightings.isEmpty { actions.append(.found(look.order, findings.sightings)) }
        let missed = Set(looked).subtracting(findings.sightings.compactMap { sighting in looked.first { $0.text == sighting.address } })
        if !missed.isEmpty { actions.append(.missed(missed)) }
        if let order = look.order { actions.append(.progress(order, looked: look.summary.addresses, of: look.total)) }
        state = .looking(look)
        goOn(around, at: now, &actions)
        return actions
    }

    // MARK: Parts

    private mutating func begin(_ around: Circumstances, at now: MonoTime, _ actions: inout [Action]) {
        guard case .resting = state else { return }
        let policy = around.policy
        var look: Look
        if let next = orders.first {
            orders.removeFirst()
            look = Look(.order(next.id, next.order))
            if next.order.usb, policy.usbLooks {
                look.waitsForUSB = true
                actions.append(.lookAtUSB)
            } else if next.order.usb {
                look.summary.notes.append(
                    LookNote(.usbOff, "The settings switch USB off (usb.enabled).", remedy: "Set usb.enabled = true and restart readerd."))
            }
            look.waitsForNetworks = next.order.lan && next.order.subnets == nil
            if next.order.lan, let subnets = next.order.subnets {
                enqueue(&look, first: subnets.isEmpty ? around.registered.sorted() : [], subnets: subnets, around)
            }
        } else if searchWanted {
            searchWanted = false
            look = Look(.search)
            look.waitsForNetworks = policy.lanSweep
            if !policy.lanSweep { enqueue(&look, first: policy.lanAddresses, subnets: [], around) }
        } else if now >= probeAt {
            probeAt = .max
            look = Look(.probe)
            enqueue(&look, first: around.registered.sorted(), subnets: [], around)
        } else {
            guard Self.looksByItself(policy), now >= nextAt else { return }
            guard !around.isPaying else {
                nextAt = now + Self.pause
                return
            }
            look = Look(.routine)
            look.waitsForNetworks = policy.lanSweep
            if !policy.lanSweep { enqueue(&look, first: policy.lanAddresses, subnets: [], around) }
        }
        if look.waitsForNetworks { actions.append(.askNetworks) }
        state = .looking(look)
        goOn(around, at: now, &actions)
    }

    /// Which addresses, in which order: those where a reader is most likely first.
    private func plan(_ look: inout Look, _ facts: NetworkFacts, _ around: Circumstances) {
        let policy = around.policy
        var subnets = policy.lanSubnets
        let own = facts.networks
        for network in own where policy.lanSubnets.isEmpty || around.gadgets.contains(network.name) {
            guard let subnet = Subnet(around: network.address, prefix: network.prefix), !subnets.contains(subnet) else { continue }
            subnets.append(subnet)
            if network.prefix < Subnet.shortestPrefix {
                look.summary.notes.append(
                    LookNote(
                        .subnetCut,
                        "The network of \(network.name) (/\(network.prefix)) is too large to be looked at whole: only \(subnet) was.",
                        remedy: "Give the part in which the readers are: lan.subnets."))
            }
        }
        if look.order != nil, policy.lanSubnets.isEmpty, !facts.others.isEmpty {
            let names = facts.others.prefix(Self.mostSubnets).map(\.name).joined(separator: ", ")
            look.summary.notes.append(
                LookNote(
                    .subnetsLeft, "Networks of containers, virtual machines and tunnels were left alone: \(names).",
                    remedy: "If readers are in one of them, give its subnet: lan.subnets."))
        }
        if subnets.isEmpty {
            look.summary.notes.append(
                LookNote(
                    .noSubnet, "This box has no private IPv4 network.",
                    remedy: "Connect it to the shop's network, or give its subnets: lan.subnets."))
        }
        if subnets.count > Self.mostSubnets {
            let left = subnets[Self.mostSubnets...].map(\.description).joined(separator: ", ")
            look.summary.notes.append(
                LookNote(
                    .subnetsLeft, "This box has more than \(Self.mostSubnets) networks; not looked at: \(left).",
                    remedy: "Give those in which the readers are: lan.subnets."))
            subnets = Array(subnets.prefix(Self.mostSubnets))
        }
        let neighbours = facts.neighbours.filter { address in
            policy.lanSubnets.isEmpty || subnets.contains { $0.contains(address) }
        }
        // While a payment is at work single addresses are looked at all the same: a handful, and none of them a reader that is held.
        let sweeps = !look.mustYield(around)
        enqueue(
            &look, first: policy.lanAddresses + around.known.sorted() + neighbours, subnets: sweeps ? subnets : [], around,
            without: Set((own + facts.others).map(\.address)))
    }

    private func enqueue(
        _ look: inout Look, first: [PrivateAddress], subnets: [Subnet], _ around: Circumstances, without own: Set<PrivateAddress> = []
    ) {
        var seen = own
        for address in first + subnets.flatMap(\.hosts) where seen.insert(address).inserted { look.queue.append(address) }
        look.summary.subnets = subnets
        look.sweeps = !subnets.isEmpty
        look.total = look.queue.count
    }

    private mutating func giveUp(
        _ around: Circumstances, at now: MonoTime, _ actions: inout [Action], if isMeant: (Look) -> Bool
    ) {
        guard case .looking(var look) = state, isMeant(look), !look.isGivenUp else { return }
        look.isGivenUp = true
        if look.reason == .search, !orders.isEmpty { searchWanted = true }
        if !look.open.isEmpty { actions.append(.stop) }
        state = .looking(look)
        finish(around, at: now, &actions)
    }

    private mutating func goOn(_ around: Circumstances, at now: MonoTime, _ actions: inout [Action]) {
        guard case .looking(var look) = state else { return }
        let pace = look.pace(around)
        while !look.isGivenUp, look.open.count < pace.window, !look.queue.isEmpty {
            var batch: [PrivateAddress] = []
            var passed = 0
            for address in look.queue where batch.count < pace.batch {
                passed += 1
                guard !around.held.contains(address) else {
                    look.total -= 1
                    noteBusy(&look)
                    continue
                }
                batch.append(address)
            }
            look.queue.removeFirst(passed)
            guard !batch.isEmpty else { break }
            lastBatch += 1
            look.open[lastBatch] = batch
            actions.append(
                .look(
                    batch: lastBatch,
                    LANLook(
                        addresses: batch, told: Set(batch).intersection(around.policy.lanAddresses), port: around.policy.lanPort,
                        perSecond: pace.perSecond, answerTime: Self.answerTime, certificateTime: Self.certificateTime)))
        }
        state = .looking(look)
        finish(around, at: now, &actions)
        begin(around, at: now, &actions)
    }

    private func noteBusy(_ look: inout Look) {
        guard !look.summary.notes.contains(where: { $0.code == .readersBusy }) else { return }
        look.summary.notes.append(
            LookNote(.readersBusy, "Readers that a payment has were left alone.", remedy: "Look again when the payment has ended."))
    }

    private mutating func finish(_ around: Circumstances, at now: MonoTime, _ actions: inout [Action]) {
        guard case .looking(let look) = state, look.isOver else { return }
        state = .resting
        if let order = look.order {
            if !look.isGivenUp { actions.append(.ended(order, look.summary)) }
            return
        }
        if look.reason == .search, !searchWanted { actions.append(.searched) }
        guard look.reason != .probe else {
            if look.isGivenUp { probe(at: now + Self.pause) }
            return
        }
        nextAt = now + (look.isGivenUp ? Self.pause : around.policy.lanInterval)
    }
}
