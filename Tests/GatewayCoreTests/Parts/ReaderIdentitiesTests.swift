import Moments
import Testing

@testable import GatewayCore
@testable import GatewayModel

@Suite struct ReaderIdentitiesTests {
    private static let old = ReaderID(unchecked: "tmr_1")
    private static let new = ReaderID(unchecked: "tmr_2")

    private func entry(_ id: ReaderID, _ change: (inout ReaderIdentities.Entry) -> Void = { _ in }) -> ReaderIdentities.Entry {
        var entry = ReaderIdentities.Entry(
            id: id, serial: "S1", isOccupied: false, isAtWork: false, isRegistered: true, isLeased: false, isLive: false, isOnline: false)
        change(&entry)
        return entry
    }

    @Test func `where a reader was listed is journaled once, and known after a start`() {
        var identities = ReaderIdentities()
        var facts = ReaderFacts(id: Self.old)
        (facts.address, facts.baseURL, facts.serial) = ("10.0.0.7", "https://a.example", "S1")
        let told = [identities.learnPlace(facts), identities.learnPlace(facts)]
        #expect(told == [.init(key: "reader.place.tmr_1", value: "10.0.0.7 https://a.example S1 -"), nil])
        var next = ReaderIdentities()
        next.recall(["reader.place.tmr_1": "10.0.0.7 https://a.example S1 -"])
        let known = next.remembered(Self.old)
        #expect(known.address == "10.0.0.7" && known.baseURL == "https://a.example" && known.serial == "S1" && known.model == nil)
    }

    @Test func `words that would break the row, and rows that are broken, say nothing`() {
        var identities = ReaderIdentities()
        var facts = ReaderFacts(id: Self.old)
        (facts.address, facts.model) = ("10.0.0.7", "two words")
        let told = identities.learnPlace(facts)
        #expect(told?.value == "10.0.0.7 - - -")
        identities.recall(["reader.place.tmr_2": "10.0.0.7 x"])
        #expect(identities.remembered(Self.new).address == nil)
    }

    @Test func `a serial number that was learnt outlives the entry that bore it`() {
        var identities = ReaderIdentities()
        var facts = ReaderFacts(id: Self.old)
        facts.serial = "S1"
        let told = [identities.learnSerial(facts), identities.learnSerial(facts)]
        #expect(told == [.init(key: "reader.serial.tmr_1", value: "S1"), nil])
        #expect(identities.serial(of: Self.old) == "S1" && identities.ids(withSerial: "S1") == [Self.old])
        _ = identities.unite([entry(Self.new)])
        #expect(identities.device(Self.old) == Self.new)
    }

    @Test func `of two entries the one at work drives the device, then the registered one`() {
        var identities = ReaderIdentities()
        let isNews = identities.unite([
            entry(Self.old) { $0.isRegistered = false },
            entry(Self.new) { $0.lastSeenAt = 5 },
        ])
        #expect(isNews && identities.standsBack(for: Self.old) == Self.new && identities.inCharge == [Self.new])
        let again = identities.unite([
            entry(Self.old) {
                $0.isRegistered = false
                $0.isOccupied = true
                $0.isAtWork = true
            }, entry(Self.new),
        ])
        #expect(again && identities.device(Self.new) == Self.old)
    }

    @Test func `an entry in charge that is occupied stays so while it is registered`() {
        var identities = ReaderIdentities()
        _ = identities.unite([entry(Self.old) { $0.lastSeenAt = 9 }, entry(Self.new)])
        #expect(identities.device(Self.new) == Self.old)
        let isNews = identities.unite([entry(Self.old) { $0.isOccupied = true }, entry(Self.new) { $0.isOnline = true }])
        #expect(!isNews && identities.device(Self.new) == Self.old)
    }

    @Test func `there is nothing to judge until something is learnt`() {
        var identities = ReaderIdentities()
        #expect(!identities.mayChange)
        identities.changed()
        #expect(identities.mayChange)
        let isNews = identities.unite([entry(Self.old)])
        #expect(!isNews && !identities.mayChange)
    }
}
