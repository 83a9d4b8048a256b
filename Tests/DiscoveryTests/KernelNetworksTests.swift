import GatewayModel
import Testing

@testable import Discovery

@Suite struct KernelNetworksTests {
    private func ranked(_ links: [[UInt8]], _ addresses: [[UInt8]], _ routes: [[UInt8]] = []) -> (likely: [String], others: [String]) {
        let ranked = KernelNetworks(
            links: (links + [KernelWords.done]).flatMap(\.self), addresses: addresses.flatMap(\.self), routes: routes.flatMap(\.self)
        ).ranked()
        func words(_ found: [(interface: Int32, network: LocalNetwork)]) -> [String] {
            found.map { "\($0.network.name) \($0.network.address.text)/\($0.network.prefix)" }
        }
        return (words(ranked.likely), words(ranked.others))
    }

    @Test func `the shop's network comes before twelve of containers, which are left alone`() {
        var links = [KernelWords.link(1, "lo", flags: 0x49), KernelWords.link(2, "enp3s0")]
        var addresses = [KernelWords.address(1, "127.0.0.1", 8), KernelWords.address(2, "10.20.30.2", 24)]
        for number in 0..<12 as Range<Int32> {
            links.append(KernelWords.link(10 + number, number == 0 ? "docker0" : "br-\(number)", kind: "bridge"))
            links.append(KernelWords.link(40 + number, "vh\(number)", kind: "veth", master: 10 + number))
            addresses.append(KernelWords.address(10 + number, "172.\(17 + number).0.1", 16))
        }
        let (likely, others) = ranked(links, addresses, [KernelWords.route(2, metric: 100)])
        #expect(likely == ["enp3s0 10.20.30.2/24"])
        #expect(others.count == 12 && others.first == "docker0 172.17.0.1/16")
    }

    @Test func `what carries the default route is first, whatever it is`() {
        let links = [
            KernelWords.link(2, "aaa0"), KernelWords.link(3, "eth0", kind: "veth"), KernelWords.link(4, "br0", kind: "bridge"),
            KernelWords.link(5, "veth9", kind: "veth"),
        ]
        let addresses = [
            KernelWords.address(2, "10.0.2.1", 24), KernelWords.address(3, "10.0.3.1", 24), KernelWords.address(4, "10.0.4.1", 24),
            KernelWords.address(5, "10.0.5.1", 24),
        ]
        #expect(
            ranked(links, addresses, [KernelWords.route(3)]) == (
                ["eth0 10.0.3.1/24", "aaa0 10.0.2.1/24"], ["br0 10.0.4.1/24", "veth9 10.0.5.1/24"]
            ))
        // Of several the one that the kernel prefers.
        let two = [KernelWords.route(4, metric: 600), KernelWords.route(3, metric: 100)]
        #expect(ranked(links, addresses, two).likely == ["eth0 10.0.3.1/24", "br0 10.0.4.1/24", "aaa0 10.0.2.1/24"])
        #expect(ranked(links, addresses, [KernelWords.routes([4, 5])]).likely.prefix(2) == ["br0 10.0.4.1/24", "veth9 10.0.5.1/24"])
        // A route to somewhere, or in another table, is none to everywhere.
        let others = [KernelWords.route(3, prefix: 8), KernelWords.route(4, table: 100)]
        #expect(ranked(links, addresses, others).likely == ["aaa0 10.0.2.1/24"])
    }

    @Test func `a bridge is what its ports are, and parts of hardware are hardware`() {
        let links = [
            KernelWords.link(2, "br0", kind: "bridge"), KernelWords.link(3, "eth0", master: 2),
            KernelWords.link(4, "virbr0", kind: "bridge"),
            KernelWords.link(5, "virbr0-nic", kind: "tun", master: 4), KernelWords.link(6, "eth1.20", kind: "vlan"),
            KernelWords.link(7, "br1", kind: "bridge"), KernelWords.link(8, "bond0", kind: "bond", master: 7),
            KernelWords.link(9, "wg0", flags: 0x91, kind: "wireguard"), KernelWords.link(10, "tap0", kind: "tun"),
            KernelWords.link(11, "wlan0"), KernelWords.link(12, "eth9", flags: 0x1042),
        ]
        let addresses = [2, 4, 6, 7, 9, 10, 11, 12].map { KernelWords.address($0, "192.168.\($0).1", 24) }
        let (likely, others) = ranked(links, addresses)
        #expect(likely == ["wlan0 192.168.11.1/24", "br0 192.168.2.1/24", "br1 192.168.7.1/24", "eth1.20 192.168.6.1/24"])
        #expect(others == ["virbr0 192.168.4.1/24", "tap0 192.168.10.1/24"])
    }

    @Test func `public addresses, and those of interfaces that are none, are no networks of a shop`() {
        let links = [KernelWords.link(2, "eth0")]
        let addresses = [
            KernelWords.address(2, "8.8.8.8", 24), KernelWords.address(9, "10.0.0.1", 24), KernelWords.address(2, "192.168.1.1", 77),
            KernelWords.address(2, "192.168.1.2", 26), KernelWords.message(20, [10, 64, 0, 0] + KernelWords.bytes(Int32(2))),
        ]
        #expect(ranked(links, addresses).likely == ["eth0 192.168.1.2/26"])
    }

    @Test func `bytes that make no sense are survived`() {
        let seed = UInt64.random(in: 0...UInt64.max)
        var random = SeededRandom(seed: seed)
        let good = [
            KernelWords.link(2, "eth0", kind: "bridge", master: 3), KernelWords.address(2, "10.0.0.1", 24), KernelWords.route(2, metric: 1),
            KernelWords.routes([2, 3]), KernelWords.neighbour(2, "10.0.0.9", state: 2), KernelWords.done,
        ].flatMap(\.self)
        for _ in 0..<20_000 {
            var bytes = good
            switch random.next() % 3 {
            case 0: bytes = (0..<Int(random.next() % 200)).map { _ in UInt8(truncatingIfNeeded: random.next()) }
            case 1: bytes = Array(bytes.prefix(Int(random.next() % UInt64(bytes.count))))
            default:
                for _ in 0..<4 { bytes[Int(random.next() % UInt64(bytes.count))] = UInt8(truncatingIfNeeded: random.next()) }
            }
            let ranked = KernelNetworks(links: bytes, addresses: bytes, routes: bytes).ranked()
            #expect(ranked.likely.count + ranked.others.count <= bytes.count, "seed \(seed)")
            #expect(NeighbourTable.parse(bytes).count <= bytes.count, "seed \(seed)")
            _ = NetlinkMessages.end(of: bytes)
        }
    }

    @Test func `the end of a list, and a refusal, are told apart`() {
        #expect(NetlinkMessages.end(of: KernelWords.link(2, "eth0")) == .more)
        #expect(NetlinkMessages.end(of: KernelWords.link(2, "eth0") + KernelWords.done) == .done)
        #expect(NetlinkMessages.end(of: KernelWords.message(2, KernelWords.bytes(Int32(-1)))) == .refused(1))
        #expect(NetlinkMessages.end(of: KernelWords.message(2, KernelWords.bytes(Int32.min))) == .refused(.max))
        #expect(NetlinkMessages.end(of: []) == .refused(0))
    }

    @Test func `this box's own networks and neighbours can be asked for`() throws {
        let facts = try LocalNetworks.read()
        #expect(facts.trouble == nil)
        let kernel = try KernelNetworks.read()
        #expect(kernel.interfaces.contains { $0.name == "lo" })
        for network in facts.networks + facts.others {
            #expect(network.address.text.hasPrefix("127.") == false, "loopback is no network of the shop")
            #expect((0...32).contains(network.prefix))
        }
    }
}
