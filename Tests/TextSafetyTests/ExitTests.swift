import CheckoutAPI
import FoundationEssentials
import GatewayModel
import JSON
import Testing
import TextSafety

@testable import Certificates
@testable import CheckoutServer
@testable import DiagnosticsReport
@testable import Gateway
@testable import Journal
@testable import ReaderRPC
@testable import Recording
@testable import StripeAPI
@testable import readerctl
@testable import readerd

/// Whatever looks like a secret or a card's number, in whatever disguise, leaves by no exit; and what people need leaves by every one.
@Suite struct ExitTests {
    /// A secret, and what of it must not be found afterwards.
    private struct Shape {
        var text: String
        var tail: String
    }

    private static let shapes = [
        Shape(text: "pst_live_YWNjdF8xQk9zTm", tail: "YWNjdF8xQk9zTm"), Shape(text: "pst_test_abcdefghkmnp", tail: "abcdefghkmnp"),
        Shape(text: "pst_QWxhZGRpbjpvcGVu", tail: "QWxhZGRpbjpvcGVu"), Shape(text: "sk_live_51HxyzABCdef", tail: "51HxyzABCdef"),
        Shape(text: "sk_test_51HxyzABCdef", tail: "51HxyzABCdef"), Shape(text: "rk_live_51HxyzABCdef", tail: "51HxyzABCdef"),
        Shape(text: "rk_test_51HxyzABCdef", tail: "51HxyzABCdef"), Shape(text: "ek_live_YWNjdF8xQk9z", tail: "YWNjdF8xQk9z"),
        Shape(text: "whsec_MfKQ9r8GKYqrTwjU", tail: "MfKQ9r8GKYqrTwjU"),
        Shape(text: "pi_3NqLmn_secret_Zy9xWv8uTs", tail: "Zy9xWv8uTs"), Shape(text: "seti_1AbCdE_secret_Zy9xWv8uTs", tail: "Zy9xWv8uTs"),
        Shape(text: "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiI0MiJ9.c2lnbmF0dXJlLXg", tail: "c2lnbmF0dXJl"),
        Shape(text: "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9", tail: "hbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9"),
        Shape(text: "Bearer 9f8e7d6c5b4a39281706", tail: "9f8e7d6c5b4a39281706"),
        Shape(text: "4242424242424242", tail: "4242424242424242"), Shape(text: "4000 0566 5566 5556", tail: "4000056655665556"),
        Shape(text: "5555-5555-5555-4444", tail: "5555555555554444"), Shape(text: "378282246310005", tail: "378282246310005"),
    ]

    /// In the middle, so that the mark and the tail are both cut.
    private static func cut(_ text: String, with inside: String) -> String {
        var scalars = Array(text.unicodeScalars)
        for place in [scalars.count - 3, scalars.count / 2, 2] { scalars.insert(contentsOf: inside.unicodeScalars, at: place) }
        return String(String.UnicodeScalarView(scalars))
    }

    private static let disguises: [(name: String, of: @Sendable (String) -> String)] = [
        ("none", { $0 }), ("a NUL inside", { cut($0, with: "\u{0}") }), ("an escape inside", { cut($0, with: "\u{1b}") }),
        ("a soft hyphen inside", { cut($0, with: "\u{ad}") }), ("a zero-width space inside", { cut($0, with: "\u{200b}") }),
        ("a byte-order mark inside", { cut($0, with: "\u{feff}") }), ("a turn of direction inside", { cut($0, with: "\u{202e}") }),
        ("an accent inside", { cut($0, with: "\u{301}") }), ("an enclosing mark inside", { cut($0, with: "\u{20dd}") }),
        ("a variation selector inside", { cut($0, with: "\u{fe0f}") }), ("a supplementary one inside", { cut($0, with: "\u{e0101}") }),
        ("a tag inside", { cut($0, with: "\u{e0041}") }), ("a filler inside", { cut($0, with: "\u{3164}") }),
        ("a variation selector behind", { $0 + "\u{fe0f}" }), ("an accent behind", { $0 + "\u{301}" }),
        ("a NUL before and behind", { "\u{0}" + $0 + "\u{0}" }),
        (
            "wide letters",
            { text in
                String(
                    String.UnicodeScalarView(
                        text.unicodeScalars.map { (0x21...0x7e).contains($0.value) ? Unicode.Scalar($0.value + 0xfee0) ?? $0 : $0 }))
            }
        ),
    ]

    private static let sentences: [@Sendable (String) -> String] = [
        { $0 }, { "the token \($0) is spent" }, { "{\"detail\":\"\($0)\",\"x\":1}" }, { "https://api.example.net/v1?client=\($0)&z=2" },
        { "('\($0)')." },
    ]

    /// What remains for whoever looks closely: the letters and digits, the wide ones among them.
    private static func bare(_ text: String) -> String {
        var bare = String.UnicodeScalarView()
        for scalar in text.unicodeScalars {
            let plain = (0xff01...0xff5e).contains(scalar.value) ? Unicode.Scalar(scalar.value - 0xfee0) ?? scalar : scalar
            switch plain {
            case "a"..."z", "A"..."Z", "0"..."9": bare.append(plain)
            default: continue
            }
        }
        return String(bare)
    }

    private static func reader(_ text: String, _ field: String) -> String {
        var members: JSONObject = ["rpc_error_code": "RPC_OK", "app_error_code": "UNAUTHORIZED"]
        if field == "rpc_error_code" { members["app_error_code"] = nil }
        members[field] = .string(text)
        let answer = JSONValue.object(members)
        do throws(ReaderFailure) {
            return "\(try ReplyReader(command: .clearDisplay(nil), session: nil).reply(status: 200, body: answer.bytes(), id: 1))"
        } catch {
            return "\(error)"
        }
    }

    private static func refusal(_ read: () throws(Problem) -> Void) -> String {
        do throws(Problem) {
            try read()
            return "nothing is refused"
        } catch {
            return String(decoding: (try? Response.encoded(error)) ?? [], as: UTF8.self)
        }
    }

    private static func recorded(_ make: (inout Scrubber) -> String) -> String {
        var scrubber = Scrubber()
        return make(&scrubber)
    }

    /// Everything by which a text from outside can leave, and that can be called without a world around it.
    private static let exits: [(name: String, of: @Sendable (String) -> String)] = [
        ("a log line", { AgentLog.escaped($0, quotes: false) }), ("a log line in JSON", { AgentLog.escaped($0, quotes: true) }),
        ("a note in the journal", { JournalStore.note($0) }), ("a failure of the journal", { JournalStore.bounded($0) }),
        ("a reader's error", { reader($0, "error") }), ("a reader's code", { reader($0, "app_error_code") }),
        ("a reader's other code", { reader($0, "rpc_error_code") }),
        ("an answer's body", { Shown.body($0.utf8) }),
        ("a page in its place", { Shown.body("<!DOCTYPE html><html><p>\($0)</p></html>".utf8) }),
        (
            "Stripe's words",
            { text in
                let body: JSONValue = ["error": ["code": "x", "message": .string(text)]]
                return StripeError.sentence(body.bytes()).map { Shown.line($0) } ?? ""
            }
        ),
        ("a name", { Shown.name($0) }), ("a certificate's name", { CertificateFacts.shown(Array($0.utf8)[...]) }),
        ("a setting", { Shown.quoted($0) }),
        ("the last word", { String(decoding: LastWord($0).answer, as: UTF8.self).replacing("\\/", with: "/") }),
        (
            "a field that is refused",
            { text in refusal { () throws(Problem) in _ = try CartBody(strict: .object([text: 1])) } }
        ),
        (
            "a parameter that is refused",
            { text in
                let encoded = text.utf8.map { "%" + ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
                return refusal { () throws(Problem) in try ParameterReader(path: [:], query: encoded + "=1").finish() }
            }
        ),
        (
            "a metric",
            { text in
                var metrics = OpenMetrics()
                metrics.sample("m", [("reader", text)], 1)
                return metrics.finished()
            }
        ),
        ("the report", { Markup($0).text }),
        ("an attribute in the report", { Markup.element("p", [("title", $0)]).text }),
        (
            "the support archive",
            { text in
                var bundle = SupportBundle()
                bundle.add("log.txt", "the log", text)
                return bundle.files.map(\.text).joined()
            }
        ),
        ("words in a recording", { text in recorded { $0.prose(text) } }),
        ("a kept field in a recording", { text in recorded { $0.clean(text, key: "label") } }),
        ("an unknown field in a recording", { text in recorded { $0.clean(text, key: "novel") } }),
        ("a field's name in a recording", { text in recorded { $0.clean(.object([text: 1])).text() } }),
        ("a message in a recording", { text in recorded { $0.clean(["error": .string(text), "id": [.string(text)]]).text() } }),
        ("the terminal", { readerctl.shown($0) }),
    ]

    @Test(arguments: exits.indices)
    func `no secret leaves`(exit: Int) throws {
        let exit = Self.exits[exit]
        // A name is data, compared as well as shown: an order's number may have the digits of a card.
        let shapes = exit.name == "a name" ? Self.shapes.filter { $0.text.first?.isNumber == false } : Self.shapes
        for shape in shapes {
            for disguise in Self.disguises {
                // Undisguised in every sentence; what hides it is the same in all of them.
                for sentence in disguise.name == "none" ? Self.sentences[...] : Self.sentences.prefix(2) {
                    let text = sentence(disguise.of(shape.text))
                    let left = Self.bare(exit.of(text))
                    #expect(!left.contains(Self.bare(shape.tail)), "\(exit.name): \(disguise.name): \(text.debugDescription)")
                }
            }
        }
    }

    /// What else is in a text: nothing that moves a cursor, forges a line, or turns the direction of what follows.
    @Test(arguments: exits.indices)
    func `nothing leaves that cannot be seen`(exit: Int) throws {
        let exit = Self.exits[exit]
        // Whole files, for programs: their lines are theirs, and what is played again is compared as it was.
        guard exit.name != "the support archive", !exit.name.hasSuffix("in a recording") || exit.name.hasPrefix("words") else { return }
        for hidden in [
            "\u{0}", "\u{7}", "\u{1b}", "\u{7f}", "\u{9b}", "\u{ad}", "\u{200b}", "\u{202e}", "\u{2066}", "\u{feff}", "\u{e0041}",
        ] {
            let left = exit.of("one\(hidden)two")
            #expect(!left.unicodeScalars.contains { String($0) == hidden }, "\(exit.name): \(hidden.debugDescription)")
        }
    }

    private static let needed = [
        "client_secret_key is missing", "pk_test_51Habcdefghij", "pi_5xG3KUBSxUP7iYiwMkGk", "till-1-000123", "1769851800000",
        "2026-07-31T12:00:00.250Z",
        "WSC513105011295", "S42424242424242424242424", "/etc/readerd/credentials/backend-token", "Basic authentication is required",
        "127-36-224-18.ets7xbciysz2gctpuumh.device.stripe-terminal-local-reader.net", "tmr_FDOt2wlRZEdpd7", "Front Desk 2",
        "kiosk_test_000123",
    ]

    @Test(arguments: exits.indices)
    func `what people need leaves as it is`(exit: Int) throws {
        let exit = Self.exits[exit]
        // Nobody has looked at such a field.
        guard exit.name != "an unknown field in a recording" else { return }
        for text in Self.needed {
            // A code is a word; and the archive rather takes out too much.
            if exit.name.hasSuffix("code"), text.utf8.count > 60 { continue }
            if exit.name == "the support archive", text.hasPrefix("Basic") { continue }
            #expect(exit.of(text).contains(text), "\(exit.name): \(text)")
        }
    }
}
