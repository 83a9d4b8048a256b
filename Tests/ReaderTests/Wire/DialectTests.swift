import JSON
import FoundationEssentials
import GatewayModel
import Moments
import Testing

@testable import ReaderRPC

/// Every way in which the JSON mapping of protocol buffers may write an answer down says the same to the client.
@Suite struct DialectTests {
    /// What a writer of answers may choose, each by itself or with any other.
    private enum Choice: CaseIterable {
        case integersAsText, integersWithFraction, defaultsLeftOut, enumerationsByNumber, unknownFields, otherBase64

        static let pairs =
            allCases.flatMap { one in allCases.map { Set([one, $0]) } } + [Set(allCases.filter { $0 != .integersWithFraction })]
    }

    /// The mapping's writer, by the facts of these tests alone: nothing of the product's tables is in it.
    private struct Writer {
        var choices: Set<Choice>

        private static let numbers: [String: [String: Int64]] = [
            "rpc_error_code": ["RPC_OK": 1, "TIMEOUT": 8, "UNKNOWN_RPC_ERROR": 0],
            "app_error_code": ["OK": 1, "INVALID_SESSION_TOKEN": 6, "ILLEGAL_STATE": 4, "UNKNOWN_APPLICATION_ERROR": 0],
            "payment_status": ["PAYMENT_PENDING": 0, "PAYMENT_CANCELED": 1],
            "reusable_card_status": ["REUSABLE_CARD_PENDING": 0, "REUSABLE_CARD_CANCELED": 1],
            "connectivity_status": ["OFFLINE": 0, "CONNECTED": 1], "client_type": ["ANDROID_READER": 3],
            "card_brand": ["VISA": 7], "card_entry_method": ["CONTACTLESS": 2],
        ]

        func envelope(_ rpc: String, _ app: String, error: String = "", _ message: JSONValue?) throws -> [UInt8] {
            var members: JSONObject = [
                "request_id": 7, "rpc_error_code": .string(rpc), "app_error_code": .string(app), "error": .string(error),
            ]
            if let message {
                var text = Data(Answers.bytes(write(message))).base64EncodedString()
                if choices.contains(.otherBase64) {
                    text = text.replacing("+", with: "-").replacing("/", with: "_").replacing("=", with: "")
                }
                members["content"] = .string(text)
            }
            return Answers.bytes(write(.object(members)))
        }

        private func write(_ value: JSONValue, _ name: String = "") -> JSONValue {
            switch value {
            case .object(let members):
                var written: JSONObject = [:]
                for (key, member) in members where !(choices.contains(.defaultsLeftOut) && isDefault(member, key)) {
                    written[key] = write(member, key)
                }
                if choices.contains(.unknownFields) { written["not_known_yet"] = [["at": "all"], 1, nil] }
                return .object(written)
            case .array(let elements): return .array(elements.map { write($0) })
            case .string(let word):
                guard choices.contains(.enumerationsByNumber), let number = Self.numbers[name]?[word] else { return value }
                return .integer(number)
            case .number(let number) where choices.contains(.integersAsText): return .string(number.text)
            case .number(let number) where choices.contains(.integersWithFraction): return .string("\(number.text).0")
            case .null, .bool, .number: return value
            }
        }

        private func isDefault(_ value: JSONValue, _ name: String) -> Bool {
            switch value {
            case .null, .bool(false), 0, .string(""), .array([]): true
            case .string(let word): Self.numbers[name]?[word] == 0
            default: false
            }
        }
    }

    private func read(
        _ command: ReaderCommand, _ writer: Writer, _ rpc: String, _ app: String, _ error: String, _ message: JSONValue?
    )
        throws -> Result<ReaderReply, ReaderFailure>
    {
        let bytes = try writer.envelope(rpc, app, error: error, message)
        do throws(ReaderFailure) {
            return .success(try ReplyReader(command: command, session: session).reply(status: 200, body: Data(bytes), id: 7))
        } catch {
            return .failure(error)
        }
    }

    /// A command, an answer to it in the plainest form, and what it says.
    private struct Row {
        var command: ReaderCommand
        var message: JSONValue?
        var says: ReaderReply

        init(_ command: ReaderCommand, _ message: JSONValue?, _ says: ReaderReply) {
            self.command = command
            self.message = message
            self.says = says
        }
    }

    private static let system: JSONValue = ["connectivity_status": "CONNECTED"]
    private static let intent: JSONValue = [
        "id": "pi_1", "status": "succeeded", "amount": 5678, "currency": "usd", "livemode": false,
        "charges": ["data": [["payment_method_details": ["card_present": ["brand": "visa", "last4": "4242"]]]]],
    ]

    private static let rows: [Row] = [
        Row(
            everyCommand[0],
            [
                "session_token": "tok", "livemode": true, "system_context": system, "store_name": "empty",
                "version": ["client_type": "ANDROID_READER", "client_version": "2.33.1.0"],
            ], .activated(session: SessionToken(Secret("tok")), livemode: true, software: "ANDROID_READER 2.33.1.0")),
        Row(.heartbeat, ["system_context": system], .done), Row(.clearDisplay(nil), [:], .done),
        Row(.query(transaction), ["system_context": system, "payment_status": "PAYMENT_PENDING", "num_of_canceled_payments": 0], .pending),
        Row(.query(transaction), ["payment_status": "PAYMENT_CANCELED", "num_of_canceled_payments": 1], .canceledByCustomer),
        Row(.queryReusable, ["reusable_card_status": "REUSABLE_CARD_PENDING"], .pending),
        Row(.queryReusable, ["reusable_card_status": "REUSABLE_CARD_CANCELED"], .canceledByCustomer),
        Row(
            everyCommand[8], ["confirmed_payment_intent": intent, "request_id": "req_1"],
            .confirmed(
                ConfirmAnswer(
                    field: .confirmed, intent: IntentID(unchecked: "pi_1"), status: .succeeded, amountMinor: 5678, currency: usd,
                    card: CardSummary(brand: "visa", last4: "4242", entry: nil)))),
        Row(
            everyCommand[8],
            [
                "decline_response": [
                    "error": [
                        "type": "card_error", "code": "card_declined", "decline_code": "generic_decline", "message": "No.",
                        "payment_intent": ["id": "pi_1", "status": "requires_payment_method", "amount": 5678, "currency": "usd"],
                    ]
                ]
            ],
            .confirmed(
                ConfirmAnswer(
                    field: .declined, intent: IntentID(unchecked: "pi_1"), status: .requiresPaymentMethod, amountMinor: 5678, currency: usd,
                    code: "card_declined", declineCode: "generic_decline", message: "No."))),
        Row(
            everyCommand[8], ["confirm_error": ["code": "api_error", "message": "Gone."]],
            .confirmed(ConfirmAnswer(field: .error, code: "api_error", message: "Gone."))),
        Row(
            everyCommand[12], ["created_reusuable_card": ["id": "pm_1", "object": "payment_method"]],
            .createdReusable(paymentMethod: "pm_1")),
    ]

    @Test(arguments: 0..<Choice.pairs.count)
    func `an answer says the same however it is written`(_ pair: Int) throws {
        let writer = Writer(choices: Choice.pairs[pair])
        for row in Self.rows {
            let reply = try read(row.command, writer, "RPC_OK", "OK", "", row.message)
            #expect(reply == .success(row.says), "\(writer.choices): \(row.command.name)")
        }
    }

    @Test(arguments: 0..<Choice.pairs.count)
    func `a card counts beside a status and alone, with its tip`(_ pair: Int) throws {
        let writer = Writer(choices: Choice.pairs[pair])
        let method: JSONValue = [
            "card_payment": ["masked_pan": "************4242", "card_brand": "VISA", "card_entry_method": "CONTACTLESS"],
            "tip_selections": [["description": "Tip", "amount": 250]],
        ]
        for status: JSONValue? in [nil, "PAYMENT_PENDING"] {
            var members: JSONObject = ["payment_method": method, "num_of_canceled_payments": 0]
            members["payment_status"] = status
            guard case .success(.card(let card)) = try read(.query(transaction), writer, "RPC_OK", "OK", "", .object(members)) else {
                Issue.record("no card, written with \(writer.choices)")
                continue
            }
            #expect(card.tipMinor == 250)
            #expect(card.summary == CardSummary(brand: "visa", last4: "4242", entry: "contactless"))
        }
        let modern: JSONValue = ["payment_method": ["card_payment": [:], "tip_selection": ["amount": 0]]]
        guard case .success(.card(let withheld)) = try read(.query(transaction), writer, "RPC_OK", "OK", "", modern) else {
            Issue.record("no card whose summary is withheld")
            return
        }
        #expect(withheld.tipMinor == 0 && withheld.summary == CardSummary(brand: nil, last4: nil, entry: nil))
    }

    @Test(arguments: 0..<Choice.pairs.count)
    func `a refusal is the same refusal however it is written`(_ pair: Int) throws {
        let writer = Writer(choices: Choice.pairs[pair])
        for command in everyCommand {
            #expect(
                try read(command, writer, "RPC_OK", "INVALID_SESSION_TOKEN", "gone", nil)
                    == .failure(.app(.invalidSessionToken, detail: "gone")))
            #expect(
                try read(command, writer, "RPC_OK", "ILLEGAL_STATE", "", [:])
                    == .failure(.app(.illegalState, detail: "the reader gave no reason")))
            #expect(try read(command, writer, "TIMEOUT", "OK", "slow", nil) == .failure(.rpc(.timeout, detail: "slow")))
        }
        // What is left out because it is the default is no success.
        let unknown = try read(.heartbeat, writer, "RPC_OK", "UNKNOWN_APPLICATION_ERROR", "?", nil)
        #expect(unknown == .failure(.app(.unknownApplicationError, detail: "?")))
    }

    @Test func `a query whose empty message was left out has no card yet, and nothing else lives without its message`() throws {
        let writer = Writer(choices: [.defaultsLeftOut])
        #expect(try read(.query(transaction), writer, "RPC_OK", "OK", "", nil) == .success(.pending))
        #expect(try read(.queryReusable, writer, "RPC_OK", "OK", "", nil) == .success(.pending))
        for command in [everyCommand[0], everyCommand[8], everyCommand[12]] {
            #expect(
                try read(command, writer, "RPC_OK", "OK", "", nil)
                    == .failure(.invalidAnswer(detail: "\(command.name): content is missing")))
        }
    }

    @Test(
        arguments: [
            ("7", 7), ("-7", -7), ("7.0", 7), ("7e2", 700), ("9007199254740993", 9_007_199_254_740_993), ("9223372036854775807", Int64.max),
            ("7.5", nil), ("9223372036854775808", nil), ("1e400", nil), ("", nil), ("x", nil), (" 7", nil), ("7 ", nil), ("+7", nil),
            ("0x7", nil), ("NaN", nil), ("--7", nil), ("７", nil), ("[7]", nil),
        ] as [(String, Int64?)])
    func `a whole number is read from a number and from a text, and nothing else is`(_ text: String, _ number: Int64?) throws {
        #expect(JSONValue.string(text).protoInteger == number)
        // What is no JSON number cannot be one on the wire.
        guard let first = text.first, first == "-" || ("0"..."9").contains(first), !text.hasSuffix(" "), !text.hasPrefix("0x"),
            !text.hasPrefix("--"), text != "1e400"
        else { return }
        #expect(try JSONParser.parse(Array(text.utf8)).protoInteger == number)
    }
}
