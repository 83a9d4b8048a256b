import Testing
import TextSafety

@Suite struct ShownTests {
    @Test func `text is one line without control characters`() {
        #expect(Shown.line("one\r\n\ttwo\u{0}\u{1b}[31m three\u{202e}") == "one two [31m three")
        #expect(Shown.line("   \n ").isEmpty)
    }

    @Test func `text is bounded`() {
        let shown = Shown.line(String(repeating: "x", count: 100_000))
        #expect(shown.count == Shown.limit)
        #expect(shown.hasSuffix("…"))
        // One character of a hundred thousand scalars.
        let pile = "a" + String(repeating: "\u{301}", count: 100_000)
        #expect(Shown.line(pile).unicodeScalars.count <= 2 * Shown.limit + 1)
    }

    @Test func `bytes that are no text do no harm`() {
        #expect(Shown.body([0xff, 0xfe, 0x41] as [UInt8]) == "\u{fffd}\u{fffd}A")
    }

    @Test func `a page is reduced to its words`() {
        let page =
            "<!DOCTYPE html><html><head><style>p { color: red }</style><script>x()</script><title>502 Bad Gateway</title></head><p>nginx"
        #expect(Shown.body(page.utf8) == "502 Bad Gateway nginx")
        #expect(Shown.body("{\"detail\": \"a < b\"}".utf8) == "{\"detail\": \"a < b\"}")
    }

    @Test func `a secret that is repeated is not quoted`() {
        let shown = Shown.line("token abcdef0123 is bad: abcdef0123", hiding: ["abcdef0123", ""])
        #expect(shown == "token <redacted> is bad: <redacted>")
    }

    @Test func `what looks like a token of Stripe's is hidden wherever it stands`() {
        let shown = Shown.line(#"{"a":"pst_test_A1b2","b":"pst_live_Z9","c":"pi_12_secret_9xY","d":"sk_live_51H"}"#)
        for part in ["A1b2", "Z9", "9xY", "51H"] { #expect(!shown.contains(part)) }
        #expect(Shown.line("client_secret_key is missing") == "client_secret_key is missing")
    }

    @Test func `a name keeps its spaces and loses what cannot be shown`() {
        #expect(Shown.name("Front  Desk ") == "Front  Desk ")
        #expect(Shown.name("Front\nDesk") == "Front Desk")
    }

    @Test func `place by place nothing moves, and what is wanted stands for what cannot be seen`() {
        #expect(Shown.plain("a\u{7}b  c\u{202e}\u{ad}d") == "a b  c  d")
        #expect(Shown.plain("a\u{1b}\u{202e}", instead: "\u{fffd}") == "a\u{fffd}\u{fffd}")
        #expect(Shown.plain(String(repeating: "x", count: 500), limit: 100) == String(repeating: "x", count: 99) + "…")
        #expect(Shown.plain(String(repeating: "x", count: 100), limit: 100) == String(repeating: "x", count: 100))
    }

    @Test func `a name that looks like a secret is none`() {
        #expect(Shown.name("Desk sk_live_51H") == "Desk <redacted>")
    }

    @Test(arguments: ["前台 “Front Desk” – 12.00 €", "é e\u{301} ß 😀 ✓ …", "नमस्ते", "שלום"])
    func `what people write is shown as they wrote it`(text: String) {
        #expect(Shown.line(text) == text && Shown.plain(text) == text && Shown.name(text) == text)
    }

    @Test func `a secret is found over what cannot be seen in it, and in letters of another width`() {
        let secrets = ["session-0123456789"]
        for text in ["session-\u{0}0123456789", "ses\u{ad}sion-0123456789\u{fe0f}", "session-01234５６789", "session‑0123456789"] {
            #expect(Shown.line("bad \(text)!", hiding: secrets) == "bad <redacted>!", "\(text.debugDescription)")
        }
        #expect(Shown.line("größe-größe", hiding: ["größe-"]) == "<redacted>größe")
        #expect(Shown.line("aaa", hiding: ["aaa"]) == "aaa", "as short as that it would be found by chance")
    }
}
