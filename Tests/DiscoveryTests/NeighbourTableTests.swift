import GatewayCore
import Testing

@testable import Discovery

@Suite struct NeighbourTableTests {
    private static let head = "IP address       HW type     Flags       HW address            Mask     Device\n"

    private func parsed(_ lines: String) -> [String] { NeighbourTable.parse(Array((Self.head + lines).utf8)).map(\.text) }

    @Test func `the table is read as the kernel writes it`() {
        let lines = """
            192.168.8.20     0x1         0x2         9c:65:ee:00:00:01     *        eth0
            192.168.8.21     0x1         0x0         00:00:00:00:00:00     *        eth0
            192.168.8.22     0x1         0x6         9c:65:ee:00:00:02     *        eth0

            """
        #expect(parsed(lines) == ["192.168.8.20", "192.168.8.22"], "incomplete entries are nobody; permanent ones count")
    }

    @Test(arguments: [
        "", "\n\n\n", "192.168.8.20", "192.168.8.20 0x1 0x2", "8.8.8.8 0x1 0x2 9c:65:ee:00:00:01 * eth0",
        "192.168.8.020 0x1 0x2 9c:65:ee:00:00:01 * eth0", "192.168.8.20 0x1 2 9c:65:ee:00:00:01 * eth0",
        "192.168.8.20 0x1 0xffffffffffff 9c:65:ee:00:00:01 * eth0", "192.168.8.20 0x1 0x2 9c:65:ee:00:00:01 * eth0 more",
        "-1.2.3.4 0x1 0x2 x * y", "192.168.8.256 0x1 0x2 x * y", "192.168.8.20.1 0x1 0x2 x * y", "fe80::1 0x1 0x2 x * y",
        "\u{0}192.168.8.20 0x1 0x2 x * y", "192.168.8.20 0x1 0x 9c * eth0", "255.255.255.255 0x1 0x2 x * y",
    ])
    func `a line that makes no sense is passed over, and the next one counts`(_ line: String) {
        #expect(parsed(line + "\n10.0.0.9 0x1 0x2 aa:bb:cc:dd:ee:ff * eth0\n") == ["10.0.0.9"])
    }

    @Test func `bytes that are no text, and tables without end, are survived`() {
        let seed = UInt64.random(in: 0...UInt64.max)
        var random = SeededRandom(seed: seed)
        for _ in 0..<200 {
            let bytes = (0..<400).map { _ in [0x0a, 0x20, 0x30, 0x2e, UInt8(truncatingIfNeeded: random.next())][Int(random.next() % 5)] }
            #expect(NeighbourTable.parse(bytes).allSatisfy { $0.text.contains(".") }, "seed \(seed)")
        }
        let many = (0..<10_000).map { "10.0.\($0 / 256).\($0 % 256) 0x1 0x2 aa:bb:cc:dd:ee:ff * eth0" }.joined(separator: "\n")
        #expect(NeighbourTable.parse(Array(many.utf8)).count == NeighbourTable.limit)
        let same = String(repeating: "10.0.0.9 0x1 0x2 aa:bb:cc:dd:ee:ff * eth0\n", count: 100)
        #expect(NeighbourTable.parse(Array(same.utf8)).count == 1)
    }

    @Test func `this box's own table and networks can be read`() throws {
        _ = try NeighbourTable.read()
        #expect(NeighbourTable.path.hasPrefix("/proc/self/"), "the packaged service sees nothing else of /proc but processes")
        #expect(throws: LookTrouble.self) { try NeighbourTable.read("/proc/net/there-is-no-such-table") }
        for network in try LocalNetworks.read() {
            #expect(network.address.text.hasPrefix("127.") == false, "loopback is no network of the shop")
            #expect((0...32).contains(network.prefix))
        }
    }
}
