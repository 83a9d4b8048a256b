import Testing

@testable import GatewayCore
@testable import GatewayModel
import Moments

@Suite struct DiscoveryTests {
    private static let me = LocalNetwork(name: "eth0", address: address("192.168.8.2"), prefix: 24)
    private static let order = DiscoveryOrder(usb: false, lan: true)
    private static let id = RequestID(7)

    private static func address(_ text: String) -> PrivateAddress {
        do throws(PrivateAddress.Problem) {
            return try PrivateAddress(text)
        } catch {
            Issue.record("\(text) is no private address")
            return me.address
        }
    }

    private func around(_ change: (inout Discovery.Circumstances) -> Void = { _ in }) -> Discovery.Circumstances {
        var policy = GatewayPolicy()
        policy.lanSweep = true
        policy.usbLooks = true
        var around = Discovery.Circumstances(policy: policy)
        change(&around)
        return around
    }

    private func facts(_ networks: [LocalNetwork] = [me], neighbours: [PrivateAddress] = []) -> Result<NetworkFacts, LookTrouble> {
        .success(NetworkFacts(networks: networks, neighbours: neighbours))
    }

    private func looks(_ actions: [Discovery.Action]) -> [(batch: UInt64, look: LANLook)] {
        actions.compactMap { if case .scan(let batch, let look) = $0 { (batch, look) } else { nil } }
    }

    private func nothing(_ look: LANLook) -> LANFindings { LANFindings(sightings: [], looked: Set(look.addresses)) }

    /// Answers every batch with nothing until none is asked for any more; what was looked at, and everything else that was said.
    private func finish(
        _ discovery: inout Discovery, _ actions: [Discovery.Action], _ around: Discovery.Circumstances, at now: MonoTime = 2_000
    ) -> (looked: [PrivateAddress], said: [Discovery.Action]) {
        var open = looks(actions)
        var looked: [PrivateAddress] = []
        var said: [Discovery.Action] = []
        while let next = open.first {
            open.removeFirst()
            looked += next.look.addresses
            let more = discovery.scanned(batch: next.batch, nothing(next.look), around, at: now)
            open += looks(more)
            said += more
        }
        return (looked, said)
    }

    private func ordered(_ discovery: inout Discovery, _ order: DiscoveryOrder, _ around: Discovery.Circumstances) -> [Discovery.Action] {
        var actions: [Discovery.Action] = []
        #expect(discovery.order(Self.id, order, around, at: 1_000, actions: &actions))
        return actions
    }

    private func summary(_ actions: [Discovery.Action]) -> LookSummary? {
        for case .ended(Self.id, let summary) in actions { return summary }
        return nil
    }

    // MARK: Orders

    @Test func `an order looks at every host of the box's own network once, but for the box itself`() {
        var discovery = Discovery()
        let around = around()
        #expect(ordered(&discovery, Self.order, around) == [.askNetworks])
        let (looked, said) = finish(&discovery, discovery.networks(facts(), around, at: 1_001), around)
        #expect(looked.count == 253 && Set(looked).count == 253)
        #expect(!looked.contains(Self.me.address) && looked.allSatisfy { $0.text.hasPrefix("192.168.8.") })
        #expect(summary(said)?.addresses == 253)
        #expect(summary(said)?.subnets.map(\.description) == ["192.168.8.0/24"])
        #expect(!discovery.isScanning)
    }

    @Test func `no more than four batches of 64 are under way, and progress is told`() {
        var discovery = Discovery()
        let around = around()
        _ = ordered(&discovery, Self.order, around)
        let actions = discovery.networks(facts(), around, at: 1_001)
        #expect(looks(actions).map(\.look.addresses.count) == [64, 64, 64, 61])
        #expect(looks(actions).allSatisfy { $0.look.perSecond == Discovery.Pace.brisk.perSecond })
        let first = looks(actions)[0]
        #expect(
            discovery.scanned(batch: first.batch, nothing(first.look), around, at: 1_500).contains(.progress(Self.id, looked: 64, of: 253)))
    }

    @Test func `configured addresses, known readers and neighbours come first`() {
        var discovery = Discovery()
        let around = around {
            $0.policy.lanAddresses = [Self.address("10.9.9.9")]
            $0.known = [Self.address("192.168.8.200")]
        }
        _ = ordered(&discovery, Self.order, around)
        let actions = discovery.networks(facts(neighbours: [Self.address("192.168.8.77")]), around, at: 1_001)
        let first = looks(actions)[0].look
        #expect(first.addresses.prefix(4).map(\.text) == ["10.9.9.9", "192.168.8.200", "192.168.8.77", "192.168.8.1"])
        #expect(first.told == [Self.address("10.9.9.9")])
    }

    @Test func `subnets that were named are looked at instead of the box's own, without asking for networks`() throws {
        var discovery = Discovery()
        let around = around { $0.known = [Self.address("192.168.8.200")] }
        let subnets = [try Subnet("127.5.6.8/30"), try Subnet("127.5.6.77/32")]
        let actions = ordered(&discovery, DiscoveryOrder(usb: false, lan: true, subnets: subnets), around)
        #expect(!actions.contains(.askNetworks))
        #expect(looks(actions).flatMap(\.look.addresses).map(\.text) == ["127.5.6.9", "127.5.6.10", "127.5.6.77"])
    }

    @Test func `lan.subnets bounds where is looked, but for the networks of USB gadgets`() throws {
        var discovery = Discovery()
        let subnet = try Subnet("10.1.0.0/30")
        let around = around {
            $0.policy.lanSubnets = [subnet]
            $0.gadgets = ["usb0"]
        }
        let gadget = LocalNetwork(name: "usb0", address: Self.address("192.168.55.100"), prefix: 30)
        _ = ordered(&discovery, Self.order, around)
        let actions = discovery.networks(
            facts([Self.me, gadget], neighbours: [Self.address("192.168.8.77"), Self.address("10.1.0.2")]), around, at: 1_001)
        #expect(
            Set(finish(&discovery, actions, around).looked.map(\.text)) == ["10.1.0.2", "10.1.0.1", "192.168.55.101", "192.168.55.102"])
    }

    @Test func `of a large network only the part around the box is looked at, and that is said`() {
        var discovery = Discovery()
        let around = around()
        _ = ordered(&discovery, Self.order, around)
        let large = LocalNetwork(name: "eth0", address: Self.address("10.20.30.40"), prefix: 8)
        let (looked, said) = finish(&discovery, discovery.networks(facts([large]), around, at: 1_001), around)
        #expect(looked.count == 1021)
        #expect(
            looked.allSatisfy {
                $0.text.hasPrefix("10.20.28.") || $0.text.hasPrefix("10.20.29.") || $0.text.hasPrefix("10.20.30.")
                    || $0.text.hasPrefix("10.20.31.")
            })
        #expect(summary(said)?.notes.map(\.code) == [.subnetCut])
    }

    @Test func `more networks than eight are left out, and named`() {
        var discovery = Discovery()
        let around = around()
        _ = ordered(&discovery, Self.order, around)
        let many = (0..<9).map { LocalNetwork(name: "eth\($0)", address: Self.address("10.0.\($0).1"), prefix: 30) }
        let (looked, said) = finish(&discovery, discovery.networks(facts(many), around, at: 1_001), around)
        #expect(looked.count == 8)
        #expect(summary(said)?.notes.first?.message.contains("10.0.8.0/30") == true)
    }

    @Test func `a box without a network says so, and one whose networks cannot be read`() {
        var discovery = Discovery()
        _ = ordered(&discovery, Self.order, around())
        #expect(summary(discovery.networks(facts([]), around(), at: 1_001))?.notes.map(\.code) == [.noSubnet])
        _ = ordered(&discovery, Self.order, around())
        let codes = summary(discovery.networks(.failure(LookTrouble(detail: "x")), around(), at: 1_001))?.notes.map(\.code)
        #expect(codes == [.lanUnavailable, .noSubnet])
    }

    @Test func `networks are looked at also when the neighbours cannot be read, and that is said`() {
        var discovery = Discovery()
        _ = ordered(&discovery, Self.order, around())
        let told = NetworkFacts(networks: [Self.me], neighbours: [], trouble: LookTrouble(detail: "no table"))
        let (looked, said) = finish(&discovery, discovery.networks(.success(told), around(), at: 1_001), around())
        #expect(looked.count == 253 && summary(said)?.notes.map(\.code) == [.lanUnavailable])
        #expect(summary(said)?.notes.first?.message.contains("no table") == true)
    }

    @Test func `an order for USB enumerates, and says so when USB is off or broken`() {
        var discovery = Discovery()
        let usb = DiscoveryOrder(usb: true, lan: false)
        #expect(ordered(&discovery, usb, around()) == [.lookAtUSB])
        let actions = discovery.usb(.success([]), around(), at: 1_001)
        #expect(actions.contains(.foundUSB(Self.id, [])) && summary(actions) != nil)
        #expect(summary(ordered(&discovery, usb, around { $0.policy.usbLooks = false }))?.notes.map(\.code) == [.usbOff])
        _ = ordered(&discovery, usb, around())
        #expect(summary(discovery.usb(.failure(LookTrouble(detail: "x")), around(), at: 1_001))?.notes.map(\.code) == [.usbUnavailable])
    }

    @Test func `orders are carried out one after another, and a fifth that would wait is refused`() {
        var discovery = Discovery()
        let around = around()
        _ = ordered(&discovery, Self.order, around)
        var actions: [Discovery.Action] = []
        for number in 0..<4 { #expect(discovery.order(RequestID(UInt64(100 + number)), Self.order, around, at: 1_000, actions: &actions)) }
        #expect(!discovery.order(RequestID(200), Self.order, around, at: 1_000, actions: &actions))
        #expect(actions.isEmpty)
        let (_, said) = finish(&discovery, discovery.networks(facts(), around, at: 1_001), around)
        #expect(summary(said) != nil && said.contains(.askNetworks), "the next order begins where the first has ended")
    }

    @Test func `who leaves ends the look, and the next order begins when what is under way has come back`() {
        var discovery = Discovery()
        let around = around()
        _ = ordered(&discovery, Self.order, around)
        let open = looks(discovery.networks(facts(), around, at: 1_001))
        var actions: [Discovery.Action] = []
        #expect(discovery.order(RequestID(8), DiscoveryOrder(usb: true, lan: false), around, at: 1_002, actions: &actions))
        #expect(discovery.forget(Self.id, around, at: 1_003) == [.stop])
        var said: [Discovery.Action] = []
        for item in open { said += discovery.scanned(batch: item.batch, LANFindings(sightings: [], looked: []), around, at: 1_010) }
        #expect(said.contains(.lookAtUSB) && summary(said) == nil)
    }

    // MARK: Payments

    @Test func `readers that a payment has are left alone, also when somebody asked`() {
        var discovery = Discovery()
        let busy = Self.address("192.168.8.20")
        let around = around {
            $0.held = [busy]
            $0.isPaying = true
        }
        _ = ordered(&discovery, Self.order, around)
        let (looked, said) = finish(&discovery, discovery.networks(facts(), around, at: 1_001), around)
        #expect(looked.count == 252 && !looked.contains(busy))
        #expect(summary(said)?.notes.map(\.code) == [.readersBusy])
    }

    @Test func `a reader that is taken while it is being looked at is let go of, and the rest is looked at`() {
        var discovery = Discovery()
        _ = ordered(&discovery, Self.order, around())
        var open = looks(discovery.networks(facts(), around(), at: 1_001))
        let busy = open[0].look.addresses[3]
        let paying = around {
            $0.held = [busy]
            $0.isPaying = true
        }
        #expect(discovery.changed(paying, at: 1_002) == [.stop])
        #expect(discovery.changed(paying, at: 1_003).isEmpty, "once is enough")
        var looked: [PrivateAddress] = []
        while let next = open.first {
            open.removeFirst()
            // What was stopped has looked at nothing; what began afterwards looks at everything.
            let stopped = next.batch <= 4
            if !stopped { looked += next.look.addresses }
            let findings = stopped ? LANFindings(sightings: [], looked: []) : nothing(next.look)
            open += looks(discovery.scanned(batch: next.batch, findings, paying, at: 1_010))
        }
        #expect(looked.count == 252 && Set(looked).count == 252 && !looked.contains(busy))
        #expect(!discovery.isScanning)
    }

    @Test func `nothing is looked at of itself while a payment has a reader`() {
        var discovery = Discovery()
        discovery.start(at: 100)
        let paying = around { $0.isPaying = true }
        #expect(discovery.tick(paying, at: 100).isEmpty)
        #expect(discovery.nextWake(paying.policy) == MonoTime(100 + Discovery.pause))
        #expect(discovery.tick(around(), at: 100 + Discovery.pause) == [.askNetworks])
    }

    @Test func `a look that nobody asked for ends when a payment begins`() {
        var discovery = Discovery()
        discovery.start(at: 0)
        _ = discovery.tick(around(), at: 0)
        let open = looks(discovery.networks(facts(), around(), at: 1))
        #expect(open.map(\.look.addresses.count) == [32], "and it is slow")
        #expect(open[0].look.perSecond == Discovery.Pace.gentle.perSecond)
        let paying = around { $0.isPaying = true }
        #expect(discovery.changed(paying, at: 2) == [.stop])
        #expect(discovery.scanned(batch: open[0].batch, LANFindings(sightings: [], looked: []), paying, at: 3).isEmpty)
        #expect(!discovery.isScanning && discovery.nextWake(paying.policy) == 3 + Discovery.pause)
    }

    // MARK: By itself

    @Test func `it looks at the start and then at its interval`() {
        var discovery = Discovery()
        #expect(discovery.nextWake(around().policy) == nil)
        discovery.start(at: 500)
        #expect(discovery.tick(around(), at: 499).isEmpty)
        let (looked, said) = finish(
            &discovery,
            {
                _ = discovery.tick(around(), at: 500); return discovery.networks(facts(), around(), at: 501)
            }(), around())
        #expect(looked.count == 253 && summary(said) == nil)
        #expect(discovery.nextWake(around().policy) == MonoTime(2_000 + around().policy.lanInterval))
    }

    @Test func `with lan.sweep off only lan.addresses are looked at, and without those nothing`() {
        var discovery = Discovery()
        discovery.start(at: 0)
        let off = around { $0.policy.lanSweep = false }
        #expect(discovery.nextWake(off.policy) == nil && discovery.tick(off, at: 10).isEmpty)
        let addresses = around {
            $0.policy.lanSweep = false
            $0.policy.lanAddresses = [Self.address("10.9.9.9")]
            $0.known = [Self.address("192.168.8.200")]
        }
        #expect(looks(discovery.tick(addresses, at: 10)).flatMap(\.look.addresses).map(\.text) == ["10.9.9.9"])
    }

    @Test func `an order takes the place of a look that nobody asked for`() {
        var discovery = Discovery()
        discovery.start(at: 0)
        _ = discovery.tick(around(), at: 0)
        let open = looks(discovery.networks(facts(), around(), at: 1))
        #expect(ordered(&discovery, Self.order, around()) == [.stop])
        #expect(discovery.scanned(batch: open[0].batch, LANFindings(sightings: [], looked: []), around(), at: 1_001) == [.askNetworks])
    }

    // MARK: Searches

    @Test func `a search is fast, and says when it is over`() {
        var discovery = Discovery()
        #expect(discovery.search(around(), at: 5) == [.askNetworks])
        let actions = discovery.networks(facts(), around(), at: 6)
        #expect(looks(actions).count == 4)
        #expect(finish(&discovery, actions, around()).said.last == .searched)
    }

    @Test func `while another payment runs a search keeps to single addresses`() {
        var discovery = Discovery()
        let paying = around {
            $0.isPaying = true
            $0.known = [Self.address("192.168.8.200"), Self.address("192.168.8.201")]
            $0.held = [Self.address("192.168.8.201")]
        }
        _ = discovery.search(paying, at: 5)
        let actions = discovery.networks(facts(neighbours: [Self.address("192.168.8.77")]), paying, at: 6)
        let (looked, said) = finish(&discovery, actions, paying)
        #expect(looked.map(\.text) == ["192.168.8.200", "192.168.8.77"])
        #expect(said.last == .searched)
    }

    @Test func `a search that somebody waits for goes through the network beside another payment, gently`() {
        var discovery = Discovery()
        let busy = Self.address("192.168.8.201")
        let waiting = around {
            $0.isPaying = true
            $0.isAwaited = true
            $0.held = [busy]
        }
        _ = discovery.search(waiting, at: 5)
        let actions = discovery.networks(facts(), waiting, at: 6)
        #expect(looks(actions).count == 1 && looks(actions)[0].look.perSecond == Discovery.Pace.gentle.perSecond)
        #expect(discovery.changed(waiting, at: 7).isEmpty)
        let (looked, said) = finish(&discovery, actions, waiting)
        #expect(looked.count == 252 && !looked.contains(busy) && said.last == .searched)
    }

    @Test func `once nobody waits for it any more, a search beside a payment ends`() {
        var discovery = Discovery()
        _ = discovery.search(
            around {
                $0.isPaying = true
                $0.isAwaited = true
            }, at: 5)
        let open = looks(
            discovery.networks(
                facts(),
                around {
                    $0.isPaying = true
                    $0.isAwaited = true
                }, at: 6))
        let found = around { $0.isPaying = true }
        #expect(discovery.changed(found, at: 7) == [.stop])
        #expect(discovery.scanned(batch: open[0].batch, LANFindings(sightings: [], looked: []), found, at: 8) == [.searched])
    }

    @Test func `a search that an order interrupts goes on after it`() {
        var discovery = Discovery()
        _ = discovery.search(around(), at: 5)
        let open = looks(discovery.networks(facts(), around(), at: 6))
        #expect(ordered(&discovery, DiscoveryOrder(usb: true, lan: false), around()) == [.stop])
        var said: [Discovery.Action] = []
        for item in open { said += discovery.scanned(batch: item.batch, LANFindings(sightings: [], looked: []), around(), at: 10) }
        #expect(said == [.lookAtUSB])
        let after = discovery.usb(.success([]), around(), at: 11)
        #expect(after.last == .askNetworks && !after.contains(.searched))
        #expect(finish(&discovery, discovery.networks(facts(), around(), at: 12), around()).said.last == .searched)
    }

    @Test func `an answer that nobody waits for is dropped`() {
        var discovery = Discovery()
        #expect(discovery.networks(facts(), around(), at: 1).isEmpty)
        #expect(discovery.usb(.success([]), around(), at: 1).isEmpty)
        #expect(discovery.scanned(batch: 3, LANFindings(sightings: [], looked: []), around(), at: 1).isEmpty)
        #expect(discovery.changed(around { $0.isPaying = true }, at: 1).isEmpty)
    }

    @Test func `what is found is told, and what is missed`() throws {
        var discovery = Discovery()
        let actions = ordered(&discovery, DiscoveryOrder(usb: false, lan: true, subnets: [try Subnet("10.0.0.0/30")]), around())
        let seen = LANSighting(address: "10.0.0.2", port: 4443, certificateName: "10-0-0-2.abc.\(ReaderName.suffix)")
        let look = try #require(looks(actions).first)
        let after = discovery.scanned(batch: look.batch, LANFindings(sightings: [seen], looked: Set(look.look.addresses)), around(), at: 2)
        #expect(after.contains(.found(Self.id, [seen])))
        #expect(after.contains(.missed([Self.address("10.0.0.1")])))
    }
}
