import GatewayModel
import Moments

/// Everything that the agent saw on USB and on the LAN, registered or not.
///
/// USB comes as whole enumerations, so a lost or doubled hotplug event changes nothing: a device that is in the list and not in the
/// enumeration is gone, whatever it was doing. The LAN comes one sighting at a time.
package struct DeviceList: Sendable {
    package enum Action: Sendable, Equatable {
        case changed(DeviceChange, DeviceView)
    }

    private enum Sighting: Sendable, Hashable {
        case usb(USBSighting)
        case lan(LANSighting)
    }

    private struct Entry: Sendable {
        var sighting: Sighting
        var facts: DeviceFacts
        var firstSeenAt: WallTime
        var lastSeenAt: WallTime
        /// How often scans have missed it since.
        var misses = 0

        var view: DeviceView { DeviceView(facts: facts, firstSeenAt: firstSeenAt, lastSeenAt: lastSeenAt) }
    }

    /// The number of misses after which a device is gone. Networks lose a first packet, wireless ones above all, so one miss is not enough.
    package static let patience = 2
    /// The largest number of devices. No store has more, and memory needs a bound.
    package static let limit = 512

    private var entries: [DeviceKey: Entry] = [:] {
        didSet { forget() }
    }
    /// The setting `usb.exclude`.
    package var excluded: [String] = [] {
        didSet { if excluded != oldValue { forget() } }
    }
    /// The readers against which the entries were last judged, while nothing has changed since. Most events change neither.
    private var judgedFor: [ReaderFacts]?
    /// The readers that were last told what follows for them from the same entries.
    private var joinedWith: [Shared<ReaderFacts>]?

    package init() {}

    package var isEmpty: Bool { entries.isEmpty }
    package var views: [DeviceView] { entries.values.map(\.view).sorted { $0.facts.key < $1.facts.key } }

    /// Where the reader's own USB link is plugged in, if it is and the agent can drive it.
    package func place(of reader: ReaderID) -> (place: USBPlace, facts: USBFacts)? {
        let fitting = entries.values.filter { $0.facts.reader == reader && $0.facts.isDriveable }
        let plugged = fitting.compactMap { entry in entry.facts.usb.flatMap { usb in usb.place.map { (place: $0, facts: usb) } } }
        return plugged.min { ($0.place.bus, $0.place.portPath) < ($1.place.bus, $1.place.portPath) }
    }

    /// Takes in an enumeration of the whole of USB.
    package mutating func enumerated(_ sightings: [USBSighting], readers: [ReaderFacts], at now: WallTime) -> [Action] {
        let judge = DeviceJudge(readers: readers, excluded: excluded)
        // Hubs lead to devices and are none.
        let keyed = keys(for: sightings.filter { $0.deviceClass != 0x09 })
        var actions: [Action] = []
        let present = Set(keyed.map(\.key))
        for key in entries.keys.sorted() where !present.contains(key) {
            if case .usb = entries[key]?.sighting { remove(key, &actions) }
        }
        for (key, sighting) in keyed { see(key, .usb(sighting), judge.judge(sighting, key: key), at: now, &actions) }
        return actions
    }

    /// Where a registered reader's certificate was last seen on the LAN, if that is later than Stripe's list.
    package func sighting(of reader: ReaderFacts) -> LANSighting? {
        let seen = entries.values.compactMap { entry -> (sighting: LANSighting, at: WallTime)? in
            guard entry.facts.reader == reader.id, entry.misses == 0, entry.lastSeenAt >= reader.addressChangedAt,
                case .lan(let sighting) = entry.sighting
            else { return nil }
            return (sighting, entry.lastSeenAt)
        }
        return seen.max { ($0.at, $0.sighting.address) < ($1.at, $1.sighting.address) }?.sighting
    }

    /// The addresses at which a device was seen on the LAN before.
    package var lanAddresses: Set<PrivateAddress> { Set(entries.values.compactMap { $0.facts.lan.flatMap { Self.address($0) } }) }

    /// The network interfaces that USB devices present.
    package var networkInterfaces: Set<String> {
        Set(entries.values.lazy.compactMap { $0.facts.usb }.filter { $0.link == .network }.compactMap(\.networkInterface))
    }

    package func view(_ key: DeviceKey) -> DeviceView? { entries[key]?.view }

    /// Takes in what the LAN shows now. Of several devices that claim one name, the one that had it keeps it.
    package mutating func seen(_ sightings: [LANSighting], readers: [ReaderFacts], at now: WallTime) -> [Action] {
        let judge = DeviceJudge(readers: readers, excluded: excluded)
        var actions: [Action] = []
        for (key, same) in Dictionary(grouping: sightings, by: \.key).sorted(by: { $0.key < $1.key }) {
            var chosen = same.min { $0.address < $1.address }
            if case .lan(let known) = entries[key]?.sighting { chosen = same.first { $0.address == known.address } ?? chosen }
            guard let chosen else { continue }
            // A device that answers at an address replaces another one that was seen there before.
            let gone = entries.filter { other, entry in
                if other != key, case .lan(let old) = entry.sighting { old.address == chosen.address } else { false }
            }
            for other in gone.keys.sorted() { remove(other, &actions) }
            see(key, .lan(chosen), judge.judge(chosen), at: now, &actions)
        }
        return actions
    }

    /// Notes addresses that were scanned without finding a reader.
    package mutating func missed(_ addresses: Set<PrivateAddress>) -> [Action] {
        var actions: [Action] = []
        for key in entries.keys.sorted() {
            guard case .lan(let sighting) = entries[key]?.sighting, let address = Self.address(sighting), addresses.contains(address) else {
                continue
            }
            entries[key]?.misses += 1
            if let misses = entries[key]?.misses, misses >= Self.patience { remove(key, &actions) }
        }
        return actions
    }

    private static func address(_ sighting: LANSighting) -> PrivateAddress? {
        do throws(PrivateAddress.Problem) {
            return try PrivateAddress(sighting.address)
        } catch {
            return nil
        }
    }

    /// Judges the devices again, after the lists of readers or the exclusions may have changed.
    package mutating func judge(readers: [ReaderFacts]) -> [Action] {
        guard judgedFor != readers else { return [] }
        defer { judgedFor = readers }
        let judge = DeviceJudge(readers: readers, excluded: excluded)
        var actions: [Action] = []
        for key in entries.keys.sorted() {
            guard let entry = entries[key] else { continue }
            let facts: DeviceFacts =
                switch entry.sighting {
                case .usb(let sighting): judge.judge(sighting, key: key)
                case .lan(let sighting): judge.judge(sighting)
                }
            guard facts != entry.facts else { continue }
            entries[key]?.facts = facts
            if let view = entries[key]?.view { actions.append(.changed(.changed, view)) }
        }
        return actions
    }

    /// Whether the readers may have news: a device, or what is known of a reader, has changed since they were last told.
    func isToBeJoined(with readers: [Shared<ReaderFacts>]) -> Bool {
        guard let last = joinedWith, last.count == readers.count else { return true }
        return !zip(last, readers).allSatisfy { $0.isSame(as: $1) }
    }

    /// Notes that these readers were held against every device and have no news.
    mutating func isJoined(with readers: [Shared<ReaderFacts>]) { joinedWith = readers }

    // MARK: Parts

    private mutating func forget() {
        judgedFor = nil
        joinedWith = nil
    }

    private mutating func see(_ key: DeviceKey, _ sighting: Sighting, _ facts: DeviceFacts, at now: WallTime, _ actions: inout [Action]) {
        guard let known = entries[key] else {
            guard entries.count < Self.limit else { return }
            let entry = Entry(sighting: sighting, facts: facts, firstSeenAt: now, lastSeenAt: now)
            entries[key] = entry
            actions.append(.changed(.added, entry.view))
            return
        }
        let entry = Entry(sighting: sighting, facts: facts, firstSeenAt: known.firstSeenAt, lastSeenAt: now)
        entries[key] = entry
        // Another number at the same place means another plug, whose event the agent may have missed.
        if facts != known.facts || known.sighting != sighting { actions.append(.changed(.changed, entry.view)) }
    }

    private mutating func remove(_ key: DeviceKey, _ actions: inout [Action]) {
        guard let entry = entries.removeValue(forKey: key) else { return }
        actions.append(.changed(.removed, entry.view))
    }

    /// The keys of the devices: the serial number, else the place. Of several devices that claim one serial number, the one that had the
    /// key keeps it. The others go by their places.
    private func keys(for sightings: [USBSighting]) -> [(key: DeviceKey, sighting: USBSighting)] {
        var byName: [String: [USBSighting]] = [:]
        var keyed: [(key: DeviceKey, sighting: USBSighting)] = []
        for sighting in sightings {
            let ids = DeviceJudge.hex(sighting.vendorID) + ":" + DeviceJudge.hex(sighting.productID)
            if let serial = sighting.serial, !serial.isEmpty {
                byName["usb:\(ids):\(serial)", default: []].append(sighting)
            } else {
                keyed.append((Self.placeKey(sighting), sighting))
            }
        }
        for (name, same) in byName {
            let key = DeviceKey(unchecked: name)
            let sorted = same.sorted { ($0.bus, $0.portPath) < ($1.bus, $1.portPath) }
            var owner = sorted.first
            if case .usb(let known) = entries[key]?.sighting {
                owner = sorted.first { $0.bus == known.bus && $0.portPath == known.portPath } ?? owner
            }
            for sighting in sorted { keyed.append((sighting == owner ? key : Self.placeKey(sighting), sighting)) }
        }
        return keyed.sorted { $0.key < $1.key }
    }

    private static func placeKey(_ sighting: USBSighting) -> DeviceKey {
        DeviceKey(unchecked: "usb:\(sighting.bus)-\(sighting.portPath)")
    }
}
