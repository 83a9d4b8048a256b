internal import GatewayCore
import GatewayModel
import Moments

/// Scans of the LAN. They draw no dice, so that a seed tells the same story whether or not the agent scans.
extension World {
    /// What the neighbour table shows between two scans.
    mutating func sighted(_ number: Int) {
        let reader = readers[number]
        guard let address = PrivateAddress(bits: 0x0a00_0000 + UInt32(reader.address)) else { return }
        guard reader.isOn else { return feed(.devices(.lanMissed([address]))) }
        feed(.devices(.lan([Self.sighting(number, reader, port: 4443)])))
    }

    private static func sighting(_ number: Int, _ reader: Reader, port: Int) -> LANSighting {
        LANSighting(
            address: "10.0.0.\(reader.address)", port: port,
            certificateName: "10-0-0-\(reader.address).r\(number).\(ReaderName.suffix)")
    }

    mutating func looks(_ index: Int) {
        let answer: Answer
        switch calls[index].call {
        case .networks:
            answer = .networks(networks(asked: calls[index].id))
        case .lookAtLAN(let look):
            let seen = readers.enumerated().filter { reader in
                reader.element.isOn && look.addresses.contains { $0.text == "10.0.0.\(reader.element.address)" }
            }
            let sightings = seen.map { number, reader in Self.sighting(number, reader, port: look.port) }
            answer = .lookedAtLAN(LANFindings(sightings: sightings, looked: Set(look.addresses)))
        case .lookAtUSB: answer = .lookedAtUSB(usb(asked: calls[index].id))
        case .configuration, .connectionToken, .paymentIntent, .paymentStatus, .setupIntent, .storeCard, .backendReaders, .stripeReaders,
            .terminals, .registerTerminal, .updateTerminal, .deregisterTerminal, .readIntent, .reader, .append:
            return fail(.fits, "what asks a server, a reader or the disk was taken for a look")
        }
        calls[index].hasActed = true
        plans(.callAnswers(index, answer, isCopy: false), after: 20)
    }
}
