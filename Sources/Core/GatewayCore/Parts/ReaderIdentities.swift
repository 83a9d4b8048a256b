import GatewayModel
import Moments

/// Who is who among readers: which entries of the lists are one device, and where each was when it was last listed.
///
/// A device is known by its serial number: whatever entries the lists have for it, it is one device, with one session and one lease.
/// The address comes with Stripe's list only, which needs a connection token and so a cart. It is kept in the journal, so that after a start a reader
/// can be asked whether it is there before the first cart is opened.
struct ReaderIdentities: Sendable {
    /// One entry of the lists, as it stands when it is judged which of them drives its device.
    struct Entry: Sendable {
        var id: ReaderID
        var serial: String?
        /// Something is under way on it, or waits for it.
        var isOccupied: Bool
        var isAtWork: Bool
        var isRegistered: Bool
        var isLeased: Bool
        var isLive: Bool
        var isOnline: Bool
        var lastSeenAt: WallTime?

        /// The higher one drives the device.
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

    /// Where each was when it was last listed, as it stands in the journal.
    private var places: [ReaderID: String] = [:]
    /// Serial numbers by id, as they were learnt at some time.
    private var serials: [ReaderID: String] = [:]
    /// Entries whose device is driven by another entry of it.
    private var acting: [ReaderID: ReaderID] = [:]
    /// The lists have said something since it was last judged which entries are one device.
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

    /// A list has told where it is.
    ///
    /// - Returns: what is to be journaled; nil: it was known.
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

    /// A lane that names a serial number finds its reader after a start, before anybody has a token to read Stripe's list with.
    ///
    /// - Returns: what is to be journaled; nil: it was known, or is not known now.
    mutating func learnSerial(_ facts: ReaderFacts) -> JournalEntry.Fact? {
        guard let serial = facts.serial, serials[facts.id] != serial else { return nil }
        serials[facts.id] = serial
        return .init(key: Self.serialKey + facts.id.text, value: serial)
    }

    func serial(of id: ReaderID) -> String? { serials[id] }

    /// Ids that bore this serial number at some time.
    func ids(withSerial serial: String) -> Set<ReaderID> { Set(serials.lazy.filter { $0.value == serial }.map(\.key)) }

    // MARK: One device, one entry in charge

    /// The lists, or the readers, are others than they were.
    mutating func changed() { isToBeUnited = true }

    /// Whether it is to be judged anew which entries are one device.
    var mayChange: Bool { isToBeUnited || hasTwins }

    /// Judges which entry each device is driven by. It changes only when nothing is under way at the one that it was.
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

    /// The others of its device stood back for it already.
    private func wasInCharge(_ id: ReaderID, among ids: [ReaderID]) -> Bool { ids.allSatisfy { $0 == id || acting[$0] == id } }

    /// The entry by which a device is driven now, whichever of its entries was named; also for one that is listed no more.
    func device(_ id: ReaderID) -> ReaderID { acting[id] ?? id }

    /// Another entry of its device is in charge of it; nil: it drives its device itself.
    func standsBack(for id: ReaderID) -> ReaderID? { acting[id] }

    /// A device has several entries.
    var hasTwins: Bool { !acting.isEmpty }

    /// Entries that drive a device that has others, in order.
    var inCharge: [ReaderID] { Set(acting.values).sorted() }
}
