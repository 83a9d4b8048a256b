import GatewayModel
import Moments

/// The identities of readers: which entries of the lists are one device, and where each was when it was last listed.
///
/// A serial number identifies a device: all its entries in the lists are one device with one session and one lease. The address comes only
/// with Stripe's list, which needs a connection token and so a cart. The journal keeps it, so that after a start the agent can ask whether
/// a reader is there before the first cart is opened.
struct ReaderIdentities: Sendable {
    /// One entry of the lists, as it stands when the choice of the entry that drives its device is made.
    struct Entry: Sendable {
        var id: ReaderID
        var serial: String?
        /// Whether something is under way on it, or waits for it.
        var isOccupied: Bool
        var isAtWork: Bool
        var isRegistered: Bool
        var isLeased: Bool
        var isLive: Bool
        var isOnline: Bool
        var lastSeenAt: WallTime?

        /// Whether this entry ranks higher. The highest one drives the device.
        fileprivate func outranks(_ other: Entry) -> Bool { rank > other.rank }

        private var rank: (Int, Int, Int, Int, Int, WallTime) {
            (
                isAtWork ? 1 : 0, isRegistered ? 1 : 0, isLeased ? 1 : 0, isLive ? 1 : 0, isOnline ? 1 : 0, lastSeenAt ?? .min
            )
        }
    }

    static let placeKey = "reader.place."
    static let serialKey = "reader.serial."
    private static let nothing = "-"
    private static let longestWord = 120

    /// The last listed place of each reader, as the journal has it.
    private var places: [ReaderID: String] = [:]
    /// The serial numbers by id, as they were once learnt.
    private var serials: [ReaderID: String] = [:]
    /// The entries whose device is driven by another entry of it.
    private var acting: [ReaderID: ReaderID] = [:]
    /// Whether the lists have changed since the last choice of the entries that are one device.
    private var isToBeUnited = false

    // MARK: What is remembered

    mutating func recall(_ facts: [String: String]) {
        for (key, value) in facts {
            if key.hasPrefix(Self.placeKey) { places[ReaderID(unchecked: String(key.dropFirst(Self.placeKey.count)))] = value }
            if key.hasPrefix(Self.serialKey), !value.isEmpty {
                serials[ReaderID(unchecked: String(key.dropFirst(Self.serialKey.count)))] = value
            }
        }
        isToBeUnited = true
    }

    /// What is known of a reader that a list, or the journal, has just named for the first time in this life.
    func remembered(_ id: ReaderID) -> ReaderFacts {
        var facts = ReaderFacts(id: id)
        let words = (places[id] ?? "").split(separator: " ").map { $0 == Self.nothing ? nil : String($0) }
        if words.count == 4 { (facts.address, facts.baseURL, facts.serial, facts.model) = (words[0], words[1], words[2], words[3]) }
        facts.serial = serials[id] ?? facts.serial
        return facts
    }

    /// Notes the place of a reader from a list.
    ///
    /// - Returns: what is to be journaled; nil when it was known.
    mutating func learnPlace(_ facts: ReaderFacts) -> JournalEntry.Fact? {
        let words = [facts.address, facts.baseURL, facts.serial, facts.model].map { word in
            guard let word, !word.isEmpty, word.utf8.count <= Self.longestWord, word.utf8.allSatisfy({ (0x21...0x7e).contains($0) }) else {
                return Self.nothing
            }
            return word
        }
        let text = words.joined(separator: " ")
        guard places[facts.id] != text else { return nil }
        places[facts.id] = text
        return .init(key: Self.placeKey + facts.id.text, value: text)
    }

    /// Notes a serial number, so that after a start a lane that names it finds its reader before a token is at hand to read Stripe's list.
    ///
    /// - Returns: what is to be journaled; nil when it was known, or is not known now.
    mutating func learnSerial(_ facts: ReaderFacts) -> JournalEntry.Fact? {
        guard let serial = facts.serial, serials[facts.id] != serial else { return nil }
        serials[facts.id] = serial
        return .init(key: Self.serialKey + facts.id.text, value: serial)
    }

    func serial(of id: ReaderID) -> String? { serials[id] }

    /// The ids that once had this serial number.
    func ids(withSerial serial: String) -> Set<ReaderID> { Set(serials.lazy.filter { $0.value == serial }.map(\.key)) }

    // MARK: One device, one entry in charge

    /// Notes that the lists, or the readers, have changed.
    mutating func changed() { isToBeUnited = true }

    /// Whether the choice of the entries that are one device has to be made anew.
    var mayChange: Bool { isToBeUnited || hasTwins }

    /// Chooses the entry that drives each device. The choice changes only when nothing is under way at the entry so far.
    ///
    /// - Returns: whether another entry is in charge of any device.
    mutating func unite(_ entries: [Entry]) -> Bool {
        isToBeUnited = false
        var devices: [String: [Entry]] = [:]
        for entry in entries { if let serial = entry.serial { devices[serial] = (devices[serial] ?? []) + [entry] } }
        var acting: [ReaderID: ReaderID] = [:]
        for (serial, same) in devices {
            guard let chosen = inCharge(of: same.sorted { $0.id < $1.id }) else { continue }
            for entry in same where entry.id != chosen { acting[entry.id] = chosen }
            for (id, remembered) in serials where remembered == serial && id != chosen { acting[id] = chosen }
        }
        defer { self.acting = acting }
        return acting != self.acting
    }

    private func inCharge(of entries: [Entry]) -> ReaderID? {
        let occupied = entries.filter(\.isOccupied)
        let ids = entries.map(\.id)
        let current = occupied.first { acting[$0.id] == nil && wasInCharge($0.id, among: ids) }
        if let current, current.isAtWork || current.isRegistered { return current.id }
        let candidates = occupied.isEmpty ? entries : occupied
        return candidates.reduce(nil as Entry?) { best, next in
            guard let best else { return next }
            return next.outranks(best) ? next : best
        }?.id
    }

    /// Whether the others of its device already yielded to it.
    private func wasInCharge(_ id: ReaderID, among ids: [ReaderID]) -> Bool { ids.allSatisfy { $0 == id || acting[$0] == id } }

    /// The entry that drives a device now, whichever of its entries was named. It also serves an entry that is no longer listed.
    func device(_ id: ReaderID) -> ReaderID { acting[id] ?? id }

    /// The entry that is in charge of this entry's device; nil when this entry drives the device itself.
    func standsBack(for id: ReaderID) -> ReaderID? { acting[id] }

    /// Whether a device has several entries.
    var hasTwins: Bool { !acting.isEmpty }

    /// The entries that drive a device with several entries, in order.
    var inCharge: [ReaderID] { Set(acting.values).sorted() }
}
