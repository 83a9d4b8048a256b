import JSON
import ReaderRPC
import Testing

@testable import StoreSimulator

@Suite struct EnvelopeTests {
    static let good: JSONValue = [
        "id": 1_716_800_000_000, "service": "JackRabbitService", "method": "terminalHeartbeat", "content": "e30=", "session_token": "",
        "request_type": "STANDARD", "parent_trace_id": "connectReader!1",
        "version_info": ["client_type": "JS_SDK", "client_version": "1.0.0"],
        "device_info": [
            "device_class": "POS", "device_uuid": "pos-one", "host_os_version": "Linux",
            "hardware_model": ["pos_info": ["description": "Linux:readerd"]], "app_model": ["app_id": "readerd", "app_version": "1.0"],
        ],
    ]

    static func changed(_ path: [String], _ value: JSONValue?) -> [UInt8] {
        func change(_ node: JSONValue, _ path: ArraySlice<String>) -> JSONValue {
            guard let key = path.first, var members = node.object else { return node }
            if path.count == 1 {
                members[key] = value
            } else {
                members[key] = change(members[key] ?? [:], path.dropFirst())
            }
            return .object(members)
        }
        return change(good, path[...]).bytes()
    }

    @Test func `a good envelope is read`() throws {
        let envelope = try ReaderEnvelope.read(Self.good.bytes())
        #expect(envelope.id == 1_716_800_000_000)
        #expect(envelope.method == "terminalHeartbeat")
        #expect(envelope.device == "pos-one")
        #expect(envelope.message == [:])
    }

    @Test(
        arguments: [
            (["id"], "17"), (["id"], nil), (["service"], "GatorService"), (["method"], nil), (["content"], "e30"), (["content"], "!!!!"),
            (["content"], "W10="), (["content"], "e30=\n"), (["request_type"], "DEV"), (["version_info", "client_type"], "NOBODY"),
            (["version_info", "client_version"], "one"), (["device_info", "device_class"], "READER"), (["device_info", "device_uuid"], ""),
            (["device_info", "device_uid"], "typo"), (["sesion_token"], "typo"), (["device_info", "app_model"], nil),
            (["parent_trace_id"], nil),
        ] as [([String], JSONValue?)])
    func `what a reader would not understand is refused`(path: [String], value: JSONValue?) {
        #expect(throws: MessageFault.self) { try ReaderEnvelope.read(Self.changed(path, value)) }
    }

    @Test(arguments: ["", "[]", "{", "null", "{\"id\":1,\"id\":2}", "{\"id\":01}"])
    func `what is no JSON object is refused`(body: String) {
        #expect(throws: MessageFault.self) { try ReaderEnvelope.read(Array(body.utf8)) }
    }

    @Test func `unknown methods and unknown fields are invalid requests`() throws {
        var bench = try ReaderBench()
        bench.activate()
        #expect(bench.call("makeCoffee").appCode == "INVALID_REQUEST")
        #expect(bench.call("terminalHeartbeat", ["extra": 1]).appCode == "INVALID_REQUEST")
        #expect(bench.call("queryPaymentMethod", ["context": 1]).appCode == "INVALID_REQUEST")
    }

    @Test(
        arguments: [
            (["charge_amount", "charge_amount"], "100"), (["charge_amount", "charge_amount"], 0), (["charge_amount", "charge_amount"], -5),
            (["charge_amount", "tip_amount"], 5), (["charge_amount", "cashback_amount"], 5), (["charge_amount", "currency"], "USD"),
            (["charge_amount", "currency"], nil), (["transaction_context", "transaction_id"], 7),
            (["transaction_context", "transaction_id"], ""),
            (["transaction_context", "start_time"], "now"), (["transaction_context"], nil), (["payment_intent_id"], "pi_1"),
            (["tip_configuration"], ["options": [["amount": 1], ["amount": 2], ["amount": 3], ["amount": 4]]]),
        ] as [([String], JSONValue?)])
    func `a collect that is not as declared is refused`(path: [String], value: JSONValue?) throws {
        var bench = try ReaderBench()
        bench.activate()
        var message = ReaderBench.collect(100).object ?? [:]
        if path.count == 1 {
            message[path[0]] = value
        } else {
            var inner = message[path[0]]?.object ?? [:]
            inner[path[1]] = value
            message[path[0]] = .object(inner)
        }
        #expect(bench.call("collectPaymentMethod", .object(message)).appCode == "INVALID_REQUEST")
        #expect(bench.state() == "IDLE")
    }

    @Test func `a client secret is never taken for an intent's id`() throws {
        var bench = try ReaderBench()
        bench.activate()
        bench.collectCard(100)
        #expect(bench.call("confirmPayment", ReaderBench.confirm("pi_1_secret_2")).appCode == "INVALID_REQUEST")
        #expect(bench.call("confirmPayment", ReaderBench.confirm("seti_1")).appCode == "INVALID_REQUEST")
    }

    @Test func `the client's own messages are understood`() throws {
        let context = Wire.TransactionContext(terminalID: "pos-one", operatorID: "pos-one", startTime: 1, transactionID: "tx-1")
        let envelope = try Wire.RequestEnvelope(
            id: 5, method: .collectPaymentMethod,
            message: Wire.CollectPaymentMethod.Request(
                transactionContext: context, chargeAmount: Wire.ChargeAmount(chargeAmount: 100, currency: "usd"),
                tipConfiguration: Wire.TipConfiguration(options: [.init(amount: 5, label: "Small")], hideCustomAmount: true)),
            sessionToken: "token", versionInfo: Wire.VersionInfo(clientType: "JS_SDK", clientVersion: "1.0.0"), parentTraceID: "",
            deviceInfo: Wire.DeviceInfo(
                deviceClass: "POS", deviceUUID: "pos-one", hostOSVersion: "Linux",
                hardwareModel: Wire.HardwareModel(posInfo: Wire.POSInfo(description: "Linux:readerd")),
                appModel: Wire.AppModel(appID: "readerd", appVersion: "1.0.0")))
        let read = try ReaderEnvelope.read(Array(try JSONBytes.encode(envelope)))
        let message = try CollectMessage(read.message)
        #expect(message.amount == 100)
        #expect(message.tips == [5])
        #expect(read.sessionToken == "token")
    }
}
