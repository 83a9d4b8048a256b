import FoundationEssentials

extension Wire {
    /// The envelope that is posted to a reader (reader-protocol, section 2.2).
    package struct RequestEnvelope: Codable, Sendable, Equatable, Redacted {
        /// The request's id, in epoch milliseconds.
        package var id: Int64
        package var service: String
        /// The method: a ``Wire/Method``, or a name that the receiver does not know.
        package var method: String
        /// The request message's UTF-8 JSON in standard padded base64.
        package var content: String
        /// The session token. It is empty before the activation.
        package var sessionToken: String
        package var requestType: String
        package var versionInfo: VersionInfo
        package var parentTraceID: String
        package var deviceInfo: DeviceInfo

        package enum CodingKeys: String, CodingKey {
            case id, service, method, content
            case sessionToken = "session_token"
            case requestType = "request_type"
            case versionInfo = "version_info"
            case parentTraceID = "parent_trace_id"
            case deviceInfo = "device_info"
        }

        package init(
            id: Int64, method: Method, message: some Encodable, sessionToken: String, versionInfo: VersionInfo, parentTraceID: String,
            deviceInfo: DeviceInfo
        ) throws {
            self.id = id
            self.service = Wire.service
            self.method = method.rawValue
            self.content = try Wire.encodeContent(message)
            self.sessionToken = sessionToken
            self.requestType = "STANDARD"
            self.versionInfo = versionInfo
            self.parentTraceID = parentTraceID
            self.deviceInfo = deviceInfo
        }

        /// The request message in `content`.
        /// - Throws: ``ContentProblem`` or a `DecodingError`.
        package func message<Message: Decodable>(_ type: Message.Type) throws -> Message {
            try Wire.decodeContent(content, as: type)
        }
    }

    package struct VersionInfo: Codable, Sendable, Equatable {
        /// The client's type: JS_SDK, STRIPE_CLI, RACCOON, WARDEN, ANDROID_READER or ANDROID_READER_UPDATER.
        package var clientType: String
        /// The client's version, with points.
        package var clientVersion: String

        package enum CodingKeys: String, CodingKey {
            case clientType = "client_type"
            case clientVersion = "client_version"
        }

        package init(clientType: String, clientVersion: String) {
            self.clientType = clientType
            self.clientVersion = clientVersion
        }
    }

    package struct DeviceInfo: Codable, Sendable, Equatable {
        /// The device's class: POS, READER or INVALID.
        package var deviceClass: String
        /// The device id, `pos-` and a random part. It is the same for the life of an installation.
        package var deviceUUID: String
        /// The operating system's name alone.
        package var hostOSVersion: String
        package var hardwareModel: HardwareModel
        package var appModel: AppModel

        package enum CodingKeys: String, CodingKey {
            case deviceClass = "device_class"
            case deviceUUID = "device_uuid"
            case hostOSVersion = "host_os_version"
            case hardwareModel = "hardware_model"
            case appModel = "app_model"
        }

        package init(deviceClass: String, deviceUUID: String, hostOSVersion: String, hardwareModel: HardwareModel, appModel: AppModel) {
            self.deviceClass = deviceClass
            self.deviceUUID = deviceUUID
            self.hostOSVersion = hostOSVersion
            self.hardwareModel = hardwareModel
            self.appModel = appModel
        }
    }

    package struct HardwareModel: Codable, Sendable, Equatable {
        package var posInfo: POSInfo

        package enum CodingKeys: String, CodingKey {
            case posInfo = "pos_info"
        }

        package init(posInfo: POSInfo) { self.posInfo = posInfo }
    }

    package struct POSInfo: Codable, Sendable, Equatable {
        /// The description, "system:product".
        package var description: String
        package init(description: String) { self.description = description }
    }

    package struct AppModel: Codable, Sendable, Equatable {
        package var appID: String
        package var appVersion: String

        package enum CodingKeys: String, CodingKey {
            case appID = "app_id"
            case appVersion = "app_version"
        }

        package init(appID: String, appVersion: String) {
            self.appID = appID
            self.appVersion = appVersion
        }
    }
}
