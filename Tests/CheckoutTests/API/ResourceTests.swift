import JSON
import CheckoutAPI
import Foundation
import Testing

@Suite struct ResourceTests {
    private func encoded(_ value: some Encodable) throws -> JSONValue { try JSONParser.parse(Array(try JSONEncoder().encode(value))) }

    /// The contract's own example.
    static let example = """
        {"id": "till-1-000123", "cart": "123", "amount": "56.78", "account_balance_payment_amount": null, "currency": "usd",
         "amount_minor": 5678, "tip_minor": 0, "lane": "till-1", "reader": "tmr_123", "reader_label": "Front Desk", "state": "succeeded",
         "money": "taken", "order": "8812", "payment_intent": "pi_abc213",
         "amount_charged_minor": 5678, "card": {"brand": "visa", "last4": "4242", "entry": "contactless"},
         "receipt": {"application_name": "VISA CREDIT", "aid": "A0000000031010", "account_type": "credit", "authorization_code": "731904",
           "authorization_response_code": "3030", "cryptogram": "F666F8891F870D33", "tvr": "8080008000", "tsi": "6800", "cvm": "approval"},
         "warnings": [], "decides_by": null, "attempts": 1, "failure": null, "cancel_requested": false,
         "created_at": "2026-01-31T09:30:00.250Z", "updated_at": "2026-01-31T09:30:09.000Z", "ended_at": "2026-01-31T09:30:09.000Z",
         "timeline": [{"state": "queued", "at": "2026-01-31T09:30:00.250Z"}]}
        """

    @Test func `the contract's payment is read and written with exactly its fields`() throws {
        let payment = try JSONDecoder().decode(Payment.self, from: Data(Self.example.utf8))
        #expect(payment.state == .succeeded && payment.money == .taken && payment.tipMinor == 0)
        #expect(try encoded(payment) == JSONParser.parse(Array(Self.example.utf8)))
    }

    @Test func `empty fields of a payment are written as null`() throws {
        let payment = Payment(
            id: "a", cart: "1", amount: "1", state: .queued, money: .notTaken, createdAt: FakeService.when, updatedAt: FakeService.when,
            timeline: [])
        let json = try encoded(payment)
        let example = try JSONParser.parse(Array(Self.example.utf8))
        #expect(names(json) == names(example))
        for name in [
            "currency", "amount_minor", "lane", "reader", "reader_label", "order", "payment_intent", "amount_charged_minor", "card",
            "receipt",
            "decides_by", "failure", "ended_at",
        ] {
            #expect(json[name] == .null, "\(name)")
        }
        #expect(json["warnings"] == [])
        #expect(try JSONDecoder().decode(Payment.self, from: try JSONEncoder().encode(payment)) == payment)
    }

    @Test func `a payment of an agent that knew no warnings is read`() throws {
        var members = try #require(try JSONParser.parse(Array(Self.example.utf8)).object)
        for name in ["warnings", "receipt", "amount_charged_minor", "decides_by"] { members[name] = nil }
        let old = JSONValue.object(members).text()
        let payment = try JSONDecoder().decode(Payment.self, from: Data(old.utf8))
        #expect(payment.id == "till-1-000123" && payment.warnings.isEmpty && payment.receipt == nil && payment.amountChargedMinor == nil)
    }

    @Test func `a reader has every field that the contract lists`() throws {
        let json = try encoded(Reader(reader: nil, label: nil, registered: false, driveable: false, state: .unregistered))
        #expect(
            names(json) == [
                "address", "driveable", "host", "label", "lane", "last_seen_at", "model", "payment", "reader", "reason", "registered",
                "serial",
                "session_since", "software", "state", "transport", "usb",
            ])
    }

    @Test func `a failure leaves out what it does not have`() throws {
        let json = try encoded(Payment.Failure(code: .cardDeclined, message: "Declined."))
        #expect(names(json) == ["code", "message"])
        let whole = Payment.Failure(
            code: .superseded, message: "m", declineCode: "d", remedy: "r", paidBy: "p", supersededBy: "s", payment: "w")
        #expect(names(try encoded(whole)) == ["code", "decline_code", "message", "paid_by", "payment", "remedy", "superseded_by"])
    }

    @Test func `a word that a newer agent uses is kept as it is`() throws {
        let text = Self.example.replacingOccurrences(of: "\"failure\": null", with: #""failure": {"code": "new_one", "message": "m"}"#)
        #expect(try JSONDecoder().decode(Payment.self, from: Data(text.utf8)).failure?.code == "new_one")
        #expect(try JSONDecoder().decode([Reader.State].self, from: Data(#"["levitating"]"#.utf8)) == ["levitating"])
    }

    @Test func `a line of a stream is a heartbeat, an event or an end`() throws {
        func line(_ text: String) throws -> StreamLine { try JSONDecoder().decode(StreamLine.self, from: Data(text.utf8)) }
        #expect(try line(#"{"type":"heartbeat"}"#) == .heartbeat)
        let event = Event(
            cursor: "7", at: FakeService.when, type: "payment.state",
            payment: FakeService.payment("a", PaymentBody(cart: "1", amount: "1")))
        #expect(names(try encoded(StreamLine.event(event))) == ["at", "cursor", "payment", "topic", "type"])
        let end = StreamLine.end(Problem(.shuttingDown, "The agent is stopping."))
        for whole in [StreamLine.heartbeat, .event(event), end] {
            #expect(try JSONDecoder().decode(StreamLine.self, from: try JSONEncoder().encode(whole)) == whole)
        }
    }

    @Test func `the contract's codes have the contract's statuses`() {
        let contract: [(Int, [Problem.Code])] = [
            (400, [.malformedRequest]), (405, [.methodNotAllowed]), (415, [.unsupportedMediaType]),
            (403, [.notPermitted, .browserRefused]),
            (404, [.paymentNotFound, .readerNotFound, .cartNotFound, .notFound]),
            (409, [.cartBusy, .cartPaid, .cartHeld, .readerBusy, .leaseChanged, .alreadyEnded, .noCart]), (410, [.cursorGone]),
            (413, [.tooLarge]), (422, [.invalidRequest, .labelInUse, .paymentIDReused, .noReader]),
            (424, [.backendRejected, .registrationFailed]), (429, [.queueFull, .overloaded]),
            (502, [.backendUnauthorized, .backendForbidden, .backendInvalidAnswer]),
            (503, [.readerUnavailable, .backendUnavailable, .journalUnavailable, .shuttingDown]),
            // Beyond the contract.
            (408, [.requestTimeout]), (500, [.internalError]), (503, [.notStarted]),
        ]
        for (status, codes) in contract {
            for code in codes { #expect(code.facts.status == status, "\(code)") }
        }
        #expect(contract.flatMap(\.1).count == Problem.Code.table.count)
    }

    @Test func `secrets are not in what a value says of itself`() {
        let intent = IntentAnswer(id: "pi_1", publishableKey: "pk", clientSecret: "SECRET")
        let token = ConnectionTokenAnswer(token: "SECRET")
        var dumped = ""
        dump(intent, to: &dumped)
        dump(token, to: &dumped)
        for text in ["\(intent)", "\(token)", String(reflecting: intent), String(reflecting: token), dumped] {
            #expect(!text.contains("SECRET"), "\(text)")
        }
    }
}

/// The names of an object's members, in alphabetical order.
func names(_ value: JSONValue) -> [String] {
    guard case .object(let members) = value else { return [] }
    return members.map(\.name).sorted()
}
