import CheckoutAPI
import GatewayModel
import Moments
import Testing
import WebCall

@testable import Diagnostics

/// The cause comes first and is told once, and what is said to do can be done.
@Suite struct TruthTests {
    private typealias Sentences = SentenceTests

    @Test func `a token belongs where an operator can put it, and not into systemd's copy`() {
        let copied = Place.SecretFile(what: "the backend's access token", path: "/run/credentials/readerd.service/backend-token")
        #expect(copied.operatorPath == "/etc/readerd/credentials/backend-token")
        #expect(Place.SecretFile(what: "it", path: "/srv/shop/backend-token").operatorPath == "/srv/shop/backend-token")
    }

    @Test func `that no reader is registered is said only by a list that was read`() {
        var status = Sentences.status()
        #expect(Checkup.readers(CheckedAgent(status: status)).status == .fail)
        status.backend = Status.Part(state: .unavailable, detail: "no route")
        let finding = Checkup.readers(CheckedAgent(status: status))
        #expect(finding.status == .skipped)
        #expect(!finding.detail.contains("registered") && finding.detail.contains("has not been read"))
    }

    @Test func `of devices on USB only those that readerd speaks to are judged`() {
        let now = Timestamp(milliseconds: 0)
        func judged(link: String?, driveable: Bool, _ product: String) -> Bool {
            let usb = USBIdentity(vendorID: "046d", productID: "c31c", bus: 1, portPath: "2", product: product, link: link)
            let device = Device(
                device: "usb:\(product)", transport: .usb, usb: usb, driveable: driveable, firstSeenAt: now, lastSeenAt: now)
            return Checkup.isSpokenTo(device, usb)
        }
        for product in ["Keyboard", "Mouse", "Barcode Scanner", "Smart Card Reader", "BBPOS Chipper 2X"] {
            for link in [nil, "hid", "ccid", "cdc_acm", "vendor", "network"] {
                #expect(!judged(link: link, driveable: false, product), "\(product), \(link ?? "no link")")
            }
        }
        #expect(judged(link: "reader_link", driveable: true, "Reader"))
        #expect(judged(link: "reader_link", driveable: false, "a reader link that a kernel driver holds"))
        #expect(judged(link: "network", driveable: true, "Reader with a network interface"))
    }

    @Test func `readers that nobody could ask are off where none is seen on the network, and nameless where some are`() {
        let now = Timestamp(milliseconds: 0)
        var agent = CheckedAgent(status: Sentences.status([Sentences.reader(.unknown)]))
        #expect(Checkup.readers(agent).status == .fail)
        #expect(Checkup.readers(agent).detail.hasPrefix("No reader answers on this network"))
        let unlooked = Checkup.readers(agent, looksAtLAN: false)
        #expect(unlooked.status == .fail && unlooked.detail.contains("is not known"), "the status says no as well")
        agent.devices = [
            Device(
                device: "lan:x", transport: .lan, address: "192.168.1.9", host: "*.x.device.stripe-terminal-local-reader.net",
                driveable: false, firstSeenAt: now, lastSeenAt: now)
        ]
        #expect(Checkup.readers(agent).status == .skipped)
        agent.status = Sentences.status([Sentences.reader(.unreachable)])
        #expect(Checkup.readers(agent).status == .fail)
        agent.status = Sentences.status([Sentences.reader(.connecting)])
        #expect(Checkup.readers(agent).status == .fail, "one that is being dialled has not answered")
    }

    @Test func `a reader that nobody has asked is not called ready`() {
        #expect(Checkup.state(Sentences.reader(Reader.State(rawValue: "unknown"))).status == .skipped)
        #expect(Checkup.state(Sentences.reader(.connecting)).status == .skipped)
        #expect(Checkup.state(Sentences.reader(.offline)).status == .fail)
    }

    @Test(arguments: [
        (CallFailure.unauthorized(detail: "401"), "/etc/readerd/credentials/backend-token"),
        (.forbidden(detail: "403"), "Ask whoever manages the backend"),
        (.rejected(status: 404, detail: "terminal_readers: b:443 answered 404: no such location"), "Correct location in readerd.toml"),
        (.rejected(status: 422, detail: "terminal_readers: b:443 answered 422: location"), "Correct location in readerd.toml"),
        (.rejected(status: 404, detail: "terminal_readers: b:443 answered 404; \(TransportWords.hasPath)/api"), "Leave the path out"),
        (.rejected(status: 404, detail: "payment_intent: b:443 answered 404: no such cart"), "Check the cart"),
        (.unavailable(detail: "x: the address of b cannot be found out (DNS): nobody has told it", mayHaveActed: false), "name server"),
        (.rejected(status: 422, detail: "no"), "Check the cart"),
        (.rejected(status: 422, detail: "register_terminal: b:443 answered 422: this code is not valid"), "Check the registration code"),
        (.rejected(status: 422, detail: "setup_intent: b:443 answered 422: no such user"), "the user, the partner and the postal code"),
        (.invalidAnswer(detail: "not JSON"), "backend.base_url"),
        (.unavailable(detail: "a: \(TransportWords.nameUnknown)", mayHaveActed: false), "name server"),
        (.unavailable(detail: "no route to b:443: \(TransportWords.noRoute)", mayHaveActed: false), "ip route"),
        (.unavailable(detail: "\(TransportWords.refused) b:443", mayHaveActed: false), "firewall"),
        (.unavailable(detail: "the certificate of b:443 \(TransportWords.untrusted)", mayHaveActed: false), "trust_roots"),
        (.unavailable(detail: "its certificate begins tomorrow, but \(TransportWords.clock) says", mayHaveActed: false), "timedatectl"),
        (.unavailable(detail: "x: b:443 answered 503", mayHaveActed: true), "nothing here can mend it"),
        (.unavailable(detail: "no answer from b:443 within 10 s", mayHaveActed: true), "internet connection"),
    ])
    func `each trouble with the backend has its own step, and only silence is the internet's`(_ failure: CallFailure, _ words: String) {
        #expect(failure.backendRemedy.contains(words), "\(failure.backendRemedy)")
        #expect(failure.backendRemedy.contains("internet") == (words == "internet connection"))
    }

    @Test func `what is refused of a reader or of a card is not told as a matter of a cart`() {
        func cause(_ call: String) -> String { CallFailure.rejected(status: 422, detail: "\(call): b:443 answered 422").backendCause }
        #expect(cause("payment_intent").hasPrefix("The backend refuses this cart or amount: "))
        for call in ["register_terminal", "update_terminal", "deregister_terminal"] {
            #expect(cause(call).hasPrefix("The backend refuses this change of a reader: "), "\(call)")
        }
        for call in ["setup_intent", "store_payment_method"] {
            #expect(cause(call).hasPrefix("The backend refuses to keep this card: "), "\(call)")
        }
    }
}
