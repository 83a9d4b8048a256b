import JSON
import FoundationEssentials
import GatewayModel
import Testing

@testable import ReaderRPC

/// What a confirmed intent tells of the money and for a receipt.
@Suite struct ReceiptTests {
    private func confirmed(_ message: JSONValue) throws(ReaderFailure) -> ConfirmAnswer? {
        let reader = ReplyReader(
            command: .confirm(transaction, intent: IntentID(unchecked: "pi_1"), card: sampleCard), session: session)
        let reply = try reader.reply(status: 200, body: Data(Answers.bytes(Answers.envelope(content: message))), id: 7)
        if case .confirmed(let answer) = reply { return answer }
        return nil
    }

    private static let receipt: JSONValue = [
        "application_preferred_name": "VISA CREDIT", "dedicated_file_name": "A0000000031010", "account_type": "credit",
        "authorization_code": "731904", "authorization_response_code": "3030", "application_cryptogram": "F666F8891F870D33",
        "terminal_verification_results": "8080008000", "transaction_status_information": "6800",
        "cardholder_verification_method": "approval",
    ]

    @Test(arguments: [["receipt": receipt], receipt] as [JSONValue])
    func `a confirmed intent gives what a receipt must bear, nested or flat`(card: JSONValue) throws {
        let answer = try confirmed([
            "confirmed_payment_intent": [
                "id": "pi_1", "status": "succeeded", "amount": 5678, "currency": "usd",
                "charges": ["data": [["paid": true, "amount": 5678, "payment_method_details": ["card_present": card]]]],
            ]
        ])
        #expect(
            answer?.receipt
                == CardReceipt(
                    applicationName: "VISA CREDIT", aid: "A0000000031010", accountType: "credit", authorizationCode: "731904",
                    authorizationResponseCode: "3030", cryptogram: "F666F8891F870D33", tvr: "8080008000", tsi: "6800", cvm: "approval"))
    }

    @Test(
        arguments: [
            (["amount_received": 3000], 3000), (["amount_capturable": "3000"], 3000), (["amount_received": 0], 5678), ([:], 5678),
            (["charges": ["data": [["status": "failed", "amount": 5678], ["status": "succeeded", "amount": 1200]]]], 1200),
            (["latest_charge": "ch_1", "amount_received": 5678], 5678),
        ] as [(JSONValue, Int64)])
    func `what was charged is what the charge says, not what was asked`(told: JSONValue, charged: Int64) throws {
        guard case .object(var intent) = told else { return }
        intent["id"] = "pi_1"
        intent["status"] = "succeeded"
        intent["amount"] = 5678
        let answer = try confirmed(["confirmed_payment_intent": .object(intent)])
        #expect(answer?.amountMinor == charged)
        #expect(answer?.receipt == nil, "nothing told is nothing, not a receipt without words")
    }
}
