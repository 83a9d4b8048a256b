import JSON
import Testing

@testable import StoreSimulator

struct ReplayScriptTests {
    private static let head = #"{"readerd_recording":1,"location":"48717","lanes":{"till-1":"tmr_1"}}"#

    private static func line(_ call: String, asked: String = "{}", status: Int = 200, body: String = "{}") -> String {
        #"{"with":"backend","call":"\#(call)","took_ms":1,"request":{"body":\#(asked)},"answer":{"status":\#(status),"body":\#(body)}}"#
    }

    private static func script(_ lines: String...) throws -> ReplayScript {
        ReplayScript(try Recording(Array(([head] + lines).joined(separator: "\n").utf8)))
    }

    private static func body(_ choice: ReplayScript.Choice) -> String? {
        guard case .play(let exchange) = choice, case .answer(let answer) = exchange.outcome else { return nil }
        return answer.body?["is"]?.string
    }

    @Test func `an act gets its answer once, and is refused after that`() throws {
        var script = try Self.script(Self.line("payment_intent", asked: #"{"cart":"1"}"#, body: #"{"is":"first"}"#))
        #expect(Self.body(script.choose(.backend, "payment_intent", ["cart": "1"])) == "first")
        guard case .refuse(let why) = script.choose(.backend, "payment_intent", ["cart": "1"]) else {
            Issue.record("it was answered twice")
            return
        }
        #expect(why.contains("no such call left"))
        #expect(script.report.unexpected.count == 1)
        #expect(script.report.missing.isEmpty)
    }

    @Test func `a look is repeated, and news waits for the act that it came of`() throws {
        var script = try Self.script(
            Self.line("payment_status", body: #"{"is":"open"}"#), Self.line("store_payment_method"),
            Self.line("payment_status", body: #"{"is":"submitted"}"#))
        #expect(Self.body(script.choose(.backend, "payment_status", [:])) == "open")
        #expect(Self.body(script.choose(.backend, "payment_status", [:])) == "open", "the act is still missing")
        _ = script.choose(.backend, "store_payment_method", [:])
        #expect(Self.body(script.choose(.backend, "payment_status", [:])) == "submitted")
        #expect(Self.body(script.choose(.backend, "payment_status", [:])) == "submitted")
        #expect(script.report.repeated == 2)
        #expect(script.report.isFaithful)
    }

    @Test func `what a reader said of the last payment is not said again of the next one`() throws {
        func line(_ call: String, _ answer: String = "{}") -> String {
            #"{"with":"reader","host":"r.test","call":"\#(call)","took_ms":1,"request":{"message":{}},"answer":{"status":200,"message":\#(answer)}}"#
        }
        var script = try Self.script(
            line("collectPaymentMethod"), line("queryPaymentMethod", #"{"is":"card"}"#), Self.line("payment_intent"),
            line("collectPaymentMethod"), line("queryPaymentMethod", #"{"is":"pending"}"#))
        let reader = RecordedExchange.Peer.reader(host: "r.test")
        func said(_ choice: ReplayScript.Choice) -> String? {
            guard case .play(let exchange) = choice, case .answer(let answer) = exchange.outcome else { return nil }
            return answer.message?["is"]?.string
        }
        _ = script.choose(reader, "collectPaymentMethod", [:])
        #expect(said(script.choose(reader, "queryPaymentMethod", [:])) == "card")
        // This time the second intent is later than the collect.
        _ = script.choose(reader, "collectPaymentMethod", [:])
        #expect(said(script.choose(reader, "queryPaymentMethod", [:])) == "pending")
    }

    @Test func `an act that never comes does not hold the news back for ever`() throws {
        var script = try Self.script(
            Self.line("payment_status", body: #"{"is":"open"}"#), Self.line("store_payment_method"),
            Self.line("payment_status", body: #"{"is":"submitted"}"#))
        let seen = (0..<100).map { _ in Self.body(script.choose(.backend, "payment_status", [:])) }
        #expect(seen.first == "open" && seen.last == "submitted")
        #expect(script.report.missing.count == 1)
        #expect(!script.report.isFaithful)
    }

    @Test func `what is another at every run is not compared`() throws {
        let value = try JSONValue.parse(#"{"cart":"1","pos_activation_token":"x","transaction_context":{"a":1},"empty":null}"#)
        #expect(RecordedExchange.comparable(value) == ["cart": "1"])
    }

    @Test func `a last line that was cut short is left out, and any other is named`() throws {
        let whole = [Self.head, Self.line("payment_intent")].joined(separator: "\n")
        #expect(try Recording(Array((whole + "\n{\"with\":\"back").utf8)).exchanges.count == 1)
        let broken = [Self.head, "{\"with\":\"back", Self.line("payment_intent")].joined(separator: "\n")
        let fault = #expect(throws: SimulatorError.self) { try Recording(Array(broken.utf8)) }
        #expect(fault?.description.contains("line 2") == true)
    }

    @Test(arguments: ["", "hello", "{}", #"{"readerd_recording":9}"#]) func `what is no recording is refused`(_ text: String) {
        #expect(throws: SimulatorError.self) { try Recording(Array(text.utf8)) }
    }
}
