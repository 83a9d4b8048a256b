import GatewayModel
import Moments

extension Discovery {
    /// The pace of a scan: the addresses in a batch, the batches at once, and the new connections per second.
    struct Pace: Sendable, Equatable {
        var batch: Int
        var window: Int
        var perSecond: Int

        /// The pace for a waiting caller. A /24 takes about a second and a half.
        static let brisk = Pace(batch: 64, window: 4, perSecond: 512)
        /// The pace when no caller waits, because others use the network too.
        static let gentle = Pace(batch: 32, window: 1, perSecond: 100)
    }

    enum Reason: Sendable, Equatable {
        /// The time for a scan has come.
        case routine
        /// The agent asks only registered readers whether they are there.
        case probe
        /// A reader is not where it should be.
        case search
        case order(RequestID, DiscoveryOrder)
    }

    /// One scan from its beginning to its end: what it waits for, the addresses that are left, and what it has found.
    struct Scan: Sendable {
        /// How long an address may take to answer, in milliseconds. An address in use answers within this. The next scan finds one whose
        /// first packet was lost.
        private static let answerTime: Int64 = 700
        private static let certificateTime: Int64 = 2_000
        static let mostSubnets = 8

        let reason: Reason
        private var waitsForNetworks = false
        private var waitsForUSB = false
        private var queue: [PrivateAddress] = []
        private var total = 0
        private var open: [UInt64: [PrivateAddress]] = [:]
        /// The number of the last batch that was told to stop.
        private var stoppedUpTo: UInt64 = 0
        /// Whether the scan is over as soon as what is under way has come back.
        private(set) var isGivenUp = false
        /// Whether the subnets are in the queue, and not only single addresses.
        private var sweeps = false
        private(set) var summary = LookSummary()

        init(_ reason: Reason) { self.reason = reason }

        // MARK: What is known

        var order: RequestID? {
            if case .order(let id, _) = reason { return id }
            return nil
        }

        var isOver: Bool { !waitsForNetworks && !waitsForUSB && open.isEmpty && (queue.isEmpty || isGivenUp) }
        var hasOpenBatches: Bool { !open.isEmpty }

        /// The pace of the scan. A search beside a payment goes slowly, because the payment uses the network too.
        private func pace(_ around: Circumstances) -> Pace {
            switch reason {
            case .routine: .gentle
            case .probe: .brisk
            case .search: around.isPaying ? .gentle : .brisk
            case .order: .brisk
            }
        }

        /// Whether a payment stands in the scan's way.
        func mustYield(_ around: Circumstances) -> Bool {
            guard around.isPaying else { return false }
            return switch reason {
            case .routine: true
            case .search: !around.isAwaited
            case .order, .probe: false
            }
        }

        /// Whether the scan goes through whole subnets and a payment stands in its way.
        func sweepsInTheWay(_ around: Circumstances) -> Bool { sweeps && mustYield(around) }

        // MARK: Its beginning

        /// Begins the scan. Returns the questions that come before any address is scanned.
        mutating func begin(_ around: Circumstances) -> [Action] {
            let policy = around.policy
            switch reason {
            case .routine, .search:
                waitsForNetworks = policy.lanSweep
                if !policy.lanSweep { enqueue(first: policy.lanAddresses, subnets: []) }
            case .probe: enqueue(first: around.registered.sorted(), subnets: [])
            case .order(_, let order):
                if order.usb, !policy.usbLooks {
                    note(.usbOff, "The settings switch USB off (usb.enabled).", remedy: "Set usb.enabled = true and restart readerd.")
                }
                waitsForUSB = order.usb && policy.usbLooks
                waitsForNetworks = order.lan && order.subnets == nil
                if order.lan, let subnets = order.subnets {
                    enqueue(first: subnets.isEmpty ? around.registered.sorted() : [], subnets: subnets)
                }
            }
            return (waitsForUSB ? [.lookAtUSB] : []) + (waitsForNetworks ? [.askNetworks] : [])
        }

        /// Takes the networks. Returns whether the scan waited for them.
        mutating func networks(_ result: Result<NetworkFacts, LookTrouble>, _ around: Circumstances) -> Bool {
            guard waitsForNetworks else { return false }
            waitsForNetworks = false
            var facts = NetworkFacts(networks: [], neighbours: [])
            switch result {
            case .success(let known):
                facts = known
                if let trouble = known.trouble {
                    note(.lanUnavailable, "Whom this box knows on its networks cannot be read: \(trouble.detail).")
                }
            case .failure(let trouble): note(.lanUnavailable, "This box's networks cannot be read: \(trouble.detail).")
            }
            if !isGivenUp { plan(facts, around) }
            return true
        }

        /// Takes an enumeration of USB. Returns what was found for the order; nil when the scan did not wait for it.
        mutating func usb(_ result: Result<[USBSighting], LookTrouble>) -> [Action]? {
            guard waitsForUSB, let order else { return nil }
            waitsForUSB = false
            switch result {
            case .success(let sightings): return [.foundUSB(order, sightings)]
            case .failure(let trouble):
                note(.usbUnavailable, "USB cannot be looked at: \(trouble.detail).")
                return []
            }
        }

        // MARK: Which addresses, in which order

        /// Queues the addresses. Those where a reader is most likely come first.
        private mutating func plan(_ facts: NetworkFacts, _ around: Circumstances) {
            let policy = around.policy
            var subnets = subnets(of: facts.networks, around)
            if order != nil, policy.lanSubnets.isEmpty, !facts.others.isEmpty {
                let names = facts.others.prefix(Self.mostSubnets).map(\.name).joined(separator: ", ")
                note(
                    .subnetsLeft, "Networks of containers, virtual machines and tunnels were left alone: \(names).",
                    remedy: "If readers are in one of them, give its subnet: lan.subnets.")
            }
            if subnets.isEmpty {
                note(
                    .noSubnet, "This box has no private IPv4 network.",
                    remedy: "Connect it to the shop's network, or give its subnets: lan.subnets.")
            }
            if subnets.count > Self.mostSubnets {
                let left = subnets[Self.mostSubnets...].map(\.description).joined(separator: ", ")
                note(
                    .subnetsLeft, "This box has more than \(Self.mostSubnets) networks; not looked at: \(left).",
                    remedy: "Give those in which the readers are: lan.subnets.")
                subnets = Array(subnets.prefix(Self.mostSubnets))
            }
            let neighbours = facts.neighbours.filter { address in
                policy.lanSubnets.isEmpty || subnets.contains { $0.contains(address) }
            }
            // While a payment is at work, the scan still covers single addresses. They are a handful, and none is a held reader's.
            let sweeps = !mustYield(around)
            enqueue(
                first: policy.lanAddresses + around.known.sorted() + neighbours, subnets: sweeps ? subnets : [],
                without: Set((facts.networks + facts.others).map(\.address)))
        }

        private mutating func subnets(of own: [LocalNetwork], _ around: Circumstances) -> [Subnet] {
            var subnets = around.policy.lanSubnets
            for network in own where around.policy.lanSubnets.isEmpty || around.gadgets.contains(network.name) {
                guard let subnet = Subnet(around: network.address, prefix: network.prefix), !subnets.contains(subnet) else { continue }
                subnets.append(subnet)
                if network.prefix < Subnet.shortestPrefix {
                    note(
                        .subnetCut,
                        "The network of \(network.name) (/\(network.prefix)) is too large to be looked at whole: only \(subnet) was.",
                        remedy: "Give the part in which the readers are: lan.subnets.")
                }
            }
            return subnets
        }

        private mutating func enqueue(first: [PrivateAddress], subnets: [Subnet], without own: Set<PrivateAddress> = []) {
            var seen = own
            for address in first + subnets.flatMap(\.hosts) where seen.insert(address).inserted { queue.append(address) }
            summary.subnets = subnets
            sweeps = !subnets.isEmpty
            total = queue.count
        }

        // MARK: Batches

        /// Asks for as many batches as may be under way at once. It passes over the addresses of held readers.
        ///
        /// - Parameter last: the number of the last batch that was asked for.
        mutating func next(_ around: Circumstances, last: inout UInt64) -> [Action] {
            let pace = pace(around)
            var actions: [Action] = []
            while !isGivenUp, open.count < pace.window, !queue.isEmpty {
                var batch: [PrivateAddress] = []
                var passed = 0
                for address in queue where batch.count < pace.batch {
                    passed += 1
                    if around.held.contains(address) {
                        total -= 1
                        noteBusy()
                    } else {
                        batch.append(address)
                    }
                }
                queue.removeFirst(passed)
                guard !batch.isEmpty else { break }
                last += 1
                open[last] = batch
                let look = LANLook(
                    addresses: batch, told: Set(batch).intersection(around.policy.lanAddresses), port: around.policy.lanPort,
                    perSecond: pace.perSecond, answerTime: Self.answerTime, certificateTime: Self.certificateTime)
                actions.append(.scan(batch: last, look))
            }
            return actions
        }

        /// Takes the end of a batch. Returns what the batch has found; nil when it is not one of this scan.
        mutating func scanned(batch: UInt64, _ findings: LANFindings) -> [Action]? {
            guard let addresses = open.removeValue(forKey: batch) else { return nil }
            let looked = addresses.filter { findings.looked.contains($0) }
            summary.addresses += looked.count
            // The addresses of a stopped batch come later, unless a holder has them by then. What an edge left out by itself is not asked
            // again.
            if batch <= stoppedUpTo { queue.insert(contentsOf: addresses.filter { !findings.looked.contains($0) }, at: 0) }
            var actions: [Action] = []
            if !findings.sightings.isEmpty { actions.append(.found(order, findings.sightings)) }
            let missed = Set(looked).subtracting(findings.sightings.compactMap { sighting in looked.first { $0.text == sighting.address } })
            if !missed.isEmpty { actions.append(.missed(missed)) }
            if let order { actions.append(.progress(order, looked: summary.addresses, of: total)) }
            return actions
        }

        /// Withdraws the addresses of a reader that a payment now has. The rest goes on.
        ///
        /// - Returns: whether there is anything to withdraw.
        mutating func withdraw(_ around: Circumstances, upTo last: UInt64) -> Bool {
            guard stoppedUpTo < last, open.values.contains(where: { !around.held.isDisjoint(with: $0) }) else { return false }
            stoppedUpTo = last
            return true
        }

        mutating func giveUp() { isGivenUp = true }

        // MARK: Notes

        private mutating func noteBusy() {
            guard !summary.notes.contains(where: { $0.code == .readersBusy }) else { return }
            note(.readersBusy, "Readers that a payment has were left alone.", remedy: "Look again when the payment has ended.")
        }

        private mutating func note(_ code: LookNote.Code, _ message: String, remedy: String? = nil) {
            summary.notes.append(LookNote(code, message, remedy: remedy))
        }
    }
}
