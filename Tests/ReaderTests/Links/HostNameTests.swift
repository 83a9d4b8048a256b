import Testing

@testable import ReaderLinks

@Suite struct HostNameTests {
    @Test(arguments: [
        ("10-0-0-7.abc.example.net", "10-0-0-7.abc.example.net"), ("10-0-0-7.abc.example.net", "*.abc.example.net"),
        ("A.Example.NET", "a.example.net"), ("a.example.net", "*.EXAMPLE.net"),
    ])
    func `a certificate's name covers the host`(_ host: String, _ name: String) {
        #expect(HostName.matches(host, certificateName: name))
    }

    @Test(arguments: [
        ("a.example.net", "b.example.net"), ("a.b.example.net", "*.example.net"), ("example.net", "*.example.net"),
        ("a.example.net", "a*.example.net"), ("a.example.net", "*a.example.net"), ("a.example.net", "*.*.net"),
        ("a.example.net", "a.*.net"),
        ("example.net", "*.net"), ("example.net", "*"), ("a.example.net", "example.net"), ("a.example.net", ""), ("a.example.net", "."),
        ("a.example.net", "a.example.net."), ("a.example.net", "a.example.net\u{0}.evil.org"), ("a.example.net", "a.example.net.evil.org"),
        ("a.example.net", "ä.example.net"), (".example.net", "*.example.net"), ("a.example.net", "*.example.net "), ("", ""),
        ("10.0.0.7", "10.0.0.*"),
    ])
    func `a certificate's name does not cover the host`(_ host: String, _ name: String) {
        #expect(!HostName.matches(host, certificateName: name))
    }

    @Test(arguments: ["reader.local", "10-0-0-7.k4.device.stripe-terminal-local-reader.net", "a.b", "xn--a.net"])
    func `a name is a name`(_ name: String) { #expect(HostName.isValid(name)) }

    @Test(arguments: [
        "", "local", "10.0.0.7", "1.2", "a..b", ".a.b", "a.b.", "-a.b", "a-.b", "a b.c", "a.b/c", "a.b:4443", "*.a.b", "ä.b", "a_b.c",
        "::1",
        "a.b\r\nX: y", String(repeating: "a", count: 64) + ".b", String(repeating: "a.", count: 130) + "b",
    ])
    func `what is not a name is not taken for one`(_ name: String) { #expect(!HostName.isValid(name)) }
}

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
