import Testing
import WebCall

@Suite struct WebBaseTests {
    @Test func `an address is taken apart`() throws {
        let base = try WebBase("HTTPS://Store.Example:8443/proxy/")
        #expect(base.host == "store.example")
        #expect(base.port == 8443)
        #expect(base.prefix == "/proxy")
        #expect(base.place == "store.example:8443")
        #expect(try WebBase("https://store.example").port == 443)
        #expect(try WebBase("https://[::1]:9443").place == "[::1]:9443")
    }

    @Test(arguments: [
        ("http://store.example", WebBase.Problem.notHTTPS), ("store.example", .notHTTPS), ("", .notHTTPS),
        ("ftp://store.example", .notHTTPS),
        ("https://user:pass@store.example", .hasCredentials), ("https://token@store.example/", .hasCredentials),
        ("https://store.example/?key=1", .hasQuery), ("https://store.example/#top", .hasQuery),
        ("https://", .malformed), ("https:///path", .malformed), ("https://store.example:0", .malformed),
        ("https://store.example:65536", .malformed), ("https://store.example:+80", .malformed), ("https://store.example:", .malformed),
        ("https://store example", .malformed), ("https://store\r\nexample", .malformed), ("https://[::1", .malformed),
        ("https://[::1]x", .malformed), ("https://[evil]", .malformed), ("https://störe.example", .malformed),
        ("https://store.example/a b", .malformed),
    ])
    func `what is not a plain HTTPS address is refused`(text: String, problem: WebBase.Problem) {
        #expect(throws: problem) { try WebBase(text) }
        #expect(throws: problem) { try WebBase.endpoint(text) }
    }

    @Test func `an endpoint keeps its path with its slash`() throws {
        let (base, path) = try WebBase.endpoint("https://store.example/o/token/")
        #expect(base.prefix.isEmpty)
        #expect(path == "/o/token/")
        #expect(try WebBase.endpoint("https://store.example").path == "/")
    }

    @Test func `what is not plain is percent-encoded`() {
        #expect("a b&c=d/é+%".percentEncoded == "a%20b%26c%3Dd%2F%C3%A9%2B%25")
        #expect("AZaz09-._~".percentEncoded == "AZaz09-._~")
    }
}
