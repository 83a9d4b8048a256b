import JSON
import Testing

@testable import StoreSimulator

@Suite struct PartsTests {
    @Test func `whoever names a member twice is told so`() {
        do throws(JSONSyntaxError) {
            _ = try JSONValue.parse(#"{"a":1,"a":1}"#)
            Issue.record("it is taken")
        } catch {
            #expect(error.kind == .repeated)
        }
    }

    @Test func `base64 agrees with Foundation and is strict`() throws {
        for length in 0..<50 {
            let bytes = (0..<length).map { _ in UInt8.random(in: 0...255) }
            let text = Base64.encode(bytes)
            #expect(text == JSONBytes.base64(bytes))
            #expect(Base64.decode(text) == bytes)
        }
        for wrong in ["e30", "e3==", "====", "e30=e30=", "e31=", "e3_=", "e30=\n"] { #expect(Base64.decode(wrong) == nil) }
    }

    @Test(
        arguments: [
            ("56.78", "usd", 5678), ("5", "usd", 500), ("5.0", "usd", 500), ("0.05", "usd", 5), ("5.010", "usd", 501),
            ("5.001", "usd", nil),
            ("500", "jpy", 500), ("500.00", "jpy", 500), ("500.50", "jpy", nil), ("1.230", "kwd", 1230), ("1.23", "kwd", 1230),
            ("1.234", "kwd", nil), ("05", "usd", nil), ("", "usd", nil), (".5", "usd", nil), ("5.", "usd", nil), ("-5", "usd", nil),
            ("5.0000", "usd", nil), ("12345678901", "usd", nil), ("1e3", "usd", nil), ("1,50", "usd", nil), ("10", "isk", 1000),
        ] as [(String, String, Int?)])
    func `amounts become minor units`(text: String, currency: String, expected: Int?) {
        #expect(Currency.minorUnits(text, currency) == expected)
    }

    @Test func `the secrets' marker is in every secret and holds letters and digits only`() throws {
        #expect(throws: SimulatorError.self) { try SecretMaker(marker: "with-hyphen") }
        #expect(throws: SimulatorError.self) { try SecretMaker(marker: "with_line") }
        let secrets = try SecretMaker(marker: "MARK7")
        #expect(secrets.secret("pst_test_").hasPrefix("pst_test_MARK7"))
        #expect(!masked(secrets.secret("pst_test_")).contains("MARK7"))
    }

    @Test func `the log of calls is bounded and counts on`() {
        var log = CallLog()
        for number in 0..<(CallLog.kept * 3) {
            let index = log.note(CallEntry(call: "backend.payment_status", at: number))
            log.answer(index, "200", at: number)
        }
        #expect(log.recent.count <= CallLog.kept)
        #expect(log.recent.last?.answer == "200")
        #expect(log.counts["backend.payment_status"]?.count == CallLog.kept * 3)
        log.answer(0, "late", at: 9)
        #expect(log.recent.first?.answer == "200")
    }

    @Test func `forms are decoded`() {
        let form = FormCoding.decode("grant_type=refresh_token&a=b+c%26%C3%BC&empty=&flag&bad=%zz")
        #expect(form.map(\.name) == ["grant_type", "a", "empty", "flag", "bad"])
        #expect(form.map(\.value) == ["refresh_token", "b c&ü", "", "", "%zz"])
    }

    @Test func `faults strike what they name, so often, after so many`() {
        var table = FaultTable()
        table.add(Fault("backend.*", .close, times: 2))
        table.add(Fault("reader.confirmPayment", .silence, reader: "Bar", times: nil, after: 1))
        #expect(table.take("stripe.readers") { _ in false } == nil)
        #expect(table.take("backend.connect") { _ in false } == nil)
        #expect(table.take("backend.payment_intent") { _ in false } == .close)
        #expect(table.take("backend.token") { _ in false } == .close)
        #expect(table.take("backend.token") { _ in false } == nil)
        #expect(table.take("reader.confirmPayment") { $0 == "Till" } == nil)
        #expect(table.take("reader.confirmPayment") { $0 == "Bar" } == nil)
        #expect(table.take("reader.confirmPayment") { $0 == "Bar" } == .silence)
        #expect(table.take("reader.confirmPayment") { $0 == "Bar" } == .silence)
        table.clear("reader.confirmPayment")
        #expect(table.waiting.isEmpty)
    }

    @Test(
        arguments: [
            .delay(milliseconds: 5), .delayAnswer(milliseconds: 6), .roundTrip(milliseconds: 7), .close, .status(503, body: "x"), .silence,
            .actThenSilence, .loseAnswer,
            .truncate, .garbage, .garbageBytes, .huge, .answer("{}"), .rpcError("TIMEOUT"), .appError("INTERRUPTED", message: "m"),
        ] as [FaultEffect])
    func `every fault survives JSON`(effect: FaultEffect) throws {
        for times in [nil, 3] {
            let fault = Fault("reader.*", effect, reader: "x", times: times, after: 2)
            #expect(try JSONBytes.decode(Fault.self, JSONBytes.encode(fault)) == fault)
        }
    }

    @Test(
        arguments: [
            .approve, .decline("lost_card"), .processing, .requiresConfirmation, .unknown(charged: true), .unknown(charged: false),
            .error("e"),
        ] as [IssuerOutcome])
    func `every outcome has a word`(outcome: IssuerOutcome) {
        #expect(IssuerOutcome(text: outcome.text) == outcome)
    }
}
