import GatewayModel
import Testing
import WebCall

@Suite struct ShownTextTests {
    @Test func `text is one line without control characters`() {
        #expect(ShownText.of("one\r\n\ttwo\u{0}\u{1b}[31m three\u{202e}") == "one two[31m three")
        #expect(ShownText.of("   \n ").isEmpty)
    }

    @Test func `text is bounded`() {
        let shown = ShownText.of(String(repeating: "x", count: 100_000))
        #expect(shown.count == ShownText.limit)
        #expect(shown.hasSuffix("…"))
        // One character of a hundred thousand scalars.
        let pile = "a" + String(repeating: "\u{301}", count: 100_000)
        #expect(ShownText.of(pile).unicodeScalars.count <= 2 * ShownText.limit + 1)
    }

    @Test func `bytes that are no text do no harm`() {
        #expect(ShownText.of([0xff, 0xfe, 0x41] as [UInt8]) == "\u{fffd}\u{fffd}A")
    }

    @Test func `a page is reduced to its words`() {
        let page =
            "<!DOCTYPE html><html><head><style>p { color: red }</style><script>x()</script><title>502 Bad Gateway</title></head><p>nginx"
        #expect(ShownText.of(page) == "502 Bad Gateway nginx")
        #expect(ShownText.of("{\"detail\": \"a < b\"}") == "{\"detail\": \"a < b\"}")
    }

    @Test func `a secret that is repeated is not quoted`() {
        let shown = ShownText.of("token abcdef0123 is bad: abcdef0123", hiding: [Secret("abcdef0123"), Secret("")])
        #expect(shown == "token <redacted> is bad: <redacted>")
    }

    @Test func `what looks like a token of Stripe's is hidden wherever it stands`() {
        let shown = ShownText.of(#"{"a":"pst_test_A1b2","b":"pst_live_Z9","c":"pi_12_secret_9xY","d":"sk_live_51H"}"#)
        for part in ["A1b2", "Z9", "9xY", "51H"] { #expect(!shown.contains(part)) }
        #expect(ShownText.of("client_secret_key is missing") == "client_secret_key is missing")
    }

    @Test func `a name keeps its spaces and loses what cannot be shown`() {
        #expect(ShownText.name("Front  Desk ") == "Front  Desk ")
        #expect(ShownText.name("Front\nDesk") == "Front Desk")
    }
}
