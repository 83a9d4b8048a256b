import JSON
import FoundationEssentials
import Testing

@testable import ReaderRPC

/// Responses travel both ways: the simulated reader writes what the client reads, and whatever is odd in them costs only itself.
@Suite struct ResponseTests {
    private func travel<Message: Codable>(_ message: Message) throws -> Message {
        let envelope = try Wire.ResponseEnvelope(requestID: 1, message: message)
        let arrived = try JSONParser.parse(JSONValue(encoding: envelope).bytes()).decoded(as: Wire.ResponseEnvelope.self)
        return try arrived.message(Message.self)
    }

    private let connected = Wire.SystemContext(connectivityStatus: 1)

    @Test func `every response arrives as it was written`() throws {
        let activated = Wire.ActivateTerminal.Response(
            sessionToken: "s", sdkRPCSession: "r", systemContext: connected, storeName: "empty", livemode: false, requestID: "q",
            version: Wire.ActivateTerminal.ReaderVersion(clientType: "ANDROID_READER", clientVersion: "2.1.0.0"))
        #expect(try travel(activated) == activated)
        let done = Wire.SystemResponse(systemContext: connected)
        #expect(try travel(done) == done)
        let query = Wire.QueryPaymentMethod.Response(
            systemContext: connected, paymentStatus: Wire.QueryPaymentMethod.pending, paymentMethod: ["a": [1, 0, nil]],
            numOfCanceledPayments: 2)
        #expect(try travel(query) == query)
        let confirm = Wire.ConfirmPayment.Response(
            systemContext: connected, requestID: "q", confirmedPaymentIntent: ["id": "pi_1"],
            declineResponse: Wire.ConfirmPayment.DeclineResponse(
                error: Wire.ConfirmPayment.APIError(
                    type: "card_error", code: "card_declined", declineCode: "generic_decline", message: "No.", docURL: "u", param: "p",
                    charge: "ch_1", paymentIntent: ["status": "requires_payment_method"])),
            confirmError: Wire.ConfirmError(code: "c", message: "m"))
        #expect(try travel(confirm) == confirm)
        let reusable = Wire.QueryCollectReusableCard.Response(
            systemContext: connected, reusableCardMethod: ["x": "y"], reusableCardStatus: Wire.QueryCollectReusableCard.pending,
            numOfCanceledPayments: 0)
        #expect(try travel(reusable) == reusable)
        let created = Wire.ConfirmReusableCard.Response(
            systemContext: connected, requestID: "q", createdReusableCard: ["id": "pm_1"], confirmError: nil)
        #expect(try travel(created) == created)
    }

    @Test func `the misspelt member is written as readers spell it`() throws {
        let message = try JSONValue(encoding: Wire.ConfirmReusableCard.Response(createdReusableCard: ["id": "pm_1"]))
        #expect(message["created_reusuable_card"] == ["id": "pm_1"])
    }

    @Test func `a member of another type reads as missing and hides nothing else`() throws {
        let odd: JSONValue = [
            "session_token": "s", "system_context": 5, "store_name": ["x"], "livemode": "yes", "request_id": 12, "version": "3",
            "sdk_rpc_session": false,
        ]
        let message = try Wire.decodeContent(try Wire.encodeContent(odd), as: Wire.ActivateTerminal.Response.self)
        #expect(message.sessionToken == "s")
        #expect(
            message.livemode == nil && message.storeName == nil
                && message.version == Wire.ActivateTerminal.ReaderVersion(clientType: nil, clientVersion: nil))
    }

    @Test(arguments: [(JSONValue.integer(0), false), (.integer(1), true), (.string("OFFLINE"), false), (.string("CONNECTED"), true)])
    func `the reader's connectivity is read as number and as word`(_ form: JSONValue, _ connected: Bool) throws {
        let arrived = try travel(Wire.SystemContext(connectivityStatus: form))
        #expect(arrived.isConnected == connected)
    }

    @Test func `a connectivity that is not known is no statement`() throws {
        for form: JSONValue in [2, "SOMETIMES", nil, true] {
            #expect(try travel(Wire.SystemContext(connectivityStatus: form)).isConnected == nil)
        }
    }
}
