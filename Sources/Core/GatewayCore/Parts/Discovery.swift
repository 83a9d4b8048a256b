import GatewayModel
import Moments

/// When USB and the LAN are scanned for devices, at which addresses, and what the callers of orders were told of them.
///
/// By itself it scans seldom and slowly, where the settings allow it, and never while a payment has a reader. It searches at once for a
/// reader that is not where Stripe says. When that reader is awaited, it searches even beside a payment on another reader, because a
/// busy shop would never find it otherwise. It carries out an order at once. Whatever the reason, it leaves the addresses of held readers
/// alone: a reader has one owner at a time.
package struct Discovery: Sendable {
    package enum Action: Sendable, Equatable {
        case askNetworks
        case scan(batch: UInt64, LANLook)
        case lookAtUSB
        /// Gives up the scans of the LAN that are under way. Each is answered with what it found.
        case stop
        case progress(RequestID, looked: Int, of: Int)
        /// Reports sightings, with the order that they were found for, if there was one.
        case found(RequestID?, [LANSighting])
        case missed(Set<PrivateAddress>)
        case foundUSB(RequestID, [USBSighting])
        case ended(RequestID, LookSummary)
        /// Reports that the search is over. A reader that has not been found by now was not found.
        case searched
    }

    /// What else goes on, and what is known already.
    package struct Circumstances: Sendable {
        package var policy: GatewayPolicy
        /// The addresses of readers that a payment or a card set-up has.
        package var held: Set<PrivateAddress> = []
        /// Whether a payment or card set-up is at work with its customer or issuer.
        package var isPaying = false
        /// Whether a payment, a card set-up or a technician waits for a searched reader. Such a search is as good as an order.
        package var isAwaited = false
        /// The addresses where readers are said to be, or have been seen.
        package var known: Set<PrivateAddress> = []
        /// The listed addresses of registered readers without a session. A probe scans only these.
        package var registered: Set<PrivateAddress> = []
        /// The network interfaces that USB devices present. They are scanned like the LAN, whatever `lan.subnets` says.
        package var gadgets: Set<String> = []

        package init(policy: GatewayPolicy) { self.policy = policy }
    }

    private enum State: Sendable {
        /// Nothing is scanned. Discovery goes to `scanning` when an order, a search or the time wants it.
        case resting
        /// Something is under way: the question for the networks, an enumeration of USB, or batches of addresses. Discovery goes to
        /// `resting` when all of it has come back, and nothing is left to scan or the scan was given up.
        case scanning(Scan)
    }

    /// The pause before a scan that a payment stood in the way of is tried again, in milliseconds.
    static let pause: Int64 = 30_000
    static let mostOrders = 4

    private var state = State.resting
    private var orders: [(id: RequestID, order: DiscoveryOrder)] = []
    /// The devices that were told for each order so far, as they were told.
    private var told: [RequestID: [DeviceKey: DeviceFacts]] = [:]
    private var searchWanted = false
    private var nextAt: MonoTime = .max
    /// When the agent asks registered readers whether they are there; `.max` when that is not wanted.
    private var probeAt: MonoTime = .max
    private var lastBatch: UInt64 = 0

    package init() {}

    package var isScanning: Bool {
        if case .scanning = state { return true }
        return false
    }

    /// When a caller has to call `tick`; nil when there is nothing to wait for.
    package func nextWake(_ policy: GatewayPolicy) -> MonoTime? {
        guard case .resting = state else { return nil }
        let wake = policy.scansByItself ? min(nextAt, probeAt) : probeAt
        return wake == .max ? nil : wake
    }

    /// How many orders have not ended.
    var followed: Int { told.count }

    // MARK: Events

    package mutating func start(at now: MonoTime) { nextAt = now }

    /// Asks at that moment whether registered readers are there. These are single, listed addresses, so `lan.sweep` does not matter.
    package mutating func probe(at moment: MonoTime) { probeAt = min(probeAt, moment) }

    package mutating func tick(_ around: Circumstances, at now: MonoTime) -> [Action] {
        var actions: [Action] = []
        begin(around, at: now, &actions)
        return actions
    }

    /// Takes an order. Returns false when too many orders wait already.
    package mutating func order(
        _ id: RequestID, _ order: DiscoveryOrder, _ around: Circumstances, at now: MonoTime, actions: inout [Action]
    ) -> Bool {
        guard orders.count < Self.mostOrders else { return false }
        orders.append((id, order))
        told[id] = [:]
        giveUp(around, at: now, &actions) { $0.order == nil }
        begin(around, at: now, &actions)
        return true
    }

    /// Forgets an order whose caller has gone.
    package mutating func forget(_ id: RequestID, _ around: Circumstances, at now: MonoTime) -> [Action] {
        guard told.removeValue(forKey: id) != nil else { return [] }
        orders.removeAll { $0.id == id }
        var actions: [Action] = []
        giveUp(around, at: now, &actions) { $0.order == id }
        begin(around, at: now, &actions)
        return actions
    }

    /// Searches for a reader that is not where it should be.
    package mutating func search(_ around: Circumstances, at now: MonoTime) -> [Action] {
        var actions: [Action] = []
        searchWanted = true
        giveUp(around, at: now, &actions) { $0.reason == .routine }
        begin(around, at: now, &actions)
        return actions
    }

    /// Adapts the scan to readers that were taken or set free.
    package mutating func changed(_ around: Circumstances, at now: MonoTime) -> [Action] {
        guard case .scanning(var scan) = state, !scan.isGivenUp else { return [] }
        var actions: [Action] = []
        if scan.sweepsInTheWay(around) {
            giveUp(around, at: now, &actions) { _ in true }
        } else if scan.withdraw(around, upTo: lastBatch) {
            state = .scanning(scan)
            actions.append(.stop)
        }
        return actions
    }

    package mutating func networks(
        _ result: Result<NetworkFacts, LookTrouble>, _ around: Circumstances, at now: MonoTime
    ) -> [Action] {
        guard case .scanning(var scan) = state, scan.networks(result, around) else { return [] }
        return goOn(scan, around, at: now)
    }

    package mutating func usb(_ result: Result<[USBSighting], LookTrouble>, _ around: Circumstances, at now: MonoTime) -> [Action] {
        guard case .scanning(var scan) = state, let found = scan.usb(result) else { return [] }
        return found + goOn(scan, around, at: now)
    }

    package mutating func scanned(batch: UInt64, _ findings: LANFindings, _ around: Circumstances, at now: MonoTime) -> [Action] {
        guard case .scanning(var scan) = state, let found = scan.scanned(batch: batch, findings) else { return [] }
        return found + goOn(scan, around, at: now)
    }

    // MARK: What the caller of an order is told

    func isFollowed(_ id: RequestID) -> Bool { told[id] != nil }

    /// Notes that a device was found for an order. Returns whether to tell the caller now: it waits and was not told of the device before.
    mutating func tells(_ id: RequestID, of device: DeviceFacts) -> Bool {
        told[id] != nil && told[id]?.updateValue(device, forKey: device.key) == nil
    }

    /// Takes what was told for an order that has ended, in order; nil when no caller waits for its end.
    mutating func takeTold(_ id: RequestID) -> [(key: DeviceKey, facts: DeviceFacts)]? {
        told.removeValue(forKey: id)?.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
    }

    // MARK: One scan after another

    private mutating func begin(_ around: Circumstances, at now: MonoTime, _ actions: inout [Action]) {
        guard case .resting = state, let reason = nextReason(around, at: now) else { return }
        var scan = Scan(reason)
        actions += scan.begin(around)
        actions += goOn(scan, around, at: now)
    }

    private mutating func nextReason(_ around: Circumstances, at now: MonoTime) -> Reason? {
        if let next = orders.first {
            orders.removeFirst()
            return .order(next.id, next.order)
        }
        if searchWanted {
            searchWanted = false
            return .search
        }
        if now >= probeAt {
            probeAt = .max
            return .probe
        }
        guard around.policy.scansByItself, now >= nextAt else { return nil }
        guard !around.isPaying else {
            nextAt = now + Self.pause
            return nil
        }
        return .routine
    }

    private mutating func giveUp(
        _ around: Circumstances, at now: MonoTime, _ actions: inout [Action], if isMeant: (Scan) -> Bool
    ) {
        guard case .scanning(var scan) = state, isMeant(scan), !scan.isGivenUp else { return }
        scan.giveUp()
        if scan.reason == .search, !orders.isEmpty { searchWanted = true }
        if scan.hasOpenBatches { actions.append(.stop) }
        state = .scanning(scan)
        finish(around, at: now, &actions)
    }

    private mutating func goOn(_ current: Scan, _ around: Circumstances, at now: MonoTime) -> [Action] {
        var scan = current
        var actions = scan.next(around, last: &lastBatch)
        state = .scanning(scan)
        finish(around, at: now, &actions)
        begin(around, at: now, &actions)
        return actions
    }

    private mutating func finish(_ around: Circumstances, at now: MonoTime, _ actions: inout [Action]) {
        guard case .scanning(let scan) = state, scan.isOver else { return }
        state = .resting
        if let order = scan.order {
            if !scan.isGivenUp { actions.append(.ended(order, scan.summary)) }
            return
        }
        if scan.reason == .search, !searchWanted { actions.append(.searched) }
        guard scan.reason != .probe else {
            if scan.isGivenUp { probe(at: now + Self.pause) }
            return
        }
        nextAt = now + (scan.isGivenUp ? Self.pause : around.policy.lanInterval)
    }
}
