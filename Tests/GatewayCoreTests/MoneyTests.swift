import GatewayCore
import GatewayModel
import Testing

@Suite struct MoneyTests {
    @Test(
        arguments: [
            ("56.78", "usd", 5678), ("1", "usd", 100), ("0.5", "eur", 50), ("12.340", "usd", 1234), ("500", "jpy", 500),
            ("500.00", "jpy", 500),
            ("1.230", "kwd", 1230), ("7", "isk", 700), ("7.00", "ugx", 700), ("9999999999.99", "usd", 999_999_999_999),
            ("0.001", "bhd", nil),
        ] as [(String, String, Int64?)])
    func `an amount becomes minor units by the currency's table`(text: String, currency: String, minor: Int64?) throws {
        let amount = try DecimalAmount(text)
        #expect(amount.minorUnits(in: try #require(Currency(currency))) == minor)
    }

    @Test(arguments: [("12.345", "usd"), ("500.5", "jpy"), ("1.234", "kwd"), ("7.50", "isk"), ("0.005", "eur")])
    func `digits that the currency does not have are refused, not rounded`(text: String, currency: String) throws {
        #expect(try DecimalAmount(text).minorUnits(in: try #require(Currency(currency))) == nil)
    }

    @Test(arguments: [
        "", ".", "1.", ".5", "01", "00.5", "-1", "+1", "1,5", "1.2.3", "1.2345", "12345678901", "1e3", " 1", "1 ", "１", "0x1", "NaN",
    ])
    func `what is not an amount is refused`(text: String) {
        #expect(throws: DecimalAmount.Problem.malformed) { try DecimalAmount(text) }
    }

    @Test(arguments: ["0", "0.0", "0.00", "0.000"])
    func `nothing is not an amount`(text: String) {
        #expect(throws: DecimalAmount.Problem.zero) { try DecimalAmount(text) }
    }

    @Test func `equal values are equal amounts however they are written`() throws {
        #expect(try DecimalAmount("56.8") == DecimalAmount("56.800"))
        #expect(try DecimalAmount("56.8") != DecimalAmount("56.81"))
        #expect(try Set([DecimalAmount("1"), DecimalAmount("1.0")]).count == 1)
    }

    @Test(
        arguments: [
            (5678, "usd", "56.78"), (5, "usd", "0.05"), (500, "jpy", "500"), (1230, "kwd", "1.230"), (-5, "usd", "-0.05"),
            (0, "usd", "0.00"),
        ] as [(Int64, String, String)])
    func `minor units are shown in the major unit`(minor: Int64, currency: String, text: String) throws {
        #expect(try #require(Currency(currency)).majorText(minor) == text)
    }

    @Test func `a currency is three letters, kept in lower case`() {
        #expect(Currency("USD")?.text == "usd")
        for wrong in ["", "us", "usdd", "u5d", "€€€"] { #expect(Currency(wrong) == nil) }
    }

    @Test func `a secret shows itself nowhere`() {
        let secret = Secret("pst_test_visible")
        let token = ConnectionToken(secret)
        var dumped = ""
        dump(token, to: &dumped)
        for text in ["\(secret)", String(reflecting: secret), "\(token)", String(reflecting: token), "\([token])", dumped] {
            #expect(!text.contains("visible"))
        }
    }
}
