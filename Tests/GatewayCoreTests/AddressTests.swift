import Testing

@testable import GatewayCore
@testable import GatewayModel
import Moments

@Suite struct PrivateAddressTests {
    @Test(arguments: ["10.0.0.1", "10.255.255.255", "172.16.0.1", "172.31.255.254", "192.168.0.9", "169.254.1.1", "127.0.0.1", "127.9.9.9"])
    func `a local address is dialled`(_ text: String) throws { #expect(try PrivateAddress(text).text == text) }

    @Test(arguments: [
        "8.8.8.8", "9.255.255.255", "11.0.0.0", "172.15.0.1", "172.32.0.1", "192.167.1.1", "192.169.1.1", "169.253.1.1", "169.255.1.1",
        "0.0.0.0",
        "255.255.255.255", "224.0.0.1", "100.64.0.1", "126.0.0.1", "128.0.0.1",
    ])
    func `an address elsewhere is not`(_ text: String) {
        #expect(throws: PrivateAddress.Problem.notPrivate) { try PrivateAddress(text) }
    }

    @Test(arguments: [
        "", "10", "10.0.0", "10.0.0.0.1", "10.0.0.256", "10.0.0.01", "010.0.0.1", "10.0.0.-1", "10.0.0.1 ", "0x0a.0.0.1", "167772161",
        "::1",
        "::ffff:10.0.0.1", "localhost", "10..0.1", "10.0.0.", "10.0.0.1\u{0}", "١٠.0.0.1", "99999999999999999999.0.0.1",
    ])
    func `what is not four numbers is not an address`(_ text: String) {
        #expect(throws: PrivateAddress.Problem.notIPv4) { try PrivateAddress(text) }
    }
}

@Suite struct SubnetTests {
    @Test(arguments: [
        ("192.168.8.0/24", 254, "192.168.8.1", "192.168.8.254"), ("192.168.8.7/22", 1022, "192.168.8.1", "192.168.11.254"),
        ("10.0.0.6/31", 2, "10.0.0.6", "10.0.0.7"), ("127.1.2.3/32", 1, "127.1.2.3", "127.1.2.3"),
        ("10.255.255.4/30", 2, "10.255.255.5", "10.255.255.6"), ("172.31.255.255/22", 1022, "172.31.252.1", "172.31.255.254"),
    ])
    func `every host of a network is one, the network itself and its broadcast are not`(
        _ text: String, _ count: Int, _ first: String, _ last: String
    ) throws {
        let hosts = try Subnet(text).hosts
        #expect(hosts.count == count && hosts.first?.text == first && hosts.last?.text == last)
    }

    @Test(arguments: [
        ("8.8.8.0/24", Subnet.Problem.notPrivate), ("172.32.0.0/24", .notPrivate), ("100.64.0.0/24", .notPrivate),
        ("0.0.0.0/0", .notPrivate),
        ("10.0.0.0/21", .tooLarge), ("10.0.0.0/0", .tooLarge), ("10.0.0.0/33", .malformed), ("10.0.0.0/024", .malformed),
        ("10.0.0.0", .malformed), ("10.0.0.0/", .malformed), ("/24", .malformed), ("fe80::/64", .malformed), ("10.0.0/24", .malformed),
        ("10.0.0.0/24/24", .malformed), ("10.0.0.0/-1", .malformed), ("", .malformed), ("10.0.0.0/24 ", .malformed),
    ])
    func `what may not be looked at is refused with its reason`(_ text: String, _ problem: Subnet.Problem) {
        #expect(throws: problem) { try Subnet(text) }
    }

    @Test func `a network is written as its first address`() throws {
        #expect(try Subnet("192.168.8.77/24").description == "192.168.8.0/24")
        #expect(try Subnet("192.168.8.77/24") == Subnet("192.168.8.0/24"))
        #expect(try Subnet("192.168.8.0/24").contains(PrivateAddress("192.168.8.255")))
        #expect(try !Subnet("192.168.8.0/24").contains(PrivateAddress("192.168.9.0")))
    }
}

@Suite struct ReaderNameTests {
    private static let suffix = ReaderName.suffix

    @Test(arguments: [
        "192-168-8-57.k427.\(suffix)", "*.k427.\(suffix)", "*.K427.Device.Stripe-Terminal-Local-Reader.NET", "192-168-8-57.\(suffix)",
        "*.\(suffix)",
    ])
    func `a reader's name is one`(_ name: String) { #expect(ReaderName.find(in: ["example.com", name]) == name.lowercased()) }

    @Test(arguments: [
        "", suffix, ".\(suffix)", "..\(suffix)", "a.b.c.\(suffix)", "x\(suffix)", "a.\(suffix).evil.example", "a b.c.\(suffix)",
        "a\u{0}.c.\(suffix)",
        "-a.b.\(suffix)", "a-.b.\(suffix)", "a.*.\(suffix)", "**.b.\(suffix)", "a/../b.\(suffix)", "ä.b.\(suffix)", "a..\(suffix)",
        "a.b.\(suffix).",
        String(repeating: "a", count: 64) + ".b.\(suffix)", String(repeating: "a", count: 300) + ".\(suffix)", "a\r\nb.c.\(suffix)",
    ])
    func `anything else is not`(_ name: String) { #expect(ReaderName.find(in: [name]) == nil) }

    @Test func `the domain tells readers apart only when it has a label of its own`() {
        func domain(_ name: String?) -> String? { LANSighting(address: "10.0.0.1", port: 4443, certificateName: name).domain }
        #expect(domain("10-0-0-1.k427.\(Self.suffix)") == "k427.\(Self.suffix)")
        #expect(domain("*.K427.\(Self.suffix)") == "k427.\(Self.suffix)")
        #expect(domain("10-0-0-1.\(Self.suffix)") == nil && domain("*.\(Self.suffix)") == nil && domain(nil) == nil && domain("") == nil)
        let old = LANSighting(address: "10.0.0.1", port: 4443, certificateName: "10-0-0-1.\(Self.suffix)")
        #expect(old.key.text == "lan:10.0.0.1", "names without a label of their own would make one reader of all")
    }
}
