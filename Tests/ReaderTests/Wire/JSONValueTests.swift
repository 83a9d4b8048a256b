import FoundationEssentials
import Testing

@testable import ReaderRPC

@Suite struct JSONValueTests {
    private func parse(_ text: String) throws -> JSONValue {
        try JSONDecoder().decode(JSONValue.self, from: Data(text.utf8))
    }

    @Test(arguments: [
        "0", "-1", "9007199254740993", "9223372036854775807", "-9223372036854775808", "18446744073709551615", "0.1", "12.340", "1e3",
        "-2.5e-7",
        "true", "false", "null", #""""#, #""4242""#, #""\u0000 \n é 🂡""#, "[]", "{}", #"[1,[2,{"a":null}],"x"]"#,
        #"{"b":1,"a":{"c":[true,0.25]},"n":null}"#,
    ])
    func `a value survives its way through text`(_ text: String) throws {
        let value = try parse(text)
        let again = try JSONDecoder().decode(JSONValue.self, from: JSONEncoder().encode(value))
        #expect(again == value)
    }

    @Test func `integers stay integers and numbers keep their digits`() throws {
        #expect(try parse("9007199254740993") == .integer(9_007_199_254_740_993))
        #expect(try parse("1") == .integer(1))
        #expect(try String(decoding: JSONEncoder().encode(parse("0.1")), as: UTF8.self) == "0.1")
        #expect(try String(decoding: JSONEncoder().encode(parse("18446744073709551615")), as: UTF8.self) == "18446744073709551615")
        #expect(try parse("true") == .bool(true))
        #expect(try parse("1").bool == nil)
    }

    @Test func `what is deeper or longer than any reader's answer is not decoded`() throws {
        func allowed(_ text: String) -> Bool { JSONBounds.allow(text.utf8) }
        func nested(_ depth: Int) -> String { String(repeating: "[", count: depth) + String(repeating: "]", count: depth) }
        #expect(allowed(nested(32)) && !allowed(nested(33)))
        #expect(!allowed(String(repeating: "[", count: 100_000)))
        #expect(allowed("[" + String(repeating: "1,", count: 4_900) + "1]"))
        #expect(!allowed("[" + String(repeating: "{},", count: 80_000) + "{}]"))
        // Within a string nothing counts, and a string ends where JSON says.
        #expect(allowed("\"" + String(repeating: "[{,:", count: 50_000) + "\""))
        #expect(allowed(#"{"a\\":"\"[[["}"#))
        #expect(!allowed(#"{"a\\\\":""# + "\"" + nested(40) + "}"))
        let deepest = try parse(nested(32))
        #expect(throws: Wire.ContentProblem.excessive) {
            try Wire.decodeContent(try Wire.encodeContent(JSONValue.array([deepest])), as: JSONValue.self)
        }
    }

    @Test(.timeLimit(.minutes(1))) func `the most complex content that is allowed is read in bounded time`() throws {
        let text = String(repeating: "[", count: 31) + String(repeating: "{},", count: 2_400) + "1" + String(repeating: "]", count: 31)
        #expect(JSONBounds.allow(text.utf8))
        let start = ContinuousClock.now
        _ = try parse(text)
        #expect(ContinuousClock.now - start < .seconds(45))
    }
}
