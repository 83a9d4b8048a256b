import GatewayModel
import Moments

/// Looking for devices: what is asked of the edges, and what becomes of what they see.
extension GatewayMachine {
    /// What has been found for an order so far, as it was told.
    struct Discovery: Sendable, Equatable {
        var told: [DeviceKey: DeviceFacts] = [:]
    }

    mutating func discover(_ id: RequestID, _ order: DiscoveryOrder, at now: Now) {
        guard !isStopping else { return refuse(id, Refusal(.shuttingDown, "The agent is being stopped.")) }
        discoveries[id] = Discovery()
        var actions: [Lookout.Action] = []
        guard lookout.order(id, order, circumstances, at: now.mono, actions: &actions) else {
            discoveries[id] = nil
            return refuse(
                id, Refusal(.queueFull, "\(Lookout.mostOrders) others wait to look for devices.", remedy: "Try again when they have ended.")
            )
        }
        carryOut(actions, at: now)
        // Which of the readers that are seen are registered is said by the lists; Stripe's comes with the backend's, if a token is at hand.
        let isUnsure =
            listedAt == nil || readers.values.contains { $0.facts.inBackend && $0.facts.baseURL == nil && !$0.facts.isVendorSDKOnly }
        if order.lan, isUnsure, !isListing { listReaders(at: now) }
    }

    mutating func forgetDiscovery(_ id: RequestID, at now: Now) {
        guard discoveries.removeValue(forKey: id) != nil else { return }
        carryOut(lookout.forget(id, circumstances, at: now.mono), at: now)
    }

    /// A reader is not where it should be.
    mutating func search(at now: Now) { carryOut(lookout.search(circumstances, at: now.mono), at: now) }

    mutating func looked(_ purpose: Purpose, _ answer: Answer, at now: Now) {
        let around = circumstances
        switch (purpose, answer) {
        case (.networks, .networks(let result)): carryOut(lookout.networks(result, around, at: now.mono), at: now)
        case (.lookAtUSB, .lookedAtUSB(let result)): carryOut(lookout.usb(result, around, at: now.mono), at: now)
        case (.look(let batch), .lookedAtLAN(let findings)):
            carryOut(lookout.looked(batch: batch, findings, around, at: now.mono), at: now)
        default: log(.error, "an answer of another kind than its question came; it was dropped")
        }
    }

    mutating func tickLookout(at now: Now) {
        let isDue = lookout.nextWake(policy).map { now.mono >= $0 } ?? false
        guard isDue || lookout.isLooking else { return }
        carryOut(lookout.changed(circumstances, at: now.mono), at: now)
        if isDue { carryOut(lookout.tick(circumstances, at: now.mono), at: now) }
    }

    private var circumstances: Lookout.Circumstances {
        var around = Lookout.Circumstances(policy: policy)
        around.gadgets = devices.networkInterfaces
        around.known = devices.lanAddresses
        for reader in readers.values {
            let places = reader.places
            around.known.formUnion(places)
            if let place = reader.placeToAsk { around.registered.insert(place) }
            if reader.isSearching, reader.isAwaited { around.isAwaited = true }
            // Whoever waits for a reader that is searched for is not disturbed by the search.
            guard reader.holder != nil, !reader.isSearching else { continue }
            around.held.formUnion(places)
            if !reader.isFreeing { around.isPaying = true }
        }
        return around
    }

    private mutating func carryOut(_ actions: [Lookout.Action], at now: Now) {
        for action in actions { queue.add(.owed(.lookout(action))) }
    }

    mutating func carryOut(_ action: Lookout.Action, at now: Now) {
        switch action {
        case .askNetworks: call(.networks, for: .networks, timeout: 5_000, payment: nil)
        case .lookAtUSB: call(.lookAtUSB, for: .lookAtUSB, timeout: 10_000, payment: nil)
        case .look(let batch, let look): call(.lookAtLAN(look), for: .look(batch), timeout: 60_000, payment: nil)
        case .stop: out.append(.stopLooking)
        case .progress(let id, let looked, let total):
            if discoveries[id] != nil { out.append(.lookNews(id, .progress(looked: looked, of: total))) }
        case .found(let id, let sightings):
            reported(.lan(sightings), at: now)
            heard(of: sightings, at: now)
            if let id { tell(id, sightings.map(\.key)) }
        case .missed(let addresses):
            reported(.lanMissed(addresses), at: now)
            missed(addresses, at: now)
        case .foundUSB(let id, let sightings):
            reported(.usb(sightings), at: now)
            tell(id, devices.views.filter { $0.facts.transport == .usb }.map(\.facts.key))
        case .ended(let id, var summary):
            guard let discovery = discoveries.removeValue(forKey: id) else { return }
            // The lists may have come meanwhile, and said what was not known of a device when it was told.
            for (key, facts) in discovery.told.sorted(by: { $0.key < $1.key }) {
                if let view = devices.view(key), view.facts != facts { out.append(.lookNews(id, .device(view))) }
            }
            summary.devices = discovery.told.count
            respond(id, .discovered(summary))
        case .searched:
            for id in readers.keys.sorted() where readers[id]?.isSearching == true {
                changeReader(id, at: now) { reader, random in reader.searched(at: now, random: &random) }
            }
        }
    }

    private mutating func tell(_ id: RequestID, _ keys: [DeviceKey]) {
        for key in keys.sorted() {
            guard let view = devices.view(key), discoveries[id]?.told.updateValue(view.facts, forKey: key) == nil else { continue }
            out.append(.lookNews(id, .device(view)))
        }
    }
}
