import TestSupport
import Testing

@testable import readerd

@Suite struct TOMLTests {
    private func slip(_ text: String) -> String {
        do throws(TOMLDocument.Slip) {
            _ = try TOMLDocument.parse(text)
            return "none"
        } catch {
            return "\(error.line):\(error.column) \(error.message)"
        }
    }

    private func value(_ text: String) throws -> SettingsValue? {
        guard case .value(let value) = try TOMLDocument.parse("a = " + text).entries["a"] else { return nil }
        return value
    }

    // MARK: - What is wrong

    @Test(arguments: [
        ("[=lan]", "1:2 a name is missing before ]"), ("[.lan]", "1:2 a name is missing before ]"),
        ("[é]", "1:2 a name is missing before ]"),
        ("[", "1:2 a name is missing before ]"), ("[]", "1:2 a name is missing between the brackets"), ("[[", "1:3 a name is missing"),
        ("[[]]", "1:3 a name is missing between"), ("[lan", "1:5 the name of a group of keys ends with ]"),
        ("[lan\nport = 1", "1:5 the name of a group of keys ends with ]"), ("[[lan]", "1:7 the name of a group of keys ends with ]]"),
        ("[[lan] ]", "1:7 the name of a group of keys ends with ]]"), ("[lan]]", "1:6 the line should end here"),
        ("[lan] x", "1:7 the line should end here"), ("[lan.]", "1:6 a name is missing before ]"), ("[lan..port]", "1:6 a name is missing"),
        ("[\"lan]", "1:2 a text begins here and does not end"), ("[\"\"\"lan\"\"\"]", "1:2 a name does not go over several lines"),
    ])
    func `a slip in a header is told with its place`(text: String, told: String) {
        #expect(slip(text).hasPrefix(told), "\(slip(text))")
        // Neither what stands before nor what comes after changes what is said, but for the line.
        #expect(slip("location = \"48\"\n# é\n" + text).hasPrefix("3" + told.dropFirst()))
    }

    @Test(arguments: [
        ("= 1", "1:1 a name is missing before ="), ("é = 1", "1:1 a name is missing before ="), ("a", "1:2 a name is followed by ="),
        ("a b = 1", "1:3 a name is followed by ="), ("a =", "1:4 a value is missing here"), ("a = b", "1:5 this is not a value"),
        ("a = 1 b = 2", "1:7 the line should end here"), ("a = 1\na = 2", "2:1 this name stands in the file already"),
        ("[a]\n[a]", "2:2 this name stands in the file already"),
        ("a = 1\n[a.b]", "2:2 this name stands in the file already, with a value"),
        ("a.b = 1\n[a]", "2:2 this name stands in the file already"), ("a = {}\na.b = 1", "2:1 this group of keys stands"),
        ("[a.b]\n[a]\nb.c = 1", "3:1 this group of keys stands"), ("a = \"x", "1:5 a text begins here and does not end"),
        ("a = \"x\ny\"", "1:5 a text begins here and does not end on its line"), ("a = 'x", "1:5 a text begins here and does not end"),
        ("a = \"\"\"x", "1:5 a text begins here and does not end"), ("a = \"\\q\"", "1:6 a backslash is followed by"),
        ("a = \"\\uD800\"", "1:6 there is no character"), ("a = \"\\u12\"", "1:6 \\u is followed by 4"),
        ("a = \"\\u0000\"", "1:6 it contains a NUL character"), ("a = \"\u{0}\"", "1:6 it contains a NUL character"),
        ("# \u{7}", "1:3 it contains a control character"), ("a = [1", "1:5 a list begins here and does not end"),
        ("a = [1 2]", "1:8 a value of a list is followed by"), ("a = {b = 1", "1:11 a value between braces"),
        ("a = {b = 1,}", "1:12 a name is missing before ="), ("a = {b = 1\n}", "1:11 a value between braces"),
        ("a = 0660", "1:5 a number does not begin with 0"), ("a = 9223372036854775808", "1:5 the number is too large"),
        ("a = 1__0", "1:5 this is not a value"), ("a = 1\rb = 2", "1:6 a carriage return stands alone"),
    ])
    func `any other slip is told with its place`(text: String, told: String) {
        #expect(slip(text).hasPrefix(told), "\(slip(text))")
    }

    @Test func `what is more than any settings file needs is refused before it costs anything`() {
        let parts = String(repeating: "a.", count: 200_000)
        #expect(slip(parts + "b = 1") == "1:33 a name has more than 16 parts")
        #expect(slip("[" + parts + "b]") == "1:34 a name has more than 16 parts")
        #expect(slip("a = {" + parts + "b = 1}") == "1:38 a name has more than 16 parts")
        #expect(
            slip("a = " + String(repeating: "[", count: 200_000)).hasPrefix("1:21 lists and groups stand in each other more than 16 deep"))
        #expect(slip("a = " + String(repeating: "{a=", count: 200_000)).hasPrefix("1:53 lists and groups stand"))
        #expect(slip(String(repeating: "a", count: 200_000) + " = 1") == "1:1 a name is longer than 256 bytes")
        #expect(slip("\"" + String(repeating: "é", count: 200) + "\" = 1") == "1:1 a name is longer than 256 bytes")
        #expect(slip("a = [" + String(repeating: "1,", count: 300_000) + "]").hasSuffix("more than 20000 values"))
        #expect(slip(String(repeating: "[[a]]\n", count: 100_000)).hasSuffix("more than 20000 values"))
    }

    // MARK: - What is right

    @Test(
        arguments: [
            ("\"a\\tb\\\"\\\\\\u00e9\\U0001F600\"", .text("a\tb\"\\é😀")), ("'a\\b'", .text("a\\b")), ("\"\"", .text("")),
            ("''''''", .text("")),
            ("\"\"\"\na\nb\"\"\"", .text("a\nb")), ("\"\"\"a \\\n\n  b\"\"\"\"\"", .text("a b\"\"")), ("'''\r\n'a'''''", .text("'a''")),
            ("1_000", .integer(1000)), ("-9223372036854775808", .integer(.min)), ("+5", .integer(5)),
            ("0xDEAD_beef", .integer(0xdead_beef)),
            ("0o17", .integer(15)), ("0b101", .integer(5)), ("1.5", .decimal(1.5)), ("-2e3", .decimal(-2000)),
            ("6.02_2E+2_3", .decimal(6.022e23)),
            ("inf", .decimal(.infinity)), ("-inf", .decimal(-.infinity)), ("true", .toggle(true)), ("false", .toggle(false)),
            ("1979-05-27 07:32:00Z", .other("a date or a time")), ("07:32:00", .other("a date or a time")), ("[]", .list([])),
            ("[ # one\n 1,\n 'b', [{}],\n]", .list([.integer(1), .text("b"), .list([.other("a group of keys")])])),
        ] as [(String, SettingsValue)])
    func `every kind of value is read`(text: String, expected: SettingsValue) throws {
        #expect(try value(text) == expected)
    }

    @Test func `names lead to the same place however they are written`() throws {
        for text in [
            "a.b.c = 1", "[a.b]\nc = 1", "[a]\nb.c = 1", "a = {b.c = 1}", "a.b = { c = 1 }", "\u{feff}[ \"a\" . 'b' ] # x\r\nc=1\r\n",
        ] {
            let root = try TOMLDocument.parse(text)
            guard case .table(let a) = root.entries["a"], case .table(let b) = a.entries["b"], case .value(.integer(1)) = b.entries["c"]
            else {
                Issue.record("\(text)")
                continue
            }
        }
        // A header may come after those below it, and between the entries of a list.
        _ = try TOMLDocument.parse("[a.b]\n[a]\nx = 1\n[[l]]\n[l.m]\n[[l]]\n[l.m]\n[f]\ng.h = 1\n[f.g.i]\n")
    }

    /// What a hand, an editor or a disk makes of a good file is read or refused with its place. (A trap would end the test.)
    @Test func `no slip ends the program`() throws {
        let good = """
            location = "48" # é
            backend = { base_url = 'https://x', "token_file" = "t" }
            [lanes."till 1"]
            reader = "tmr_1"
            [[a.b]]
            c.d = [1, 0x1F, -2.5e3, true, 1979-05-27 07:32:00, \"\"\"
            x\\
              y\"\"\", '''z''', {}]
            """
        let pieces = [
            "[", "[[", "]", ".", "=", "\"", "'", "\"\"\"", "\\", "\\u", "{", "}", ",", "\n", "\r", "#", "é", "\u{0}", "0", "_", "-", "e",
        ]
        var random = Seeded(20_260_712)
        for _ in 0..<4000 {
            var text = Array(good.unicodeScalars)
            for _ in 0...Int.random(in: 0..<4, using: &random) {
                let place = Int.random(in: 0...text.count, using: &random)
                switch Int.random(in: 0..<3, using: &random) {
                case 0: text.insert(contentsOf: pieces.randomElement(using: &random)?.unicodeScalars.map { $0 } ?? [], at: place)
                case 1: text.removeSubrange(place..<min(text.count, place + 1 + Int.random(in: 0..<5, using: &random)))
                default: text.removeLast(text.count - place)
                }
            }
            var document = String.UnicodeScalarView()
            document.append(contentsOf: text)
            do throws(TOMLDocument.Slip) {
                _ = try TOMLDocument.parse(String(document))
            } catch {
                let lines = String(document).utf8.count { $0 == 0x0a } + 1
                #expect((1...lines).contains(error.line) && error.column >= 1 && !error.message.isEmpty)
            }
        }
    }
}
