import CheckoutAPI
import GatewayModel
import Moments
import Testing
import WebCall

@testable import Diagnostics

/// What the checks say of what they found: the finding, not the looking.
@Suite struct SentenceTests {
    private static let now: WallTime = 1_769_851_800_000

    static func reader(_ state: Reader.State = .ready, label: String = "Front Desk", address: String? = "192.168.1.57") -> Reader {
        Reader(
            reader: "tmr_1", label: label, serial: "S1", registered: true, driveable: true, transport: .lan, address: address, state: state)
    }

    static func status(_ readers: [Reader] = [], reasons: [Reason] = [], open: [Status.OpenPayment] = []) -> Status {
        Status(
            canTakePayments: true, reasons: reasons, backend: Status.Part(state: .ok), journal: Status.Part(state: .ok), readers: readers,
            lanes: [], openPayments: open)
    }

    @Test func `a clock that is minutes behind is named in minutes, and what it spoils`() {
        let finding = Checkup.clock(ClockSample(server: Self.now, own: Self.now - 7 * 60_000), from: "backend:443")
        #expect(finding.status == .fail)
        #expect(finding.detail.contains("This box's clock is 7 minutes behind, by backend:443's."))
        #expect(finding.remedy?.contains("timedatectl set-ntp true") == true)
        #expect(Checkup.clock(ClockSample(server: Self.now, own: Self.now + 3 * 86_400_000), from: "b").detail.contains("3 days ahead"))
        #expect(Checkup.clock(ClockSample(server: Self.now, own: Self.now + 20_000), from: "b").status == .warn)
        #expect(Checkup.clock(ClockSample(server: Self.now, own: Self.now + 1_000), from: "b").status == .pass)
        #expect(Checkup.clock(nil, from: "b").status == .skipped)
    }

    @Test func `a router that hides private answers is told from a name server that is silent`() {
        let (host, address) = ("192-168-1-57.x.device.stripe-terminal-local-reader.net", "192.168.1.57")
        let blocked = Checkup.publishedName(host, address, .none, control: .addresses(["3.4.5.6"]))
        #expect(blocked.status == .pass, "there is nothing to do")
        #expect(blocked.detail.contains("The router blocks private answers"))
        #expect(blocked.detail.contains("readerd does not need it"))
        #expect(Checkup.publishedName(host, address, .none, control: .silent).status == .skipped)
        #expect(Checkup.publishedName(host, address, .silent, control: .addresses(["3.4.5.6"])).status == .skipped)
        #expect(Checkup.publishedName(host, address, .addresses([address]), control: .silent).status == .pass)
        #expect(Checkup.publishedName(host, address, .addresses(["10.0.0.9"]), control: .silent).detail.contains("leads to 10.0.0.9"))
    }

    @Test func `a live key and a test reader are named, each with its side`() {
        var agent = CheckedAgent(status: Self.status(), keyIsLive: true, readerModes: ["tmr_1": true, "tmr_2": false])
        let mixed = Checkup.mode(agent)
        #expect(mixed.status == .fail)
        #expect(mixed.detail.contains("gives live keys, but the reader tmr_2 is registered in test mode"))
        agent.readerModes["tmr_2"] = true
        #expect(Checkup.mode(agent).status == .pass)
        #expect(Checkup.mode(CheckedAgent(status: Self.status(), readerModes: ["a": true, "b": false])).status == .fail)
        #expect(Checkup.mode(CheckedAgent(status: Self.status())).status == .skipped)
    }

    @Test func `a reader that another program has is named, and how to take it`() {
        let finding = Checkup.otherAgents([Self.reader(.inUseElsewhere), Self.reader(label: "Back")])
        #expect(finding.status == .fail)
        #expect(finding.detail.hasPrefix("Front Desk is in use by another program"))
        #expect(finding.remedy?.contains("--take-over") == true)
        let none = Checkup.otherAgents([Self.reader()])
        #expect(none.status == .pass && none.detail.contains("two agents do not see each other"))
    }

    @Test func `an address that is not where the reader was seen is told with both`() {
        let when = Timestamp(milliseconds: Self.now.milliseconds)
        let seen = Device(
            device: "d", transport: .lan, address: "192.168.1.99", reader: "tmr_1", driveable: true, firstSeenAt: when, lastSeenAt: when)
        let moved = Checkup.address(Self.reader(), devices: [seen])
        #expect(moved.status == .warn)
        #expect(moved.detail == "Stripe says 192.168.1.57, but it was seen at 192.168.1.99: its address has changed.")
        #expect(moved.remedy?.contains("DHCP reservation") == true)
        #expect(Checkup.address(Self.reader(), devices: []).status == .pass)
        #expect(Checkup.address(Self.reader(address: "8.8.8.8"), devices: []).detail.contains("not one of a shop's own network"))
        for (address, words) in [
            ("fe80::2", "fe80::2, which is no IPv4 address"), ("10.0.0.9:4443", "10.0.0.9:4443, which is no IPv4 address"), (" ", "blank"),
        ] {
            let odd = Checkup.address(Self.reader(address: address), devices: [])
            #expect(odd.status == .fail && odd.detail.contains(words) && odd.remedy?.contains("IPv4") == true, "\(odd.detail)")
        }
        #expect(Checkup.address(Self.reader(address: nil), devices: []).status == .fail)
    }

    @Test func `a list of Stripe's that nobody has read is not the reader's fault`() {
        var reader = Self.reader(address: nil)
        reader.serial = nil
        #expect(Checkup.address(reader, devices: []).status == .skipped)
    }

    @Test func `the time around midnight is named`() {
        #expect(Checkup.restartWindow([Self.reader()], at: 23 * 60 + 50).status == .pass, "there is nothing to do")
        #expect(Checkup.restartWindow([Self.reader()], at: 23 * 60 + 50).detail.contains("one may be away"))
        #expect(Checkup.restartWindow([Self.reader()], at: 5).detail.contains("it is 00:05"))
        #expect(Checkup.restartWindow([Self.reader()], at: 12 * 60).status == .pass)
        #expect(Checkup.restartWindow([], at: 0).status == .skipped)
    }

    @Test func `a network of guests is suspected when a router stands between`() {
        #expect(Checkup.route(.routed(own: "192.168.1.2"), "192.168.7.3").status == .warn)
        #expect(Checkup.route(.none, "192.168.7.3").status == .fail)
        #expect(Route.to("127.0.0.1") == .direct(interface: "lo", own: "127.0.0.1"))
    }

    @Test func `a token that was refused says since when`() {
        let at = Timestamp(milliseconds: (Self.now - 10 * 60_000).milliseconds)
        let refused = CheckedAgent.Token(at: at, seconds: 0.31, result: "unauthorized", lastOKAt: nil)
        let finding = Checkup.token(refused, now: Self.now)
        #expect(finding.status == .fail)
        #expect(finding.detail.contains("10 minutes ago and did not come: the backend refused the credential, after 0.3 s."))
        // A cart that is paid takes no further token.
        #expect(Checkup.token(.init(at: at, seconds: 0.1, result: "rejected", lastOKAt: at), now: Self.now).status == .pass)
        #expect(Checkup.token(.init(at: at, seconds: 0.1, result: "rejected", lastOKAt: nil), now: Self.now).status == .fail)
        #expect(Checkup.token(.init(at: at, seconds: 12, result: "ok", lastOKAt: at), now: Self.now).status == .warn)
        #expect(Checkup.token(nil, now: Self.now).status == .skipped)
    }

    @Test func `a warning that nobody has acknowledged fails the check of payments, with what to do`() {
        let reason = Reason(
            code: "charged_amount_differs", message: "The payment p: 80.00 USD was charged; the reader showed 56.78.", remedy: "Look it up."
        )
        let finding = Checkup.payments(Self.status(reasons: [reason]))
        #expect(finding.status == .fail)
        #expect(finding.detail.contains("80.00 USD was charged"))
        #expect(finding.remedy?.contains("readerctl payments acknowledge PAYMENT --note") == true)
    }

    @Test func `an unresolved payment is named with what is safe to do`() {
        let open = Status.OpenPayment(
            id: "till-1-9", cart: "9", lane: nil, reader: nil, state: .unresolved, money: .unknown,
            createdAt: Timestamp(milliseconds: Self.now.milliseconds))
        let finding = Checkup.payments(Self.status(open: [open]))
        #expect(finding.status == .warn)
        #expect(finding.detail.contains("till-1-9 (cart 9)"))
        #expect(finding.remedy?.contains("Trying the same cart again with the same amount is safe") == true)
        #expect(finding.remedy?.contains("sudo readerctl resolve till-1-9 --outcome failed --note WHY") == true)
        #expect(finding.remedy?.contains("|") == false, "pasted into a shell that would be a pipe")
    }

    @Test func `a warning does not hide a payment that is unresolved, nor another warning`() {
        let reasons = ["p", "q"].map {
            Reason(code: "charged_amount_differs", message: "The payment \($0): another amount was charged.", remedy: "Look it up.")
        }
        let open = Status.OpenPayment(
            id: "till-1-9", cart: "9", lane: nil, reader: nil, state: .unresolved, money: .unknown,
            createdAt: Timestamp(milliseconds: Self.now.milliseconds))
        var status = Self.status(reasons: reasons)
        status.openPayments = [open]
        let finding = Checkup.payments(status)
        #expect(finding.status == .fail)
        for part in ["The payment p: ", "1 more", "One payment is unresolved", "till-1-9 (cart 9)"] {
            #expect(finding.detail.contains(part), "\(part): \(finding.detail)")
        }
        status = Self.status()
        #expect(Checkup.payments(status).detail == "No payment is under way.")
    }
}
