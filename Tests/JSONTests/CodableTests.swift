import Foundation
import JSON
import Testing

@Suite struct CodableTests {
    private enum Word: String, Codable { case one, two }

    private struct Inner: Codable, Equatable {
        var list: [Int]
        var none: String?
    }

    private struct Message: Codable, Equatable {
        var zebra: String
        var count: Int64
        var small: UInt8
        var ratio: Double
        var flag: Bool
        var word: Word
        var inner: Inner
        var inners: [Inner]
        var names: [String: Bool]
        var any: JSONValue
        var maybe: Inner?

        enum CodingKeys: String, CodingKey {
            case zebra, count, small, ratio, flag, word, inner, inners, names, any, maybe
        }
    }

    private static let message = Message(
        zebra: "\u{0}é😀", count: .min, small: 255, ratio: 0.25, flag: false, word: .two, inner: Inner(list: [1, 2], none: nil),
        inners: [Inner(list: [], none: "x")], names: ["a": true], any: ["b": 1, "a": [nil]], maybe: nil)

    @Test func `a type is written in the order of its fields and read back`() throws {
        let value = try JSONValue(encoding: Self.message)
        let text =
            #"{"zebra":"\u0000é😀","count":-9223372036854775808,"small":255,"ratio":0.25,"flag":false,"word":"two","inner":{"list":[1,2]},"#
            + #""inners":[{"list":[],"none":"x"}],"names":{"a":true},"any":{"b":1,"a":[null]}}"#
        #expect(value.text() == text)
        #expect(try value.decoded(as: Message.self) == Self.message)
    }

    @Test func `top-level lists, scalars and empty types are written too`() throws {
        #expect(try JSONValue(encoding: [1, 2]).text() == "[1,2]")
        #expect(try JSONValue(encoding: "x").text() == "\"x\"")
        #expect(try JSONValue(encoding: Empty()).text() == "{}")
        #expect(try JSONValue(encoding: [Int]()).text() == "[]")
        #expect(try JSONValue(encoding: [Int?.none, 1]).text() == "[null,1]")
        #expect(throws: EncodingError.self) { try JSONValue(encoding: Double.infinity) }
    }

    private func parse(_ text: String) throws -> JSONValue { try JSONParser.parse(Array(text.utf8)) }

    private struct Empty: Codable {}

    private struct Numbers: Decodable { var list: [Int8] }
    private struct Field: Decodable { var a: Inner }

    private func fault<Value: Decodable>(_ text: String, _ type: Value.Type) -> String {
        let value: JSONValue
        do { value = try parse(text) } catch { return "\(error)" }
        do {
            let _: Value = try value.decoded()
            return "none"
        } catch {
            func place(_ context: DecodingError.Context) -> String { context.codingPath.map(\.stringValue).joined(separator: ".") }
            switch error as? DecodingError {
            case .typeMismatch(_, let context)?: return "mismatch " + place(context)
            case .valueNotFound(_, let context)?: return "null " + place(context)
            case .keyNotFound(let key, _)?: return "missing \(key.stringValue)"
            case .dataCorrupted(let context)?: return "corrupt " + place(context)
            default: return "\(error)"
            }
        }
    }

    /// A number of the wrong kind is another fault than a text in its place.
    @Test func `what does not fit is refused, naming the field`() throws {
        #expect(fault(#"{"list":[1,2.0,3e1,-128]}"#, Numbers.self) == "none")
        #expect(fault(#"{"list":[1,128]}"#, Numbers.self) == "corrupt list.[1]")
        #expect(fault(#"{"list":[1.5]}"#, Numbers.self) == "corrupt list.[0]")
        #expect(fault(#"{"list":["1"]}"#, Numbers.self) == "mismatch list.[0]")
        #expect(fault(#"{"list":[null]}"#, Numbers.self) == "null list.[0]")
        #expect(fault(#"{"list":{}}"#, Numbers.self) == "mismatch list")
        #expect(fault(#"{"list":null}"#, Numbers.self) == "null list")
        #expect(fault("{}", Numbers.self) == "missing list")
        #expect(fault("[]", Numbers.self) == "mismatch ")
        #expect(fault(#"{"a":{"list":[],"none":5}}"#, Field.self) == "mismatch a.none")
        #expect(fault("1", String.self) == "mismatch ")
        #expect(fault("1", Bool.self) == "mismatch ")
        #expect(fault("1e400", Double.self) == "corrupt ")
        #expect(fault("18446744073709551615", UInt64.self) == "none")
        #expect(fault("18446744073709551616", UInt64.self) == "corrupt ")
    }

    @Test func `the first of members of one name is read`() throws {
        #expect(try parse(#"{"list":[1],"list":[2]}"#).decoded(as: Inner.self).list == [1])
    }

    @Test func `a foreign coder is refused, as it would lose digits and order`() {
        #expect(throws: DecodingError.self) { try JSONDecoder().decode(JSONValue.self, from: Data("1".utf8)) }
        #expect(throws: EncodingError.self) { try JSONEncoder().encode(["a": JSONValue.null]) }
    }
}
