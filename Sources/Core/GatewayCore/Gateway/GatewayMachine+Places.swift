import GatewayModel
import Moments

/// Where readers were when they were last listed: the address comes with Stripe's list only, which needs a connection token and so a cart.
///
/// It is kept in the journal, so that after a start a reader can be asked whether it is there before the first cart is opened.
extension GatewayMachine {
    static var placeKey: String { "reader.place." }
    private static var nothing: String { "-" }

    mutating func recallPlaces(_ facts: [String: String]) {
        for (key, value) in facts where key.hasPrefix(Self.placeKey) {
            places[ReaderID(unchecked: String(key.dropFirst(Self.placeKey.count)))] = value
        }
    }

    /// What was known of a reader before the start, for one that nothing is known of yet.
    func remembered(_ id: ReaderID) -> ReaderFacts {
        var facts = ReaderFacts(id: id)
        let words = (places[id] ?? "").split(separator: " ").map { $0 == Self.nothing ? nil : String($0) }
        guard words.count == 4 else { return facts }
        (facts.address, facts.baseURL, facts.serial, facts.model) = (words[0], words[1], words[2], words[3])
        return facts
    }

    /// A list has told where it is.
    mutating func remember(_ facts: ReaderFacts, at now: Now) {
        let words = [facts.address, facts.baseURL, facts.serial, facts.model].map { word in
            guard let word, !word.isEmpty, word.utf8.count <= 120, word.utf8.allSatisfy({ (0x21...0x7e).contains($0) }) else {
                return Self.nothing
            }
            return word
        }
        let text = words.joined(separator: " ")
        guard places[facts.id] != text else { return }
        places[facts.id] = text
        outbox.add(JournalEntry(kind: .fact, at: now.wall, fact: .init(key: Self.placeKey + facts.id.text, value: text)))
    }

    // MARK: What looks say of readers

    mutating func heard(of sightings: [LANSighting], at now: Now) {
        for reader in Set(sightings.compactMap { devices.view($0.key)?.facts.reader }).sorted() {
            changeReader(reader, at: now) { reader, _ in
                reader.heard(at: now)
                return []
            }
        }
    }

    mutating func missed(_ addresses: Set<PrivateAddress>, at now: Now) {
        for id in readers.keys.sorted() {
            guard let machine = readers[id], let place = machine.placeToAsk, addresses.contains(place),
                devices.sighting(of: machine.facts) == nil
            else { continue }
            var pause: Int64 = 0
            changeReader(id, at: now) { reader, _ in
                pause = reader.missed(at: place.text)
                return []
            }
            discovery.probe(at: now.mono + pause)
        }
    }
}
