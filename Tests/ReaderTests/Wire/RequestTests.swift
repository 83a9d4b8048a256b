import JSON
import FoundationEssentials
import GatewayModel
import Testing

@testable import ReaderRPC

/// What goes out, member by member, and how strictly the other end reads it.
@Suite struct RequestTests {
    private func envelope(_ command: ReaderCommand, session: SessionToken? = session) throws -> Wire.RequestEnvelope {
        try RequestWriter(identity: identity).envelope(command, id: 7, session: session, trace: "payment-1")
    }

    private func json(_ value: some Encodable) throws -> JSONValue {
        try JSONParser.parse(JSONValue(encoding: value).bytes())
    }

    private let context: JSONValue = [
        "terminal_id": "pos-testtesttes", "operator_id": "pos-testtesttes", "start_time": 1_716_800_000_000, "transaction_id": "4711",
    ]

    @Test func `an envelope has exactly the published members`() throws {
        var value = try json(try envelope(.heartbeat))
        guard case .object(var members) = value else {
            Issue.record("not an object")
            return
        }
        #expect(members.removeValue("content") == "e30=")
        value = .object(members)
        #expect(
            value == [
                "id": 7, "service": "JackRabbitService", "method": "terminalHeartbeat", "session_token": "session-0123456789",
                "request_type": "STANDARD", "version_info": ["client_type": "JS_SDK", "client_version": "1.0.0"],
                "parent_trace_id": "payment-1",
                "device_info": [
                    "device_class": "POS", "device_uuid": "pos-testtesttes", "host_os_version": "Linux",
                    "hardware_model": ["pos_info": ["description": "Linux:readerd"]],
                    "app_model": ["app_id": "readerd", "app_version": "0.0"],
                ],
            ])
    }

    @Test func `what is said of this program is what the settings say, in every message, and the transaction can be left out`() throws {
        let other = ReaderIdentity(
            deviceID: "pos-testtesttes", provingDeviceID: "pos-otherotherot", product: "readerd", productVersion: "0.0",
            claims: .init(clientType: "STRIPE_CLI", clientVersion: "1.13.5", sendsTransactionContext: false))
        for command in everyCommand {
            let sent = try RequestWriter(identity: other).envelope(command, id: 7, session: session, trace: "payment-1")
            let info = try json(sent)["version_info"]
            #expect(info == ["client_type": "STRIPE_CLI", "client_version": "1.13.5"], "\(command.name)")
            let text = try #require(try json(sent)["content"]?.string)
            let content = String(decoding: try #require(Data(base64Encoded: text)), as: UTF8.self)
            #expect(!content.contains("transaction_context"), "\(command.name)")
        }
    }

    @Test func `the proof that a reader is idle is asked for as another point of sale`() throws {
        let proof = ReaderCommand.prove(token: ConnectionToken(Secret("pst_test_def")))
        #expect(try envelope(proof).deviceInfo.deviceUUID == "pos-otherotherot")
        #expect(try envelope(.heartbeat).deviceInfo.deviceUUID == "pos-testtesttes")
    }

    @Test func `without a session the token is empty`() throws {
        #expect(try envelope(.heartbeat, session: nil).sessionToken == "")
    }

    @Test func `every command's message has exactly the published members`() throws {
        let expected: [JSONValue] = [
            [
                "pos_activation_token": "pst_test_abc", "pos_device_id": "pos-testtesttes", "store_name": "empty",
                "pos_software_info": ["pos_type": "readerd", "sdk_version": "1.0.0"], "fail_if_in_use": true,
            ],
            [:],
            [
                "transaction_context": context, "type": "cart",
                "cart": [
                    "line_items": [["description": "Yoga", "quantity": 1, "amount": 1200]], "tax": 34, "total": 1234, "currency": "usd",
                ],
            ],
            [:], ["transaction_context": context],
            [
                "transaction_context": context,
                "charge_amount": ["charge_amount": 5678, "tip_amount": 0, "cashback_amount": 0, "currency": "usd"],
                "tip_configuration": ["options": [["amount": 100, "label": "A little"]], "hide_custom_amount": true],
            ],
            ["transaction_context": context], ["transaction_context": context],
            ["transaction_context": context, "payment_intent_id": "pi_1", "payment_method": [:]],
            [:], [:], [:], ["reusable_card_method": ["a": 1]],
            [
                "pos_activation_token": "pst_test_def", "pos_device_id": "pos-otherotherot", "store_name": "empty",
                "pos_software_info": ["pos_type": "readerd", "sdk_version": "1.0.0"], "fail_if_in_use": true,
            ],
        ]
        #expect(everyCommand.count == expected.count)
        for (command, message) in zip(everyCommand, expected) {
            let envelope = try envelope(command)
            #expect(envelope.method == command.name)
            #expect(Wire.Method(rawValue: envelope.method) != nil)
            #expect(try envelope.message(JSONValue.self) == message, "\(command.name)")
        }
    }

    @Test func `a request that lacks a required member does not decode`() throws {
        let types: [(ReaderCommand, any Codable.Type)] = [
            (everyCommand[0], Wire.ActivateTerminal.Request.self), (everyCommand[2], Wire.SetReaderDisplay.Request.self),
            (everyCommand[4], Wire.ClearReaderDisplay.Request.self), (everyCommand[5], Wire.CollectPaymentMethod.Request.self),
            (everyCommand[6], Wire.QueryPaymentMethod.Request.self), (everyCommand[7], Wire.CancelCollectPaymentMethod.Request.self),
            (everyCommand[8], Wire.ConfirmPayment.Request.self), (everyCommand[12], Wire.ConfirmReusableCard.Request.self),
        ]
        let optional: Set<String> = ["tax", "tip_configuration", "transaction_context"]
        for (command, type) in types {
            let whole = try envelope(command).message(JSONValue.self)
            _ = try decode(whole, as: type)
            for (path, less) in lessOne(whole) {
                let name = path.split(separator: ".").last.map(String.init) ?? ""
                if optional.contains(name) || path == "reusable_card_method.a" {
                    _ = try decode(less, as: type)
                } else {
                    #expect(throws: DecodingError.self, "\(command.name) without \(path)") { _ = try decode(less, as: type) }
                }
            }
        }
        let whole = try json(try envelope(.heartbeat))
        for (path, less) in lessOne(whole) {
            #expect(throws: DecodingError.self, "the envelope without \(path)") { _ = try decode(less, as: Wire.RequestEnvelope.self) }
        }
    }

    private func decode(_ value: JSONValue, as type: any Codable.Type) throws -> any Codable {
        try value.decoded(as: type)
    }

    /// The value with one member of one object left out, for every member of every object.
    private func lessOne(_ value: JSONValue) -> [(path: String, value: JSONValue)] {
        switch value {
        case .object(let members):
            members.flatMap { key, member -> [(String, JSONValue)] in
                var less = members
                less[key] = nil
                return [(key, JSONValue.object(less))]
                    + lessOne(member).map { path, inner in
                        var changed = members
                        changed[key] = inner
                        return ("\(key).\(path)", JSONValue.object(changed))
                    }
            }
        case .array(let elements):
            elements.indices.flatMap { index in
                lessOne(elements[index]).map { path, inner in
                    var changed = elements
                    changed[index] = inner
                    return ("\(index).\(path)", JSONValue.array(changed))
                }
            }
        default: []
        }
    }

    @Test func `what carries a secret does not show it`() throws {
        let activation = try envelope(everyCommand[0])
        let request = try activation.message(Wire.ActivateTerminal.Request.self)
        for shown in ["\(activation)", String(reflecting: activation), "\(request)", String(reflecting: request)] {
            #expect(!shown.contains("pst_") && !shown.contains("session-0") && !shown.contains(activation.content))
        }
    }
}
