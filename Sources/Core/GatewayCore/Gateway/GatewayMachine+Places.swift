import GatewayModel
import Moments

/// This extension tells readers what the scans saw.
extension GatewayMachine {
    mutating func heard(of sightings: [LANSighting], at now: Now) {
        for reader in Set(sightings.compactMap { devices.view($0.key)?.facts.reader }).sorted() {
            changeReader(reader, at: now) { reader, _ in
                reader.heard(at: now)
                return []
            }
        }
    }

    mutating func missed(_ addresses: Set<PrivateAddress>, at now: Now) {
        for id in readers.ids {
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
