import GatewayModel
import Moments

/// When USB and the LAN are scanned for devices, at which addresses, and what was told of them to who asked.
///
/// By itself it scans seldom and slowly, where the settings allow it, and never while a payment has a reader. A reader that is not where Stripe says
/// is searched for at once, also beside a payment on another reader when somebody waits for it: a busy shop would never find it otherwise. An order
/// is carried out at once. Whatever the reason, the addresses of readers that something has are left alone: one owner at a time.
package struct Discovery: Sendable {
    package enum Action: Sendable, Equatable {
        case askNetworks
        case scan(batch: UInt64, LANLook)
        case lookAtUSB
        /// Give up the scans of the LAN that are under way; each is answered with what it came to.
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
        /// Where registered readers without a session are said to be: a scan there is all that a probe is.
        package var registered: Set<PrivateAddress> = []
        /// Network interfaces that USB devices present: scanned like the LAN, whatever `lan.subnets` says.
        package var gadgets: Set<String> = []

        package init(policy: GatewayPolicy) { self.policy = policy }
    }

    private enum State: Sendable {
        /// Nothing is scanned. To `scanning` when an order, a search or the time wants it.
        case resting
        /// Something is under way: the question for the networks, an enumeration of USB, batches of addresses. To `resting` when all of it has come
        /// back, and nothing is left to look at or the scan was given up.
        case scanning(Scan)
    }

    /// A scan that a payment stood in the way of is tried again after this.
    static let pause: Int64 = 30_000
    static let mostOrders = 4

    private var state = State.resting
    private var orders: [(id: RequestID, order: DiscoveryOrder)] = []
    /// What has been found for each order so far, as it was told.
    private var told: [RequestID: [DeviceKey: DeviceFacts]] = [:]
    private var searchWanted = false
    private var nextAt: MonoTime = .max
    /// When registered readers are to be asked whether they are there; `.max`: not before somebody wants to know.
    private var probeAt: MonoTime = .max
    private var lastBatch: UInt64 = 0

    package init() {}

    package var isScanning: Bool {
        if case .scanning = state { return true }
        return false
    }

    /// When `tick` is to be called; nil: nothing to wait for.
    package func nextWake(_ policy: GatewayPolicy) -> MonoTime? {
        guard case .resting = state else { return nil }
        let wake = Self.scansByItself(policy) ? min(nextAt, probeAt) : probeAt
        return wake == .max ? nil : wake
    }

    package static func scansByItself(_ policy: GatewayPolicy) -> Bool { policy.lanSweep || !policy.lanAddresses.isEmpty }

    /// How many orders have not ended.
    var followed: Int { told.count }

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
        told[id] = [:]
        giveUp(around, at: now, &actions) { $0.order == nil }
        begin(around, at: now, &actions)
        return true
    }

    /// Who gave the order has gone.
    package mutating func forget(_ id: RequestID, _ around: Circumstances, at now: MonoTime) -> [Action] {
        guard told.removeValue(forKey: id) != nil else { return [] }
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

    // MARK: What is told to who gave an order

    func isFollowed(_ id: RequestID) -> Bool { told[id] != nil }

    /// - Returns: whether the device is to be told of now: it was not before, and somebody waits.
    mutating func tells(_ id: RequestID, of device: DeviceFacts) -> Bool {
        told[id] != nil && told[id]?.updateValue(device, forKey: device.key) == nil
    }

    /// The order has ended. What was told for it, in order; nil: nobody waits for its end.
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
        guard Self.scansByItself(around.policy), now >= nextAt else { return nil }
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
