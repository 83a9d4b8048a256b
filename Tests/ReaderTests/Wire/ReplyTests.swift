import JSON
import GatewayModel
import Moments
import TestSupport
import Testing

@testable import ReaderRPC

/// Bytes of an answer in, a reply or a failure out.
@Suite struct ReplyTests {
    private func read(
        _ command: ReaderCommand, _ envelope: JSONValue, status: Int = 200, id: Int64 = 7
    ) throws(ReaderFailure) -> ReaderReply {
        try ReplyReader(command: command, session: session).reply(status: status, body: Answers.bytes(envelope), id: id)
    }

    private func content(_ command: ReaderCommand, _ content: JSONValue) throws(ReaderFailure) -> ReaderReply {
        try read(command, Answers.envelope(content: content))
    }

    private func refusal(_ command: ReaderCommand, _ envelope: JSONValue, status: Int = 200) -> ReaderFailure? {
        do {
            _ = try read(command, envelope, status: status)
            return nil
        } catch {
            return error
        }
    }

    private func isInvalid(_ failure: ReaderFailure?) -> Bool {
        if case .invalidAnswer = failure { true } else { false }
    }

    // MARK: Codes

    @Test(arguments: [
        ("NETWORK_UNAVAILABLE", RPCErrorCode.networkUnavailable), ("SERVER_UNRESOLVABLE", .serverUnresolvable),
        ("SERVER_UNREACHABLE", .serverUnreachable), ("TIMEOUT", .timeout), ("RETRY", .retry), ("SERVER_BUSY", .serverBusy),
        ("RPC_ERROR", .rpcError), ("UNKNOWN_RPC_ERROR", .unknownRPCError), ("BAD_REQUEST", .badRequest), ("BAD_RESPONSE", .badResponse),
        ("NEW_ONE", .other("NEW_ONE")), ("rpc_ok", .other("rpc_ok")), ("RPC_OK ", .other("RPC_OK")), ("", .other("")),
    ])
    func `every transport code has its word`(_ wire: String, _ code: RPCErrorCode) {
        let failure = refusal(.heartbeat, Answers.envelope(changing: ["rpc_error_code": .string(wire), "error": "why"]))
        #expect(failure == .rpc(code, detail: "why"))
    }

    @Test(arguments: [
        ("INVALID_SESSION_TOKEN", AppErrorCode.invalidSessionToken), ("AUTHENTICATION_FAILURE", .authenticationFailure),
        ("UNAUTHORIZED", .unauthorized), ("SHORT_LIVED_SESSION", .shortLivedSession), ("ILLEGAL_STATE", .illegalState),
        ("LOCK_RESOURCES_EXCEPTION", .lockResourcesException), ("INTERRUPTED", .interrupted), ("INVALID_REQUEST", .invalidRequest),
        ("INVALID_RESPONSE", .invalidResponse), ("ILLEGAL_VERSION", .illegalVersion), ("INVALID_CONFIG", .invalidConfig),
        ("SERVER_ERROR", .serverError), ("HEALTH_FAILURE", .healthFailure), ("UNREACHABLE_ENDPOINT", .unreachableEndpoint),
        ("PERSISTER_FAILURE", .persisterFailure), ("UNKNOWN_APPLICATION_ERROR", .unknownApplicationError),
        ("INVALID_LOAD_ID", .other("INVALID_LOAD_ID")), ("ok", .other("ok")),
    ])
    func `every application code has its word`(_ wire: String, _ code: AppErrorCode) {
        let failure = refusal(.heartbeat, Answers.envelope(changing: ["app_error_code": .string(wire), "error": "why"]))
        #expect(failure == .app(code, detail: "why"))
    }

    @Test func `an application code outranks the transport's`() {
        let failure = refusal(.heartbeat, Answers.envelope(changing: ["app_error_code": "ILLEGAL_STATE", "rpc_error_code": "RPC_ERROR"]))
        #expect(failure == .app(.illegalState, detail: "the reader gave no reason"))
    }

    @Test func `a missing code is an unknown error`() {
        #expect(
            refusal(.heartbeat, Answers.envelope(changing: ["rpc_error_code": .some(nil)]))
                == .rpc(.unknownRPCError, detail: "the answer has no rpc_error_code"))
        #expect(
            refusal(.heartbeat, Answers.envelope(changing: ["app_error_code": .some(nil)]))
                == .app(.unknownApplicationError, detail: "the answer has no app_error_code"))
        #expect(refusal(.heartbeat, [:]) == .rpc(.unknownRPCError, detail: "the answer has no rpc_error_code"))
        // By number the first of an enumeration is its default: that is not success.
        #expect(
            refusal(.heartbeat, ["rpc_error_code": 0, "app_error_code": 1]) == .rpc(.unknownRPCError, detail: "the reader gave no reason"))
        #expect(
            refusal(.heartbeat, ["rpc_error_code": 1, "app_error_code": 0])
                == .app(.unknownApplicationError, detail: "the reader gave no reason"))
        #expect(
            refusal(.heartbeat, ["rpc_error_code": 1, "app_error_code": 99]) == .app(.other("99"), detail: "the reader gave no reason"))
    }

    @Test(arguments: [100, 204, 301, 400, 404, 500, 503, 999, 0, -1])
    func `a status that is not a success is no answer`(_ status: Int) {
        let failure = refusal(.heartbeat, Answers.envelope(), status: status)
        if status == 204 {
            #expect(failure == nil)
        } else {
            #expect(failure == .lost(detail: "terminalHeartbeat: the answer was HTTP \(status)"))
        }
    }

    // MARK: The envelope

    @Test(arguments: [
        "", "null", "[]", "7", "\"x\"", "{", "{}}", "<html>", "\u{0}", "{\"rpc_error_code\":\"RPC_OK\",\"app_error_code\":\"OK\"",
    ])
    func `an answer that is not an object is invalid`(_ text: String) {
        #expect(throws: ReaderFailure.invalidAnswer(detail: "terminalHeartbeat: the answer is not a JSON object")) {
            try ReplyReader(command: .heartbeat, session: nil).reply(status: 200, body: text.utf8, id: 7)
        }
    }

    @Test func `an answer to another request is invalid, whatever it says`() throws {
        let other = ReaderFailure.invalidAnswer(detail: "terminalHeartbeat: the answer belongs to another request")
        #expect(refusal(.heartbeat, Answers.envelope(id: 8)) == other)
        #expect(refusal(.heartbeat, Answers.envelope(id: -7)) == other)
        #expect(refusal(.heartbeat, Answers.envelope(id: 8, changing: ["app_error_code": "UNAUTHORIZED"])) == other)
        #expect(refusal(.heartbeat, Answers.envelope(changing: ["request_id": "8"])) == other)
        #expect(try read(.heartbeat, Answers.envelope(id: 7)) == .done)
        #expect(try read(.heartbeat, Answers.envelope(changing: ["request_id": "7"])) == .done)
        #expect(try read(.heartbeat, Answers.envelope(id: 0)) == .done)
        #expect(try read(.heartbeat, Answers.envelope()) == .done)
    }

    @Test func `what needs no content takes none, but no garbage`() throws {
        for command: ReaderCommand in [.heartbeat, .clearDisplay(nil), .collectReusable, .cancelReusable, .cancelCollect(transaction)] {
            #expect(try read(command, Answers.envelope(content: nil)) == .done)
            #expect(try read(command, Answers.envelope(content: nil, changing: ["content": ""])) == .done)
            #expect(isInvalid(refusal(command, Answers.envelope(changing: ["content": "%%%"]))))
            #expect(isInvalid(refusal(command, Answers.envelope(changing: ["content": "e"]))))
            #expect(isInvalid(refusal(command, Answers.envelope(changing: ["content": "bm90IGpzb24="]))))
        }
    }

    @Test func `what needs content says what is wrong with it`() {
        func why(_ content: JSONValue?) -> ReaderFailure? {
            refusal(.query(transaction), Answers.envelope(content: nil, changing: ["content": content]))
        }
        #expect(why(5) == .invalidAnswer(detail: "queryPaymentMethod: content is not base64"))
        #expect(why("e") == .invalidAnswer(detail: "queryPaymentMethod: content is not base64"))
        #expect(why("e30=\n") == .invalidAnswer(detail: "queryPaymentMethod: content is not base64"))
        #expect(why("W10=") == .invalidAnswer(detail: "queryPaymentMethod: content is not the JSON that the method answers"))
        #expect(why("gICA") == .invalidAnswer(detail: "queryPaymentMethod: content is not the JSON that the method answers"))
    }

    // MARK: Activation

    @Test func `an activation gives the session`() throws {
        let command = everyCommand[0]
        #expect(
            try content(
                command,
                ["session_token": "tok", "livemode": true, "version": ["client_type": "ANDROID_READER", "client_version": "2.33.1.0"]])
                == .activated(session: SessionToken(Secret("tok")), livemode: true, software: "ANDROID_READER 2.33.1.0"))
        #expect(
            try content(command, ["session_token": "tok"]) == .activated(session: SessionToken(Secret("tok")), livemode: nil, software: nil)
        )
        for odd: JSONValue in [
            [:], ["session_token": ""], ["session_token": 5], ["session_token": nil],
            ["session_token": .string(String(repeating: "x", count: 5000))],
        ] {
            #expect(isInvalid(refusal(command, Answers.envelope(content: odd))))
        }
    }

    // MARK: The card

    @Test func `a query says pending, canceled or card`() throws {
        let query = ReaderCommand.query(transaction)
        #expect(try content(query, ["payment_status": "PAYMENT_PENDING"]) == .pending)
        #expect(try content(query, ["payment_status": "PAYMENT_PENDING", "payment_method": nil]) == .pending)
        #expect(try content(query, [:]) == .pending)
        #expect(try content(query, ["payment_status": "SOMETHING_NEW"]) == .pending)
        #expect(try content(query, ["payment_status": "PAYMENT_CANCELED"]) == .canceledByCustomer)
        let none = CardSummary(brand: nil, last4: nil, entry: nil)
        for status: JSONValue in ["PAYMENT_PENDING", "PAYMENT_CANCELED", nil, "X"] {
            #expect(
                try content(query, ["payment_status": status, "payment_method": [:]])
                    == .card(CollectedCard(summary: none, tipMinor: 0, echo: Secret("{}"))))
        }
        for odd: JSONValue in ["x", 1, [], true] { #expect(isInvalid(refusal(query, Answers.envelope(content: ["payment_method": odd])))) }
        #expect(try content(.queryReusable, ["reusable_card_status": "REUSABLE_CARD_PENDING"]) == .pending)
        #expect(try content(.queryReusable, ["reusable_card_status": "REUSABLE_CARD_CANCELED"]) == .canceledByCustomer)
    }

    @Test(arguments: [
        ("VISA", "XXXXXXXXXXXX4242", "CONTACTLESS", CardSummary(brand: "visa", last4: "4242", entry: "contactless")),
        ("AMERICAN_EXPRESS", "...0005", "CHIP_READ", CardSummary(brand: "amex", last4: "0005", entry: "chip")),
        ("CUP", "62", "FSWIPE", CardSummary(brand: "unionpay", last4: nil, entry: "swiped")),
        ("UNKNOWN_CREDIT", "42x2", "INVALID_ENTRY_METHOD", CardSummary(brand: nil, last4: nil, entry: nil)),
        ("MASTERCARD", "", "KEYED", CardSummary(brand: "mastercard", last4: nil, entry: "keyed")),
    ])
    func `a card's summary is brand, last four and entry`(_ brand: String, _ pan: String, _ entry: String, _ summary: CardSummary) throws {
        let reply = try content(
            .query(transaction),
            [
                "payment_method": [
                    "card_payment": ["masked_pan": .string(pan), "card_brand": .string(brand), "card_entry_method": .string(entry)]
                ]
            ])
        guard case .card(let card) = reply else {
            Issue.record("no card")
            return
        }
        #expect(card.summary == summary)
    }

    @Test func `a tip is the sum of the selections`() throws {
        func tip(_ method: JSONValue) throws(ReaderFailure) -> Int64? {
            if case .card(let card) = try content(.query(transaction), ["payment_method": method]) { card.tipMinor } else { nil }
        }
        #expect(try tip([:]) == 0)
        #expect(try tip(["tip_selections": []]) == 0)
        #expect(try tip(["tip_selections": [["amount": 100, "description": "a"], ["amount": 23], ["description": "none"]]]) == 123)
        #expect(try tip(["tip_selection": ["amount": 150]]) == 150)
        #expect(try tip(["tip_selection": ["amount": "150"]]) == 150)
        #expect(try tip(["tip_selections": [["amount": 1]], "tip_selection": ["amount": 150]]) == 1)
        for odd: JSONValue in [
            ["tip_selection": ["amount": -1]], ["tip_selections": [["amount": .number("1.5")]]], ["tip_selections": "x"],
            ["tip_selections": [["amount": .integer(Int64.max)], ["amount": .integer(Int64.max)]]], ["tip_selection": ["amount": ["x"]]],
        ] {
            #expect(throws: ReaderFailure.self) { try tip(odd) }
        }
    }

    @Test func `the card goes back into the confirm as it came`() throws {
        let method: JSONValue = [
            "card_payment": [
                "masked_pan": "", "expiration_date": nil, "n": 9_007_199_254_740_993,
                "d": .number("19.990"), "e": .number("1e400"),
            ],
            "opaque": ["é", "\u{1}", true, [], [:]],
        ]
        guard case .card(let card) = try content(.query(transaction), ["payment_method": method]) else {
            Issue.record("no card")
            return
        }
        let envelope = try RequestWriter(identity: identity).envelope(
            .confirm(transaction, intent: IntentID(unchecked: "pi_1"), card: card), id: 1, session: session, trace: "")
        #expect(try envelope.message(Wire.ConfirmPayment.Request.self).paymentMethod.text() == method.text())
        #expect(!"\(card)".contains("opaque"))
    }

    // MARK: The confirm

    private let confirm = ReaderCommand.confirm(transaction, intent: IntentID(unchecked: "pi_1"), card: sampleCard)

    private func confirmed(_ message: JSONValue) throws(ReaderFailure) -> ConfirmAnswer? {
        if case .confirmed(let answer) = try content(confirm, message) { answer } else { nil }
    }

    @Test func `a confirmed intent gives its status, amount and card`() throws {
        let intent: JSONValue = [
            "id": "pi_1", "status": "requires_capture", "amount": 5778, "currency": "USD",
            "charges": [
                "data": [["payment_method_details": ["card_present": ["brand": "visa", "last4": "4242", "read_method": "contact_emv"]]]]
            ],
        ]
        #expect(
            try confirmed(["confirmed_payment_intent": intent])
                == ConfirmAnswer(
                    field: .confirmed, intent: IntentID(unchecked: "pi_1"), status: .requiresCapture, amountMinor: 5778, currency: usd,
                    card: CardSummary(brand: "visa", last4: "4242", entry: "chip")))
    }

    @Test func `a decline gives the intent's status and the issuer's word`() throws {
        let answer = try confirmed([
            "decline_response": [
                "error": [
                    "type": "card_error", "code": "card_declined", "decline_code": "insufficient_funds",
                    "message": "Your card\nwas declined.",
                    "payment_intent": ["id": "pi_1", "status": "requires_payment_method", "amount": 5678, "currency": "usd"],
                ]
            ]
        ])
        #expect(
            answer
                == ConfirmAnswer(
                    field: .declined, intent: IntentID(unchecked: "pi_1"), status: .requiresPaymentMethod, amountMinor: 5678, currency: usd,
                    code: "card_declined", declineCode: "insufficient_funds", message: "Your card was declined."))
    }

    @Test func `a decline without an intent has no status`() throws {
        for message: JSONValue in [["decline_response": [:]], ["decline_response": "no"], ["decline_response": ["error": ["code": 5]]]] {
            #expect(try confirmed(message) == ConfirmAnswer(field: .declined))
        }
    }

    @Test func `an error and nothing at all have no status`() throws {
        #expect(
            try confirmed(["confirm_error": ["code": "timeout", "message": "no answer"]])
                == ConfirmAnswer(field: .error, code: "timeout", message: "no answer"))
        #expect(try confirmed([:]) == ConfirmAnswer(field: .none))
        #expect(try confirmed(["confirmed_payment_intent": nil, "decline_response": nil]) == ConfirmAnswer(field: .none))
    }

    @Test func `the first that is present counts`() throws {
        let all: JSONValue = [
            "confirm_error": ["code": "x"], "decline_response": ["error": ["payment_intent": ["status": "requires_payment_method"]]],
            "confirmed_payment_intent": ["status": "succeeded"],
        ]
        #expect(try confirmed(all) == ConfirmAnswer(field: .confirmed, status: .succeeded))
    }

    @Test func `odd members of an intent cost only themselves`() throws {
        let odd: [(JSONValue, ConfirmAnswer)] = [
            (["status": "succeeded", "amount": -5, "currency": "euro", "id": ""], ConfirmAnswer(field: .confirmed, status: .succeeded)),
            (
                ["status": "succeeded", "amount": .number("5.5"), "charges": "x", "payment_method": "pm_1"],
                ConfirmAnswer(field: .confirmed, status: .succeeded)
            ),
            (["status": 5, "amount": "1200", "currency": ["x"]], ConfirmAnswer(field: .confirmed, amountMinor: 1200)),
            (["status": "brand_new", "charges": ["data": [1]]], ConfirmAnswer(field: .confirmed, status: .other("brand_new"))),
            (["id": .string(String(repeating: "x", count: 300)), "currency": ""], ConfirmAnswer(field: .confirmed)),
            (["id": "pi 1\n"], ConfirmAnswer(field: .confirmed)),
            ("x", ConfirmAnswer(field: .confirmed)), ([], ConfirmAnswer(field: .confirmed)), (false, ConfirmAnswer(field: .confirmed)),
        ]
        for (intent, answer) in odd { #expect(try confirmed(["confirmed_payment_intent": intent]) == answer) }
    }

    @Test func `a card's summary comes from wherever the intent tells it`() throws {
        let card: JSONValue = ["brand": "mastercard", "last4": "4444", "read_method": "contactless_emv"]
        let summary = CardSummary(brand: "mastercard", last4: "4444", entry: "contactless")
        for intent: JSONValue in [
            ["payment_method": ["card_present": card]], ["payment_method": ["interac_present": card]],
            ["latest_charge": ["payment_method_details": ["card_present": card]]],
        ] {
            #expect(try confirmed(["confirmed_payment_intent": intent])?.card == summary)
        }
    }

    @Test func `a kept card is created or refused`() throws {
        let command = ReaderCommand.confirmReusable(echo: Secret("{}"))
        #expect(try content(command, ["created_reusuable_card": ["id": "pm_1"]]) == .createdReusable(paymentMethod: "pm_1"))
        #expect(try content(command, ["confirm_error": ["code": "a", "message": "b"]]) == .reusableRefused(code: "a", message: "b"))
        for odd: JSONValue in [
            [:], ["created_reusable_card": ["id": "pm_1"]], ["created_reusuable_card": [:]], ["created_reusuable_card": ["id": "a b"]],
        ] {
            #expect(isInvalid(refusal(command, Answers.envelope(content: odd))))
        }
    }

    // MARK: Text

    @Test func `a reader's text is bounded, printable and keeps no secret`() {
        func shown(_ text: String, _ command: ReaderCommand = .heartbeat) -> String {
            guard
                case .app(_, let detail) = refusal(
                    command, Answers.envelope(changing: ["app_error_code": "UNAUTHORIZED", "error": .string(text)]))
            else { return "-" }
            return detail
        }
        #expect(shown("a\u{0}b\r\n\tc \u{202E}d\u{2028}e") == "a b c d e")
        #expect(shown(String(repeating: "x", count: 100_000)).unicodeScalars.count == 300)
        #expect(shown("token pst_live_YWJj0 is spent") == "token <redacted> is spent")
        #expect(shown("got 'pi_3_secret_abc', no") == "got '<redacted>', no")
        #expect(shown("bad session-0123456789!") == "bad <redacted>!")
        #expect(shown("xxsession-0123456789yy") == "xx<redacted>yy")
        #expect(shown("refused pst_test_abc", everyCommand[0]) == "refused <redacted>")
        #expect(shown("no PST-LIVE here, é ok") == "no PST-LIVE here, é ok")
        #expect(shown("") == "the reader gave no reason")
    }

    @Test func `a code that is not a word is shown as one`() {
        let failure = refusal(
            .heartbeat, Answers.envelope(changing: ["app_error_code": .string("\u{1B}[31m" + String(repeating: "A", count: 999))]))
        guard case .app(.other(let code), _) = failure else {
            Issue.record("\(String(describing: failure))")
            return
        }
        #expect(code.unicodeScalars.count == 64 && code.hasPrefix("[31m"))
    }

    // MARK: Noise

    @Test func `no change of a byte makes it trap or changes an answer's owner`() throws {
        let confirmed: JSONValue = ["id": "pi_1", "status": "succeeded", "amount": 5678, "currency": "usd"]
        let message: JSONValue = ["confirmed_payment_intent": confirmed, "request_id": "x"]
        let plain = Array(Answers.content(message).utf8)
        let body = Answers.bytes(Answers.envelope(id: 7, content: message))
        var random = Seeded(20_240_527)
        var replies = 0
        for round in 0..<20_000 {
            var bytes = body
            for _ in 0...Int(random.next() % 3) {
                let place = Int(random.next() % UInt64(bytes.count))
                switch random.next() % 4 {
                case 0: bytes[place] = UInt8(truncatingIfNeeded: random.next())
                case 1: bytes.remove(at: place)
                case 2: bytes.insert(UInt8(truncatingIfNeeded: random.next()), at: place)
                default: bytes[place] = plain[Int(random.next() % UInt64(plain.count))]
                }
            }
            let command = everyCommand[round % everyCommand.count]
            do throws(ReaderFailure) {
                _ = try ReplyReader(command: command, session: session).reply(status: 200, body: bytes, id: 7)
                replies += 1
            } catch {
                switch error {
                case .invalidAnswer, .rpc, .app, .unsupported: break
                case .unreachable, .untrusted, .lost: Issue.record("round \(round): \(error)")
                }
            }
        }
        // Both ways are taken: the noise is neither always fatal nor never.
        #expect(replies > 100 && replies < 19_000, "\(replies) replies")
    }
}
