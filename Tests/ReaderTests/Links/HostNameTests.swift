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
