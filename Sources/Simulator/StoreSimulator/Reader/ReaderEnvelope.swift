import JSON

/// One request to a reader, unwrapped: the part of the POST's body around the message.
package struct ReaderEnvelope: Sendable {
    package var id: Int
    package var method: String
    package var message: JSONValue
    package var sessionToken: String
    /// The device id, `device_info.device_uuid`.
    package var device: String
    package var traceID: String

    package init(id: Int, method: String, message: JSONValue, sessionToken: String, device: String, traceID: String = "") {
        self.id = id
        self.method = method
        self.message = message
        self.sessionToken = sessionToken
        self.device = device
        self.traceID = traceID
    }

    private static let declared: Set<String> = [
        "id", "service", "method", "content", "session_token", "request_type", "version_info", "parent_trace_id", "device_info",
        "deadline", "local_ip_address", "request_info", "config",
    ]
    private static let declaredDevice: Set<String> = [
        "device_class", "device_uuid", "host_os_version", "hardware_model", "app_model", "device_ip", "host_hw_version", "hostname",
    ]
    private static let clientTypes: Set<String> = ["STRIPE_CLI", "JS_SDK", "RACCOON", "WARDEN", "ANDROID_READER", "ANDROID_READER_UPDATER"]

    /// Reads and checks a body. The reader answers a fault with `BAD_REQUEST`.
    static func read(_ body: [UInt8]) throws(MessageFault) -> ReaderEnvelope {
        let value: JSONValue
        do {
            value = try JSONValue.parse(body)
        } catch {
            throw MessageFault(why: error.description)
        }
        let fields = try MessageFields(value, "request", declared: declared)
        let id = try fields.integer("id")
        guard id > 0 else { throw MessageFault(why: "request.id is not a time in milliseconds") }
        guard try fields.string("service") == "JackRabbitService" else { throw MessageFault(why: "no such service") }
        let method = try fields.string("method")
        guard try fields.string("request_type") == "STANDARD" else { throw MessageFault(why: "request.request_type is not STANDARD") }

        let version = try MessageFields(try fields.required("version_info"), "version_info", declared: ["client_type", "client_version"])
        guard clientTypes.contains(try version.string("client_type")) else {
            throw MessageFault(why: "version_info.client_type is not known")
        }
        let parts = try version.string("client_version").split(separator: ".", omittingEmptySubsequences: false)
        guard parts.allSatisfy({ Int($0) != nil }) else { throw MessageFault(why: "version_info.client_version is not dotted") }

        let device = try MessageFields(try fields.required("device_info"), "device_info", declared: declaredDevice)
        guard try device.string("device_class") == "POS" else { throw MessageFault(why: "device_info.device_class is not POS") }
        let uuid = try device.string("device_uuid")
        _ = try device.string("host_os_version")
        let hardware = try MessageFields(try device.required("hardware_model"), "hardware_model", declared: ["pos_info"])
        _ = try MessageFields(try hardware.required("pos_info"), "pos_info", declared: ["description"]).string("description")
        let app = try MessageFields(try device.required("app_model"), "app_model", declared: ["app_id", "app_version"])
        _ = try app.string("app_id")
        _ = try app.string("app_version")

        guard let content = Base64.decode(try fields.string("content")) else {
            throw MessageFault(why: "request.content is not padded base64")
        }
        let message: JSONValue
        do {
            message = try JSONValue.parse(content)
        } catch {
            throw MessageFault(why: "content: \(error.description)")
        }
        guard message.object != nil else { throw MessageFault(why: "request.content holds no object") }
        return ReaderEnvelope(
            id: id, method: method, message: message, sessionToken: try fields.optionalString("session_token") ?? "", device: uuid,
            traceID: try fields.string("parent_trace_id", mayBeEmpty: true))
    }
}

/// A reader's answer.
package struct ReaderAnswer: Sendable, Equatable {
    package var rpcCode = "RPC_OK"
    package var appCode = "OK"
    package var error: String?
    package var content: JSONValue?

    /// An answer of success.
    static func ok(_ content: JSONValue) -> ReaderAnswer { ReaderAnswer(content: content) }

    /// An application error.
    static func refused(_ code: String, _ error: String) -> ReaderAnswer { ReaderAnswer(appCode: code, error: error) }

    /// An RPC error.
    static func failed(_ code: String, _ error: String) -> ReaderAnswer { ReaderAnswer(rpcCode: code, error: error) }

    /// The body of the HTTP answer.
    func json(requestID: Int) -> JSONValue {
        var members: JSONObject = [
            "request_id": .integer(requestID), "rpc_error_code": .string(rpcCode), "app_error_code": .string(appCode),
        ]
        if let error { members["error"] = .string(error) }
        if let content { members["content"] = .string(Base64.encode(content.bytes())) }
        return .object(members)
    }

    /// The code that tells the result, for the log of calls.
    var summary: String { appCode == "OK" ? rpcCode : appCode }
}
