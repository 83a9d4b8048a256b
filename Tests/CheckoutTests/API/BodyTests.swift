import JSON
import CheckoutAPI
import Foundation
import Testing

@Suite struct BodyTests {
    private func payment(_ text: String) throws -> PaymentBody { try PaymentBody(strict: try JSONParser.parse(Array(text.utf8))) }

    /// The fields that are refused, in order.
    private func refused(_ text: String) throws -> [String] {
        do {
            _ = try payment(text)
            return []
        } catch let problem as Problem {
            #expect(problem.code == .invalidRequest && problem.status == 422)
            return problem.errors?.map(\.field) ?? []
        }
    }

    @Test func `a whole body is read`() throws {
        let body = try payment(
            """
            {"cart": "123", "amount": "56.78", "account_balance_payment_amount": "0", "lane": "till-1", "reader": "Front Desk", "timeout_s": 60,
             "display": {"currency": "USD", "total_minor": 5678, "tax_minor": 0,
                         "line_items": [{"description": "Tee", "amount_minor": 5678, "quantity": 2}]},
             "tip": {"options": [{"label": "10 %", "amount_minor": 568}], "hide_custom_amount": true}, "after_keyed_entry": true}
            """)
        #expect(
            body
                == PaymentBody(
                    cart: "123", amount: "56.78", accountBalancePaymentAmount: "0", lane: "till-1", reader: "Front Desk",
                    timeoutSeconds: 60,
                    display: Display(
                        currency: "USD", totalMinor: 5678, taxMinor: 0,
                        lineItems: [Display.LineItem(description: "Tee", amountMinor: 5678, quantity: 2)]),
                    tip: Tip(options: [Tip.Option(label: "10 %", amountMinor: 568)], hideCustomAmount: true), afterKeyedEntry: true))
    }

    @Test func `absent and null are the same`() throws {
        let short = try payment(#"{"cart": "1", "amount": "1"}"#)
        let long = try payment(
            """
            {"cart": "1", "amount": "1", "account_balance_payment_amount": null, "lane": null, "reader": null, "timeout_s": null,
             "display": null, "tip": null, "after_keyed_entry": null}
            """)
        #expect(short == long)
        #expect(try refused(#"{"cart": null, "amount": null}"#) == ["cart", "amount"])
    }

    @Test func `everything that is wrong is said at once, with its place`() throws {
        #expect(
            try refused(
                """
                {"cart": "", "amount": 5, "timeout_s": 4, "lane": "", "after_keyed_entry": "yes", "ammount": "5", "display": {"total_minor": -1},
                 "tip": {"options": [{"label": "", "amount_minor": 1.5}, 7, {"labl": "x"}], "x": 1}}
                """)
                == [
                    "cart", "amount", "lane", "timeout_s", "display.currency", "display.total_minor", "display.line_items",
                    "tip.options[0].label", "tip.options[0].amount_minor", "tip.options[1]", "tip.options[2].label",
                    "tip.options[2].amount_minor", "tip.options[2].labl", "tip.x", "after_keyed_entry", "ammount",
                ])
    }

    @Test func `a misspelt field is refused with the name that was meant`() throws {
        do {
            _ = try payment(#"{"cart": "1", "amount": "1", "account_balance_payment_amont": "1"}"#)
            Issue.record("accepted")
        } catch let problem as Problem {
            let message = problem.errors?.first?.message ?? ""
            #expect(message == "is not a field of this request; did you mean account_balance_payment_amount?")
        }
    }

    @Test func `a field that stands twice is refused, whatever it says`() throws {
        #expect(try refused(#"{"cart": "1", "amount": "1", "amount": "1"}"#) == ["amount"])
        #expect(try refused(#"{"cart": "1", "cart": null, "amount": "1"}"#) == ["cart"])
        #expect(try refused(#"{"cart": "1", "\u0063art": "2", "amount": "1"}"#) == ["cart"])
    }

    @Test(arguments: ["[]", "1", "\"x\"", "null", "true"])
    func `a body that is no object is refused`(text: String) throws {
        #expect(try refused(text) == ["body"])
    }

    @Test(arguments: ["1", "0.1", "0.001", "9999999999", "9999999999.999", "56.78", "10", "0.010"])
    func `an amount is taken`(text: String) throws {
        #expect(try payment(#"{"cart": "1", "amount": "\#(text)"}"#).amount == text)
    }

    @Test(arguments: [
        "", "0", "0.0", "0.00", "0.000", "00", "01", "-1", "+1", "1.", ".5", "1.2345", "10000000000", "1,5", "1e2", " 1", "1 ", "1_0", "٣",
        "1.2.3",
        "0x1", "NaN", "١",
    ])
    func `an amount is refused`(text: String) throws {
        #expect(try refused(#"{"cart": "1", "amount": "\#(text)"}"#) == ["amount"])
    }

    @Test func `the balance may be zero and no less`() throws {
        #expect(
            try payment(#"{"cart": "1", "amount": "1", "account_balance_payment_amount": "0.00"}"#).accountBalancePaymentAmount == "0.00")
        #expect(try refused(#"{"cart": "1", "amount": "1", "account_balance_payment_amount": "-0"}"#) == ["account_balance_payment_amount"])
    }

    @Test func `bounds are inclusive`() throws {
        func timeout(_ value: String) throws -> [String] { try refused(#"{"cart": "1", "amount": "1", "timeout_s": \#(value)}"#) }
        for value in ["5", "600", "5.0", "6e2"] { #expect(try timeout(value) == []) }
        for value in ["4", "601", "5.5", "1e30", "-5", "\"5\"", "true"] { #expect(try timeout(value) == ["timeout_s"]) }
        func options(_ count: Int) throws -> [String] {
            let list = Array(repeating: #"{"label": "x", "amount_minor": 0}"#, count: count).joined(separator: ",")
            return try refused(#"{"cart": "1", "amount": "1", "tip": {"options": [\#(list)]}}"#)
        }
        #expect(try options(0) == ["tip.options"])
        #expect(try options(1) == [])
        #expect(try options(3) == [])
        #expect(try options(4) == ["tip.options"])
        func cart(_ text: String) throws -> [String] { try refused(#"{"cart": "\#(text)", "amount": "1"}"#) }
        #expect(try cart(String(repeating: "x", count: 128)) == [])
        #expect(try cart(String(repeating: "x", count: 129)) == ["cart"])
        #expect(try cart("é") == ["cart"])
        #expect(try cart("a b/c~") == [])
        #expect(try cart("a\\u0000") == ["cart"])
        func lane(_ text: String) throws -> [String] { try refused(#"{"cart": "1", "amount": "1", "lane": "\#(text)"}"#) }
        #expect(try lane(String(repeating: "é", count: 128)) == [])
        #expect(try lane(String(repeating: "é", count: 129)) == ["lane"])
        #expect(try lane("a\\u0085") == ["lane"])
    }

    @Test func `many errors are bounded, and names from outside are made harmless`() throws {
        let fields = (0..<500).map { "\"f\($0)\": 1" }.joined(separator: ",")
        #expect(try refused("{\(fields)}").count == 50)
        let name = try #require(try refused(#"{"cart": "1", "amount": "1", "\#(String(repeating: "x", count: 5000))\u001b[2J": 1}"#).first)
        #expect(name.count == 100)
        #expect(try refused(#"{"cart": "1", "amount": "1", "a\u001b\u202e": 1}"#) == ["a\u{fffd}\u{fffd}"])
    }

    @Test(arguments: [
        "donkey-gecko-inspired", "Donkey Gecko Inspired", "  donkey - gecko -- inspired ", "donkey\u{a0}gecko\u{a0}inspired",
        "donkey\u{2011}gecko\u{2013}inspired", "donkey\u{202f}gecko\tinspired", "DONKEY-GECKO-INSPIRED",
    ])
    func `a reader's code is read however it was typed or copied`(_ code: String) throws {
        let text = try JSONEncoder().encode(RegisterBody(registrationCode: code, label: "Front Desk"))
        #expect(try RegisterBody(strict: try JSONParser.parse(Array(text))).registrationCode == "donkey-gecko-inspired")
    }

    @Test(arguments: ["", " ", "\u{a0}", "\u{200b}", "a\u{7}", String(repeating: "1", count: 33)])
    func `a postal code that nobody can see is refused before a card is asked for`(_ code: String) throws {
        for good in ["33213", "SW1A 1AA", "0"] {
            let body = CardSetupBody(user: "7", partner: "1", postalCode: good)
            #expect(try CardSetupBody(strict: try JSONParser.parse(Array(try JSONEncoder().encode(body)))) == body)
        }
        func fields(_ body: some Encodable, _ read: (JSONValue) throws -> Void) throws -> [String] {
            do {
                try read(try JSONParser.parse(Array(try JSONEncoder().encode(body))))
                return []
            } catch let problem as Problem { return problem.errors?.map(\.field) ?? [] }
        }
        #expect(
            try fields(CardSetupBody(user: "7", partner: "1", postalCode: code)) { _ = try CardSetupBody(strict: $0) } == ["postal_code"])
        let stored = BankcardBody(user: "7", partner: "1", paymentMethod: "pm_1", postalCode: code)
        #expect(try fields(stored) { _ = try BankcardBody(strict: $0) } == ["postal_code"])
    }

    @Test func `what the reader shows adds up`() throws {
        func shown(_ total: Int, _ lines: [Int], tax: String = "null") throws -> [String] {
            let items = lines.map { #"{"description": "x", "amount_minor": \#($0), "quantity": 2}"# }.joined(separator: ",")
            return try refused(
                #"{"cart": "1", "amount": "1", "display": {"currency": "usd", "total_minor": \#(total), "tax_minor": \#(tax), "line_items": [\#(items)]}}"#
            )
        }
        #expect(try shown(1200, [1400, -300], tax: "100") == [], "tax on top")
        #expect(try shown(1100, [1400, -300], tax: "100") == [], "tax in the lines")
        #expect(try shown(1100, [1100]) == [])
        #expect(try shown(500, []) == [], "a total alone")
        #expect(try shown(2200, [1100]) == ["display.total_minor"], "a line is for all of its quantity")
        #expect(try shown(1101, [1100], tax: "100") == ["display.total_minor"])
        #expect(try shown(0, [Int(Bounds.signedMinor.upperBound), Int(Bounds.signedMinor.upperBound)]) == ["display.total_minor"])
    }

    @Test func `the other bodies are as strict`() throws {
        func problem<Body: StrictBody>(_: Body.Type, _ text: String) throws -> [String] {
            do {
                _ = try Body(strict: try JSONParser.parse(Array(text.utf8)))
                return []
            } catch let problem as Problem { return problem.errors?.map(\.field) ?? [] }
        }
        #expect(try problem(CartBody.self, "{}") == [])
        #expect(try problem(CartBody.self, #"{"lane": 1, "readr": "x"}"#) == ["lane", "readr"])
        #expect(try problem(ResolveBody.self, #"{"outcome": "maybe"}"#) == ["outcome", "note"])
        #expect(try problem(ResolveBody.self, #"{"outcome": "failed", "note": "No charge at Stripe", "order": null}"#) == [])
        #expect(try problem(IntentBody.self, #"{"cart": "1", "amount": "1", "lane": "x"}"#) == ["lane"])
        #expect(try problem(SetupIntentBody.self, "{}") == ["user"])
        #expect(try problem(ConnectionTokenBody.self, #"{"cart": 1}"#) == ["cart"])
        #expect(try problem(NoBody.self, "{}") == [])
        #expect(try problem(NoBody.self, #"{"force": true}"#) == ["force"])
    }

    @Test func `what a client encodes is what the server reads`() throws {
        let body = PaymentBody(
            cart: "1", amount: "1.50", lane: "é", timeoutSeconds: 5,
            display: Display(currency: "usd", totalMinor: 1, lineItems: [.init(description: "a", amountMinor: 1, quantity: 1)]),
            tip: Tip(options: [.init(label: "x", amountMinor: 1)]))
        #expect(try PaymentBody(strict: try JSONParser.parse(Array(try JSONEncoder().encode(body)))) == body)
    }
}
