import CheckoutAPI
import Foundation
import Testing

@Suite struct JSONTests {
    private func parse(_ text: String) throws -> JSONValue { try JSONParser.parse(Array(text.utf8)) }

    @Test func `every kind of value is read, in order and with its digits`() throws {
        let text = #" { "b" : [ true , false , null , -1.50e+2 , "" ] , "a" : {} , "b" : "x\"\\\/\b\f\n\r\té\ud83d\ude00" } "#
        guard case .object(let members) = try parse(text) else {
            Issue.record("not an object")
            return
        }
        #expect(members.map(\.name) == ["b", "a", "b"])
        let number = try #require(JSONNumber("-1.50e+2"))
        #expect(members[0].value == .array([true, false, .null, .number(number), ""]))
        #expect(members[2].value == .string("x\"\\/\u{8}\u{c}\n\r\té😀"))
    }

    @Test(arguments: [
        "", " ", "{", "[", "]", "{]", "[1,]", "{\"a\":1,}", "{a:1}", "{\"a\" 1}", "{'a':1}", "tru", "truex", "nul", "01", "1.", ".5", "-",
        "+1",
        "1e", "1e+", "0x1", "NaN", "Infinity", "\"", "\"\\\"", "\"\\x\"", "\"\\u12\"", "\"\\u12g4\"", "\"\\ud800\"", "\"\\ud800\\u0041\"",
        "\"\\udc00\"", "\"a\nb\"", "\"\u{1}\"", "1 2", "{} {}", "[1 2]", "\u{feff}{}", "//x\n1",
    ])
    func `what is not JSON is refused`(text: String) {
        #expect(throws: JSONSyntaxError.self) { try self.parse(text) }
    }

    @Test func `a string that is not UTF-8 is refused`() {
        for bytes: [UInt8] in [[0x22, 0xff, 0x22], [0x22, 0xc0, 0x80, 0x22], [0x22, 0xed, 0xa0, 0x80, 0x22], [0x22, 0xe2, 0x82, 0x22]] {
            #expect(throws: JSONSyntaxError.self) { try JSONParser.parse(bytes) }
        }
    }

    @Test func `deep nesting is refused, and does not overflow the stack`() throws {
        #expect(throws: Never.self) { try self.parse(String(repeating: "[", count: 32) + String(repeating: "]", count: 32)) }
        #expect(throws: JSONSyntaxError.self) { try self.parse(String(repeating: "[", count: 33) + String(repeating: "]", count: 33)) }
        #expect(throws: JSONSyntaxError.self) { try self.parse(String(repeating: "[", count: 200_000)) }
        #expect(throws: JSONSyntaxError.self) { try self.parse(String(repeating: "{\"a\":", count: 200_000)) }
    }

    @Test(
        arguments: [
            ("0", 0), ("-0", 0), ("5", 5), ("-12", -12), ("5.0", 5), ("50e-1", 5), ("0.5e1", 5), ("1e3", 1000), ("0e99999999999", 0),
            ("9223372036854775807", .max), ("-9223372036854775808", .min), ("9223372036854775808", nil), ("5.5", nil), ("1e19", nil),
            ("1e999999999999999999999", nil), ("1e-999999999999999999999", nil), ("123456789012345678901234567890", nil), ("0.1", nil),
        ] as [(String, Int64?)])
    func `a number is whole or it is not, without rounding`(text: String, value: Int64?) throws {
        #expect(try #require(JSONNumber(text)).integer == value)
    }

    @Test func `what is written is read back`() throws {
        let value: JSONValue = ["a": [1, true, .null, "\u{0}\u{7f}\u{2028}\"\\\né😀"], "b": [:], "c": []]
        #expect(try parse(value.text()) == value)
        #expect(try parse(value.text(indent: true)) == value)
    }

    @Test func `random bytes never trap, and agree with Foundation when they are JSON`() throws {
        let seed = UInt64.random(in: 0...UInt64.max)
        var random = SeededRandom(seed: seed)
        let pieces = [
            "{", "}", "[", "]", ":", ",", "\"", "\\u00e9", "\\ud83d\\ude00", "a", "1", "-", ".", "e", "0", "true", "null", " ", "\\", "é",
        ]
        for _ in 0..<4000 {
            let text = (0..<Int.random(in: 0...12, using: &random)).map { _ in pieces.randomElement(using: &random) ?? "" }.joined()
            let ours: Bool
            do {
                _ = try parse(text)
                ours = true
            } catch { ours = false }
            if ours {
                #expect(throws: Never.self, "seed \(seed): \(text)") {
                    try JSONDecoder().decode(AnyJSON.self, from: Data(text.utf8))
                }
            }
        }
    }
}

/// Any JSON, for Foundation's decoder.
private struct AnyJSON: Decodable {
    init(from decoder: any Decoder) throws {}
}

/// SplitMix64: the same seed gives the same numbers.
struct SeededRandom: RandomNumberGenerator {
    private var state: UInt64
    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
        return mixed ^ (mixed >> 31)
    }
}
