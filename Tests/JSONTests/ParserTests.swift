import Foundation
import TestSupport
import Testing

@testable import JSON

@Suite struct ParserTests {
    private func parse(_ text: String) throws -> JSONValue { try JSONParser.parse(Array(text.utf8)) }

    @Test func `every kind of value is read, in order and with its digits`() throws {
        let text = #" { "b" : [ true , false , null , -1.50e+2 , "" ] , "a" : {} , "b" : "x\"\\\/\b\f\n\r\té\ud83d\ude00" } "#
        let members = try #require(try parse(text).object)
        #expect(members.names == ["b", "a", "b"])
        let number = try #require(JSONNumber("-1.50e+2"))
        #expect(members[0].value == .array([true, false, .null, .number(number), ""]))
        #expect(members[2].value == .string("x\"\\/\u{8}\u{c}\n\r\té😀"))
    }

    @Test(arguments: [
        "", " ", "{", "[", "]", "{]", "[}", "[1,]", "[,1]", "{\"a\":1,}", "{,}", "{a:1}", "{\"a\" 1}", "{\"a\":}", "{'a':1}", "{1:1}",
        "tru", "truex", "nul", "True", "NULL", "01", "-01", "00", "1.", ".5", "-", "--1", "-.5", "+1", "1e", "1e+", "1.e1", "1e1.5", "0x1",
        "1_000", "１", "NaN", "Infinity", "-Infinity", "\"", "\"\\\"", "\"\\x\"", "\"\\U0041\"", "\"\\u12\"", "\"\\u12g4\"", "\"\\u+123\"",
        "\"\\ud800\"", "\"\\ud800x\"", "\"\\ud800\\n\"", "\"\\ud800\\u0041\"", "\"\\ud800\\ud800\"", "\"\\udc00\"", "\"\\udc00\\ud800\"",
        "\"a\nb\"", "\"a\tb\"", "\"\u{0}\"", "\"\u{1}\"", "1 2", "{} {}", "[1 2]", "null,", "{}\u{0}", "{}x", "\u{feff}{}", "{}\u{feff}",
        "//x\n1", "/* */1", "[1]\u{a0}", "\u{b}1", "\u{c}1",
    ])
    func `what is not JSON is refused`(text: String) {
        #expect(throws: JSONSyntaxError.self) { try self.parse(text) }
    }

    /// Not bytes of UTF-8 at all, overlong, a surrogate by itself, cut short, beyond Unicode; in a value, in a name, and outside of both.
    @Test(
        arguments: [[0xff], [0xc0, 0x80], [0xe0, 0x80, 0xaf], [0xed, 0xa0, 0x80], [0xe2, 0x82], [0x80], [0xf4, 0x90, 0x80, 0x80]]
            as [[UInt8]])
    func `what is not UTF-8 is refused`(wrong: [UInt8]) {
        let quoted: [UInt8] = [0x22] + wrong + [0x22]
        for bytes in [quoted, Array("{".utf8) + quoted + Array(":1}".utf8), wrong, Array("1".utf8) + wrong] {
            #expect(throws: JSONSyntaxError.self) { try JSONParser.parse(bytes) }
        }
    }

    @Test func `text in another encoding than UTF-8 is refused`() {
        for bytes: [UInt8] in [[0x7b, 0, 0x7d, 0], [0, 0x7b, 0, 0x7d], [0xff, 0xfe, 0x7b, 0, 0x7d, 0], [0x31, 0, 0, 0]] {
            #expect(throws: JSONSyntaxError.self) { try JSONParser.parse(bytes) }
        }
    }

    @Test func `the fault is told with its place`() throws {
        do {
            _ = try parse(#"{"a": [1, x]}"#)
            Issue.record("this is no JSON")
        } catch let error as JSONSyntaxError {
            #expect(error == JSONSyntaxError(kind: .malformed, message: "a value is expected", offset: 10))
            #expect("\(error)" == "not JSON: a value is expected, at byte 10")
        }
    }

    @Test func `a member that is named twice is kept, or refused where that is asked for`() throws {
        for text in [#"{"a":1,"a":2}"#, #"{"a":1,"b":3,"\u0061":2}"#, #"[{"x":{"a":1,"a":2}}]"#] {
            #expect(throws: Never.self) { try self.parse(text) }
            do {
                _ = try JSONParser.parse(Array(text.utf8), repeatedNames: .refused)
                Issue.record("\(text) is taken")
            } catch {
                #expect(error.kind == .repeated)
            }
        }
        #expect(try parse(#"{"a":1,"a":2}"#)["a"] == 1)
        #expect(throws: Never.self) { try JSONParser.parse(Array(#"{"a":{"b":1},"b":{"a":1}}"#.utf8), repeatedNames: .refused) }
    }

    private func kind(_ text: String, _ bounds: JSONParser.Bounds) -> JSONSyntaxError.Kind? {
        do throws(JSONSyntaxError) {
            _ = try JSONParser.parse(Array(text.utf8), bounds: bounds)
            return nil
        } catch {
            return error.kind
        }
    }

    @Test func `deep nesting is refused, and does not overflow the stack`() {
        func nested(_ depth: Int, _ inner: String = "") -> String {
            String(repeating: "[", count: depth) + inner + String(repeating: "]", count: depth)
        }
        for depth in [1, 32, 64] {
            let bounds = JSONParser.Bounds(depth: depth)
            #expect(kind(nested(depth), bounds) == nil)
            #expect(kind(nested(depth, "1"), bounds) == nil)
            #expect(kind(nested(depth, "{}"), bounds) == .excessive)
            #expect(kind(nested(depth + 1), bounds) == .excessive)
        }
        #expect(kind(nested(32), .init()) == nil)
        #expect(kind(nested(33), .init()) == .excessive)
        #expect(kind(String(repeating: "[", count: 200_000), .init()) == .excessive)
        #expect(kind(String(repeating: "{\"a\":", count: 200_000), .init()) == .excessive)
        // Brackets in a string are none, and one list behind another is not in it.
        #expect(kind("\"" + String(repeating: "[{,:", count: 50_000) + "\"", .init()) == nil)
        #expect(kind(#"{"a\\":"\"[[["}"#, .init(depth: 1)) == nil)
        #expect(kind("[" + String(repeating: "[],", count: 1_000) + "[]]", .init(depth: 2)) == nil)
    }

    @Test func `more values than are wanted are refused`() {
        func list(_ values: Int, of value: String) -> String {
            "[" + Array(repeating: value, count: values - 1).joined(separator: ",") + "]"
        }
        let bounds = JSONParser.Bounds(values: 5_000)
        for value in ["1", "null", "\"\"", "[]", "{}"] {
            #expect(kind(list(5_000, of: value), bounds) == nil)
            #expect(kind(list(5_001, of: value), bounds) == .excessive)
        }
        let members = (1...5_000).map { "\"\($0)\":1" }
        #expect(kind("{" + members.dropLast().joined(separator: ",") + "}", bounds) == nil)
        #expect(kind("{" + members.joined(separator: ",") + "}", bounds) == .excessive)
        #expect(kind(list(80_000, of: "{}") + "x", bounds) == .excessive)
        #expect(kind("1", .init(values: 1)) == nil)
        #expect(kind("[1]", .init(values: 1)) == .excessive)
        #expect(kind(list(100_001, of: "1"), .init()) == .excessive)
    }

    @Test(.timeLimit(.minutes(1)), arguments: JSONParser.RepeatedNames.allCases)
    func `the most that is allowed is read in bounded time`(names: JSONParser.RepeatedNames) throws {
        let texts = [
            String(repeating: "[", count: 31) + String(repeating: "{},", count: 99_000) + "1" + String(repeating: "]", count: 31),
            "{" + (0..<99_000).map { "\"\($0)\":1" }.joined(separator: ",") + "}",
            "\"" + String(repeating: #"\ud83d\ude00"#, count: 80_000) + "\"", String(repeating: "1", count: 1 << 20),
        ]
        for text in texts {
            let start = ContinuousClock.now
            let value = try JSONParser.parse(Array(text.utf8), repeatedNames: names)
            _ = (value.integer, value.text(), value == .object(value.object ?? [:]))
            #expect(ContinuousClock.now - start < .seconds(15))
        }
    }

    @Test func `random bytes never trap, and agree with Foundation when they are JSON`() throws {
        let seed = UInt64.random(in: 0...UInt64.max)
        var random = Seeded(seed)
        let pieces = [
            "{", "}", "[", "]", ":", ",", "\"", "\\u00e9", "\\ud83d\\ude00", "a", "1", "-", ".", "e", "0", "true", "null", " ", "\\", "é",
        ]
        for _ in 0..<4000 {
            let text = (0..<Int.random(in: 0...12, using: &random)).map { _ in pieces.randomElement(using: &random) ?? "" }.joined()
            let ours: JSONValue
            do {
                ours = try parse(text)
            } catch { continue }
            #expect(throws: Never.self, "seed \(seed): \(text)") {
                try JSONDecoder().decode(AnyJSON.self, from: Data(text.utf8))
            }
            #expect(try parse(ours.text()) == ours, "seed \(seed): \(text)")
        }
    }
}

extension JSONParser.RepeatedNames: CaseIterable {
    public static var allCases: [JSONParser.RepeatedNames] { [.kept, .refused] }
}

/// Any JSON, for Foundation's decoder.
private struct AnyJSON: Decodable {
    init(from decoder: any Decoder) throws {}
}
