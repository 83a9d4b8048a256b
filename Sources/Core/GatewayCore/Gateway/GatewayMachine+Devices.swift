import GatewayModel
import Moments

extension GatewayMachine {
    /// Takes in the reports of the edges that scan for devices. Nothing in a report can be wrong enough to refuse it.
    mutating func reported(_ news: DeviceNews, at now: Now) {
        let known = factsForDevices
        devices.excluded = policy.usbExclude
        switch news {
        case .usb(let sightings): tell(devices.enumerated(sightings, readers: known, at: now.wall))
        case .lan(let sightings): tell(devices.seen(sightings, readers: known, at: now.wall))
        case .lanMissed(let addresses): tell(devices.missed(addresses))
        }
    }

    /// Joins devices and readers again, after anything that may have changed either.
    mutating func joinDevices(at now: Now) {
        guard !devices.isEmpty || readers.values.contains(where: { $0.facts.usb != nil || $0.facts.seen != nil }) else { return }
        devices.excluded = policy.usbExclude
        let shared = inChargeFirst(readers.facts) { $0.value.id }
        guard devices.isToBeJoined(with: shared) else { return }
        let known = shared.map(\.value)
        tell(devices.judge(readers: known))
        var isNews = false
        for facts in known {
            let seen = devices.sighting(of: facts)
            if seen != facts.seen {
                isNews = true
                changeReader(facts.id, at: now) { reader, _ in reader.sighted(seen, at: now) }
                noteMove(facts, seen)
            }
            let plugged = devices.place(of: facts.id)
            guard plugged?.place != facts.usbPlace else { continue }
            isNews = true
            changeReader(facts.id, at: now) { reader, random in
                reader.plugged(plugged?.place, plugged?.facts, at: now, random: &random)
            }
            queue.readerChanged(facts.id)
        }
        if !isNews { devices.isJoined(with: shared) }
    }

    /// The facts of all readers. Among several entries of one device, the one that drives it comes first, because sightings and plugs are
    /// its own.
    private var factsForDevices: [ReaderFacts] { inChargeFirst(readers.facts) { $0.value.id }.map(\.value) }

    private func inChargeFirst<Known>(_ known: [Known], id: (Known) -> ReaderID) -> [Known] {
        let identities = readers.identities
        guard identities.hasTwins else { return known }
        return known.filter { identities.standsBack(for: id($0)) == nil } + known.filter { identities.standsBack(for: id($0)) != nil }
    }

    /// The readers' facts with the USB links that are plugged in.
    mutating func joined(_ listed: [ReaderFacts]) -> [ReaderFacts] {
        guard !devices.isEmpty else { return listed }
        tell(devices.judge(readers: inChargeFirst(listed) { $0.id }))
        return listed.map { facts in
            let plugged = devices.place(of: facts.id)
            var facts = facts
            facts.usbPlace = plugged?.place
            facts.usb = plugged?.facts
            facts.seen = devices.sighting(of: facts)
            return facts
        }
    }

    private mutating func noteMove(_ facts: ReaderFacts, _ seen: LANSighting?) {
        guard let seen, let known = facts.currentAddress, known != seen.address else { return }
        log(.notice, "the reader was seen at \(seen.address); it was known at \(known)", .reader(facts.id))
        queue.readerChanged(facts.id)
    }

    private mutating func tell(_ actions: [DeviceList.Action]) {
        for case .changed(let change, let view) in actions { queue.emit(.deviceChanged(change, view)) }
    }

    package var deviceViews: [DeviceView] { devices.views }
}
