import GatewayModel
import Moments

/// Discovery of devices: what the machine asks of the edges, and what it does with their sightings.
extension GatewayMachine {
    mutating func discover(_ id: RequestID, _ order: DiscoveryOrder, at now: Now) {
        guard !isStopping else { return refuse(id, Refusal(.shuttingDown, "The agent is being stopped.")) }
        var actions: [Discovery.Action] = []
        guard discovery.order(id, order, circumstances, at: now.mono, actions: &actions) else {
            return refuse(
                id,
                Refusal(.queueFull, "\(Discovery.mostOrders) others wait to look for devices.", remedy: "Try again when they have ended.")
            )
        }
        carryOut(actions)
        // The lists say which sighted readers are registered. Stripe's list comes with the backend's if a token is at hand.
        let isUnsure =
            !lists.hasListed || readers.values.contains { $0.facts.inBackend && $0.facts.baseURL == nil && !$0.facts.isVendorSDKOnly }
        if order.lan, isUnsure { listReaders(at: now) }
    }

    mutating func forgetDiscovery(_ id: RequestID, at now: Now) {
        carryOut(discovery.forget(id, circumstances, at: now.mono))
    }

    /// Searches for a reader that is not where it should be.
    mutating func search(at now: Now) { carryOut(discovery.search(circumstances, at: now.mono)) }

    mutating func networksTold(_ result: Result<NetworkFacts, LookTrouble>, at now: Now) {
        carryOut(discovery.networks(result, circumstances, at: now.mono))
    }

    mutating func lookedAtUSB(_ result: Result<[USBSighting], LookTrouble>, at now: Now) {
        carryOut(discovery.usb(result, circumstances, at: now.mono))
    }

    mutating func scanned(_ batch: UInt64, _ findings: LANFindings, at now: Now) {
        carryOut(discovery.scanned(batch: batch, findings, circumstances, at: now.mono))
    }

    mutating func tickDiscovery(at now: Now) {
        let isDue = discovery.nextWake(policy).map { now.mono >= $0 } ?? false
        guard isDue || discovery.isScanning else { return }
        carryOut(discovery.changed(circumstances, at: now.mono))
        if isDue { carryOut(discovery.tick(circumstances, at: now.mono)) }
    }

    private var circumstances: Discovery.Circumstances {
        var around = Discovery.Circumstances(policy: policy)
        around.gadgets = devices.networkInterfaces
        around.known = devices.lanAddresses
        for reader in readers.values {
            let places = reader.places
            around.known.formUnion(places)
            if let place = reader.placeToAsk { around.registered.insert(place) }
            if reader.isSearching, reader.isAwaited { around.isAwaited = true }
            // A search does not disturb the holder that waits for the searched reader.
            guard reader.holder != nil, !reader.isSearching else { continue }
            around.held.formUnion(places)
            if !reader.isFreeing { around.isPaying = true }
        }
        return around
    }

    private mutating func carryOut(_ actions: [Discovery.Action]) {
        for action in actions { queue.add(.owed(.discovery(action))) }
    }

    mutating func carryOut(_ action: Discovery.Action, at now: Now) {
        switch action {
        case .askNetworks: call(.networks, for: .networks, timeout: 5_000, payment: nil)
        case .lookAtUSB: call(.lookAtUSB, for: .lookAtUSB, timeout: 10_000, payment: nil)
        case .scan(let batch, let look): call(.lookAtLAN(look), for: .scan(batch), timeout: 60_000, payment: nil)
        case .stop: queue.emit(.stopLooking)
        case .progress(let id, let looked, let total):
            if discovery.isFollowed(id) { queue.emit(.lookNews(id, .progress(looked: looked, of: total))) }
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
            guard let told = discovery.takeTold(id) else { return }
            // A list may have come since the device was told, and may say what was not known then.
            for (key, facts) in told {
                if let view = devices.view(key), view.facts != facts { queue.emit(.lookNews(id, .device(view))) }
            }
            summary.devices = told.count
            respond(id, .discovered(summary))
        case .searched:
            for id in readers.ids where readers[id]?.isSearching == true {
                changeReader(id, at: now) { reader, random in reader.searched(at: now, random: &random) }
            }
        }
    }

    private mutating func tell(_ id: RequestID, _ keys: [DeviceKey]) {
        for key in keys.sorted() {
            guard let view = devices.view(key), discovery.tells(id, of: view.facts) else { continue }
            queue.emit(.lookNews(id, .device(view)))
        }
    }
}
