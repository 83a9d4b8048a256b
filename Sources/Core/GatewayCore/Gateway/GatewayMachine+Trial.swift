import GatewayModel
import Moments

/// The first hour with a reader: the acts that a technician tries one after another, outside of any sale. Connecting and paying have their
/// own requests.
extension GatewayMachine {
    mutating func tryOut(_ id: RequestID, _ reference: String, _ act: TrialAct, cart: CartID, at now: Now) {
        let original = Request.tryOut(reference, act, cart: cart)
        withReader(id, reference, original, at: now) { machine, reader in
            if let refusal = machine.refusesBusy(reader) { return machine.refuse(id, refusal) }
            switch act {
            case .locate:
                if machine.parkForStripe(id, original, cart: cart, at: now) { return }
                machine.respond(id, .reader(reader, label: machine.readers[reader]?.facts.label))
            case .heartbeat: machine.ask(reader, .heartbeat, for: id, at: now)
            case .display:
                let shown = DisplayCart(
                    currency: machine.currencies.forShow, totalMinor: 0, taxMinor: nil,
                    lines: [DisplayLine(description: "readerd trial", amountMinor: 0, quantity: 1)])
                let context = machine.transaction(at: now)
                machine.readers.screens.isTaken(reader)
                machine.ask(reader, .display(context, shown), for: id, at: now)
            case .clear: machine.ask(reader, .clearDisplay(nil), for: id, at: now)
            }
        }
    }

    private mutating func ask(_ reader: ReaderID, _ command: ReaderCommand, for id: RequestID, at now: Now) {
        guard let machine = readers[reader], machine.isLive else {
            let trouble = readers[reader]?.trouble
            return refuse(
                id,
                Refusal(
                    .readerUnavailable, trouble?.message ?? "There is no session with the reader.",
                    remedy: trouble?.remedy
                        ?? "Connect it first: sudo readerctl readers connect \(PrintedWord.of(reader.text, else: "READER")).",
                    readerState: readers[reader].map { readerView($0).state }))
        }
        let timeout = policy.readerTimeout
        changeReader(reader, at: now) { reader, _ in reader.command(command, owner: .request(id), timeout: timeout, at: now) }
    }

    /// The best route to a reader, as far as it is known.
    package func wayTo(_ id: ReaderID) -> Result<ReaderRoute, ReaderTrouble> {
        guard let facts = readers[id]?.facts else { return .failure(.unregistered(ReaderFacts(id: id))) }
        if facts.isVendorSDKOnly { return .failure(.vendorSDKOnly(facts)) }
        return facts.routes(port: policy.lanPort).flatMap { $0.first.map { .success($0) } ?? .failure(.unregistered(facts)) }
    }
}
