import JSON
import Testing

@Suite struct ValueTests {
    private func parse(_ text: String) throws -> JSONValue { try JSONParser.parse(Array(text.utf8)) }

    @Test(
        arguments: [
            ("0", 0), ("-0", 0), ("-0.0", 0), ("5", 5), ("-12", -12), ("5.0", 5), ("50e-1", 5), ("0.5e1", 5), ("1e3", 1000), ("5e0", 5),
            ("0e99999999999", 0), ("9007199254740993", 9_007_199_254_740_993), ("9223372036854775807", .max),
            ("-9223372036854775808", .min),
            ("9223372036854775808", nil), ("5.5", nil), ("1e19", nil), ("1e400", nil), ("1e-400", nil), ("1e999999999999999999999", nil),
            ("1e-999999999999999999999", nil), ("123456789012345678901234567890", nil), ("0.1", nil),
        ] as [(String, Int64?)])
    func `a number is whole or it is not, without rounding`(text: String, value: Int64?) throws {
        #expect(try #require(JSONNumber(text)).integer == value)
        #expect(try parse(text).integer == value)
        #expect(JSONValue.string(text).integer == nil)
    }

    @Test(arguments: ["", "-", "01", "1.", ".1", "1e", "+1", "1 ", " 1", "0x1", "NaN", "１", "1\u{0}", "1,2"])
    func `what is no number of JSON's makes none`(text: String) {
        #expect(JSONNumber(text) == nil)
    }

    @Test(arguments: [
        "0", "-0", "-1", "9007199254740993", "18446744073709551615", "0.1", "12.340", "1e3", "-2.5e-7", "1e400",
        "123456789012345678901234567890.123456789012345678901234567890",
        "true", "false", "null", #""""#, #""4242""#, #""\u0000 \n é 🂡""#, "[]", "{}", #"[1,[2,{"a":null}],"x"]"#,
        #"{"b":1,"a":{"c":[true,0.25]},"n":null}"#, #"{"a":1,"a":2,"":3}"#,
        #"{"z":[1,-2,3.5,true,false,null],"b":"line\nquote\" ü 😀 \\ \u0001 / \u007f \u2028","c":{}}"#,
    ])
    func `a value is written as it was read`(text: String) throws {
        let value = try parse(text)
        #expect(value.text() == text)
        #expect(try parse(value.text(indent: true)) == value)
        #expect(String(decoding: value.bytes(), as: UTF8.self) == text)
        #expect(try JSONValue(encoding: value) == value && value.decoded() == value)
    }

    @Test func `for people a value is written on lines`() {
        let value: JSONValue = ["a": [1, [:]], "b": [:], "c": []]
        #expect(value.text(indent: true) == "{\n  \"a\": [\n    1,\n    {}\n  ],\n  \"b\": {},\n  \"c\": []\n}")
    }

    @Test func `objects are equal in whatever order their members stand`() throws {
        let one = try parse(#"{"a":1,"b":{"c":2,"d":3}}"#)
        #expect(one == (try parse(#"{"b":{"d":3,"c":2},"a":1}"#)))
        #expect(Set([one, try parse(#"{"b":{"d":3,"c":2},"a":1}"#)]).count == 1)
        for other in [#"{"a":1}"#, #"{"a":1,"b":{"c":2,"d":4}}"#, #"{"a":1,"c":{"c":2,"d":3}}"#, #"{"a":1,"b":{"c":2,"d":3},"b":null}"#] {
            #expect(one != (try parse(other)))
        }
        #expect(try parse(#"{"a":1,"a":2}"#) != parse(#"{"a":2,"a":1}"#))
        #expect(try parse("[1,2]") != parse("[2,1]"))
        #expect(try parse("1.0") != parse("1"))
    }

    @Test func `members are looked up, changed in their place, added behind and taken away by name`() throws {
        var members: JSONObject = ["a": 1, "b": nil]
        #expect(members["a"] == 1 && members["b"] == .null && members["c"] == nil)
        members["c"] = "new"
        members["a"] = [2]
        #expect(JSONValue.object(members).text() == #"{"a":[2],"b":null,"c":"new"}"#)
        members["b"] = nil
        #expect(members.removeValue("a") == [2])
        #expect(members.removeValue("a") == nil)
        #expect(members.names == ["c"])
        #expect(members.adding(["d": 1, "c": 2]) == ["c": "new", "d": 1])
        #expect(members.mapValues { [$0] } == ["c": ["new"]])
        #expect(members.filter { $0.name != "c" }.isEmpty)
        var twice = try #require(try parse(#"{"a":1,"b":2,"a":3}"#).object)
        #expect(twice["a"] == 1)
        twice["a"] = nil
        #expect(twice == ["b": 2])
    }

    @Test func `a value answers only as what it is`() throws {
        let value = try parse(#"{"text":"1","number":1,"flag":true,"list":[7],"none":null,"members":{"a":{"b":2}}}"#)
        #expect(value["text"]?.string == "1" && value["text"]?.integer == nil && value["text"]?.bool == nil)
        #expect(
            value["number"]?.integer == 1 && value["number"]?.int == 1 && value["number"]?.string == nil && value["number"]?.bool == nil)
        #expect(value["flag"]?.bool == true && value["flag"]?.integer == nil)
        #expect(value["list"]?[0] == 7 && value["list"]?[1] == nil && value["list"]?[-1] == nil && value["list"]?["0"] == nil)
        #expect(value["none"]?.isNull == true && value["nothing"] == nil)
        #expect(value["members"]?["a"]?["b"] == 2 && value[0] == nil)
        #expect(JSONValue("x") == "x" && JSONValue(3) == 3 && JSONValue(nil as String?) == .null && JSONValue(nil as Int?) == .null)
        #expect(
            [JSONValue.null, true, 1, "", [], [:]].map(\.kind) == ["null", "true or false", "a number", "a string", "a list", "an object"])
    }
}
