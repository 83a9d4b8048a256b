import Testing

@testable import DiagnosticsReport
@testable import TextSafety

/// What is taken out of the support archive, and what is left in.
@Suite struct ShapesTests {
    @Test(arguments: [
        "sk_live_51Habcdefghij", "rk_test_51Habcdefghij", "pst_test_YWNjdF8xS0l", "pi_3abc_secret_Zyx987654", "seti_1abc_secret_Zyx987654",
        "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl", "whsec_0123456789abcdef", "4242424242424242", "4242 4242 4242 4242",
        "5555-5555-5555-4444", "378282246310005",
    ])
    func `what looks like a secret or a card is taken out, wherever it stands`(secret: String) {
        for text in ["\(secret)", "before \(secret) after", "{\"a\":\"\(secret)\"}", "x=\(secret);", "(\(secret))", "\(secret).\n"] {
            let (clean, places) = hidden(text)
            #expect(places == 1, "\(text)")
            #expect(!clean.contains(secret), "\(clean)")
            #expect(clean.contains("(removed)"))
        }
    }

    @Test(arguments: [
        "card 4242424242424242 12/27 declined", "4242 4242 4242 4242 12/27", "4242424242424242 123", "4242424242424242-1",
        "4242424242424242/1227", "%B4242424242424242^DOE/J^27121011", "3782 822463 10005 0427", "6011111111111117", "2223003122003222",
    ])
    func `a card's number goes whatever stands behind it`(text: String) {
        let clean = hidden(text).text
        for digits in ["4242", "822463", "60111111", "22230031"] { #expect(!clean.contains(digits), "\(clean)") }
    }

    @Test(arguments: [
        (#"{"last4":"9753","x":1}"#, #"{"last4":"(removed)","x":1}"#),
        ("Authorization: Bearer abc.def", "Authorization: (removed) (removed)"),
        ("access_token=abc", "access_token=(removed)"), (#""client_secret" : "q""#, #""client_secret" : "(removed)""#),
        ("password: hunter2", "password: (removed)"),
    ])
    func `a value that is named as a secret is taken out, whatever it looks like`(text: String, clean: String) {
        #expect(!hidden(text).text.contains("9753"))
        #expect(hidden(text).places >= 1)
        if !text.hasPrefix("Authorization") { #expect(hidden(text).text == clean) }
        #expect(!hidden(text).text.contains("abc.def"))
    }

    @Test(arguments: [
        "backend.token_file = \"/etc/readerd/credentials/backend-token\"",
        "2026-07-31T12:00:00.250Z info: till-1-000123 begins payment=4242",
        "pk_test_51Habcdefghij is no secret", "pi_5xG3KUBSxUP7iYiwMkGk", "readerd_start_time_seconds 1769851800.123", "1769851800000",
        "readerd_last_connection_token_seconds 1795617690.1", "The token was refused: ask for another.",
        "bus 1, port 1.4.2, serial 42424242424242424242424", "the payment 20261126172901 of cart 20261126-172901",
        "20261126-000003 is unresolved", "order 5011000000002", "IMEI 356938035643809", "kiosk_test_000123 and desk_live_2",
        "newyork_live_1, network_test_2, week_test_1",
        "前台 “Front Desk” – 12.00 €", "127-36-224-18.ets7xbciysz2gctpuumh.device.stripe-terminal-local-reader.net",
    ])
    func `what a technician needs stays as it is`(text: String) {
        #expect(hidden(text).text == text)
        #expect(hidden(text).places == 0)
    }

    /// As for the archive, which takes out most.
    private func hidden(_ text: String) -> (text: String, places: Int) {
        SecretShapes.hidden(text, mark: SupportBundle.removed, reach: .names)
    }

    @Test(arguments: [
        "client_secret_key is missing", "token: this field is required", "Basic authentication is required", "Bearer tokens are taken",
        "cvc: this field may not be blank", "the password: is wrong",
    ])
    func `a sentence for people keeps its words`(text: String) {
        #expect(SecretShapes.hidden(text).text == text)
    }

    @Test(
        .timeLimit(.minutes(1)),
        arguments: [
            "eyJ", "_secret_", "a_secret_", "4", "4 ", "Bearer ", "pst_", "token:", "x=", "e\u{301}",
            String(repeating: "aeyJ", count: 2_000) + " ",
        ])
    func `a hostile text costs no more than its length`(piece: String) {
        // What grew with the square of the length would take many minutes for this much, a tenth of the limit is enough for what does not.
        let text = String(repeating: piece, count: 200_000 / piece.utf8.count)
        let start = ContinuousClock.now
        _ = hidden(text)
        _ = Shown.line(text, hiding: ["pst_pst_pst_pst_x"])
        #expect(ContinuousClock.now - start < .seconds(30))
    }

    @Test func `the list of contents says what was taken out and what is missing`() {
        var bundle = SupportBundle()
        bundle.add("log.txt", "the log", "a Bearer abc here")
        bundle.miss("settings.txt", "not readable")
        #expect(bundle.contents.contains("log.txt  "))
        #expect(bundle.contents.contains("a card's number: 1 word)"))
        #expect(bundle.contents.contains("Not in it:\n  settings.txt: not readable"))
    }
}
