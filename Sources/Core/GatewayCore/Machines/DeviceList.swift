import GatewayModel
import Moments

/// Everything that was seen on USB and on the LAN, registered or not.
///
/// USB comes as whole enumerations, so a lost hotplug event or a doubled one changes nothing: what is in the list and not in the enumeration is gone,
/// whatever it was doing. The LAN comes one sighting at a time.
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
        /// How often it was looked for since, in vain.
        var misses = 0

        var view: DeviceView { DeviceView(facts: facts, firstSeenAt: firstSeenAt, lastSeenAt: lastSeenAt) }
    }

    /// A first packet gets lost, on wireless networks above all: what is missed once is not called gone.
    package static let patience = 2
    /// More than this is no store's, and would be memory without bound.
    package static let limit = 512

    private var entries: [DeviceKey: Entry] = [:] {
        didSet { forget() }
    }
    /// `usb.exclude`.
    package var excluded: [String] = [] {
        didSet { if excluded != oldValue { forget() } }
    }
    /// The readers that the entries were last held against, while nothing has changed since: most events change neither.
    private var judgedFor: [ReaderFacts]?
    /// The same, and the readers were told what follows for them.
    private var joinedWith: [Shared<ReaderFacts>]?

    package init() {}

    package var isEmpty: Bool { entries.isEmpty }
    package var views: [DeviceView] { entries.values.map(\.view).sorted { $0.facts.key < $1.facts.key } }

    /// Where the reader's own USB link is plugged in, if it is and can be driven.
    package func place(of reader: ReaderID) -> (place: USBPlace, facts: USBFacts)? {
        let fitting = entries.values.filter { $0.facts.reader == reader && $0.facts.isDriveable }
        let plugged = fitting.compactMap { entry in entry.facts.usb.flatMap { usb in usb.place.map { (place: $0, facts: usb) } } }
        return plugged.min { ($0.place.bus, $0.place.portPath) < ($1.place.bus, $1.place.portPath) }
    }

    /// An enumeration of the whole of USB.
    package mutating func enumerated(_ sightings: [USBSighting], readers: [ReaderFacts], at now: WallTime) -> [Action] {
        let judge = DeviceJudge(readers: readers, excluded: excluded)
        // Hubs are the way to devices, not devices.
        let keyed = keys(for: sightings.filter { $0.deviceClass != 0x09 })
        var actions: [Action] = []
        let present = Set(keyed.map(\.key))
        for key in entries.keys.sorted() where !present.contains(key) {
            if case .usb = entries[key]?.sighting { remove(key, &actions) }
        }
        for (key, sighting) in keyed { see(key, .usb(sighting), judge.judge(sighting, key: key), at: now, &actions) }
        return actions
    }

    /// Where a registered reader's certificate was last seen on the LAN, if that is later than what Stripe's list says.
    package func sighting(of reader: ReaderFacts) -> LANSighting? {
        let seen = entries.values.compactMap { entry -> (sighting: LANSighting, at: WallTime)? in
            guard entry.facts.reader == reader.id, entry.misses == 0, entry.lastSeenAt >= reader.addressChangedAt,
                case .lan(let sighting) = entry.sighting
            else { return nil }
            return (sighting, entry.lastSeenAt)
        }
        return seen.max { ($0.at, $0.sighting.address) < ($1.at, $1.sighting.address) }?.sighting
    }

    /// Where something was seen on the LAN before.
    package var lanAddresses: Set<PrivateAddress> { Set(entries.values.compactMap { $0.facts.lan.flatMap { Self.address($0) } }) }

    /// The network interfaces that USB devices present.
    package var networkInterfaces: Set<String> {
        Set(entries.values.lazy.compactMap { $0.facts.usb }.filter { $0.link == .network }.compactMap(\.networkInterface))
    }

    package func view(_ key: DeviceKey) -> DeviceView? { entries[key]?.view }

    /// Seen on the LAN now. Of several that claim one name, the one that had it keeps it.
    package mutating func seen(_ sightings: [LANSighting], readers: [ReaderFacts], at now: WallTime) -> [Action] {
        let judge = DeviceJudge(readers: readers, excluded: excluded)
        var actions: [Action] = []
        for (key, same) in Dictionary(grouping: sightings, by: \.key).sorted(by: { $0.key < $1.key }) {
            var chosen = same.min { $0.address < $1.address }
            if case .lan(let known) = entries[key]?.sighting { chosen = same.first { $0.address == known.address } ?? chosen }
            guard let chosen else { continue }
            // What was seen at an address before is not there any more when another device answers.
            let gone = entries.filter { other, entry in
                if other != key, case .lan(let old) = entry.sighting { old.address == chosen.address } else { false }
            }
            for other in gone.keys.sorted() { remove(other, &actions) }
            see(key, .lan(chosen), judge.judge(chosen), at: now, &actions)
        }
        return actions
    }

    /// These addresses were looked at, and no reader was there.
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

    /// The lists of readers, or what is excluded, may have changed: what that makes of the devices.
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

    /// Whether the readers may have to be told anything: a device, or what is known of a reader, is another than when they were told last.
    func isToBeJoined(with readers: [Shared<ReaderFacts>]) -> Bool {
        guard let last = joinedWith, last.count == readers.count else { return true }
        return !zip(last, readers).allSatisfy { $0.isSame(as: $1) }
    }

    /// They were held against every device, and there was nothing to tell them.
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
        // Another number at the same place is another plug, which somebody may have missed.
        if facts != known.facts || known.sighting != sighting { actions.append(.changed(.changed, entry.view)) }
    }

    private mutating func remove(_ key: DeviceKey, _ actions: inout [Action]) {
        guard let entry = entries.removeValue(forKey: key) else { return }
        actions.append(.changed(.removed, entry.view))
    }

    /// Keys by serial number, else by place. Of several devices that claim the same serial number the one that had the key keeps it; the others go
    /// by their places.
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
