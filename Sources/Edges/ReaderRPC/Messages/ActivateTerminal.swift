import JSON

extension Wire {
    /// Opens a session and spends the connection token (reader-protocol, section 3.1).
    package enum ActivateTerminal {
        package struct Request: Codable, Sendable, Equatable, Redacted {
            /// The connection token that the reader spends.
            package var posActivationToken: String
            package var posDeviceID: String
            /// The store's name. Published clients send the word "empty".
            package var storeName: String
            package var posSoftwareInfo: SoftwareInfo
            /// The field is required here although a reader takes its absence for false: forgetting it would take a reader over.
            package var failIfInUse: Bool

            package enum CodingKeys: String, CodingKey {
                case posActivationToken = "pos_activation_token"
                case posDeviceID = "pos_device_id"
                case storeName = "store_name"
                case posSoftwareInfo = "pos_software_info"
                case failIfInUse = "fail_if_in_use"
            }

            package init(
                posActivationToken: String, posDeviceID: String, storeName: String = "empty", posSoftwareInfo: SoftwareInfo,
                failIfInUse: Bool
            ) {
                self.posActivationToken = posActivationToken
                self.posDeviceID = posDeviceID
                self.storeName = storeName
                self.posSoftwareInfo = posSoftwareInfo
                self.failIfInUse = failIfInUse
            }
        }

        package struct SoftwareInfo: Codable, Sendable, Equatable {
            package var posType: String
            package var sdkVersion: String
            package var osVersion: String?
            package var posVersion: String?

            package enum CodingKeys: String, CodingKey {
                case posType = "pos_type"
                case sdkVersion = "sdk_version"
                case osVersion = "os_version"
                case posVersion = "pos_version"
            }

            package init(posType: String, sdkVersion: String, osVersion: String? = nil, posVersion: String? = nil) {
                self.posType = posType
                self.sdkVersion = sdkVersion
                self.osVersion = osVersion
                self.posVersion = posVersion
            }
        }

        package struct Response: Codable, Sendable, Equatable, Redacted {
            package var sessionToken: String?
            package var sdkRPCSession: String?
            package var systemContext: SystemContext?
            package var storeName: String?
            package var livemode: Bool?
            package var requestID: String?
            package var version: ReaderVersion?

            package enum CodingKeys: String, CodingKey {
                case sessionToken = "session_token"
                case sdkRPCSession = "sdk_rpc_session"
                case systemContext = "system_context"
                case storeName = "store_name"
                case livemode
                case requestID = "request_id"
                case version
            }

            package init(
                sessionToken: String?, sdkRPCSession: String? = nil, systemContext: SystemContext? = nil, storeName: String? = nil,
                livemode: Bool? = nil, requestID: String? = nil, version: ReaderVersion? = nil
            ) {
                self.sessionToken = sessionToken
                self.sdkRPCSession = sdkRPCSession
                self.systemContext = systemContext
                self.storeName = storeName
                self.livemode = livemode
                self.requestID = requestID
                self.version = version
            }

            package init(from decoder: any Decoder) throws {
                let fields = Tolerant<CodingKeys>(decoder)
                self.init(
                    sessionToken: fields.value(.sessionToken), sdkRPCSession: fields.value(.sdkRPCSession),
                    systemContext: fields.value(.systemContext), storeName: fields.value(.storeName),
                    livemode: fields.value(.livemode, as: JSONValue.self)?.protoBool,
                    requestID: fields.text(.requestID), version: fields.value(.version))
            }
        }

        /// The program that answers in the reader.
        package struct ReaderVersion: Codable, Sendable, Equatable {
            /// The program's type: RACCOON, WARDEN, ANDROID_READER or UNKNOWN.
            package var clientType: String?
            package var clientVersion: String?

            package enum CodingKeys: String, CodingKey {
                case clientType = "client_type"
                case clientVersion = "client_version"
            }

            package init(clientType: String?, clientVersion: String?) {
                self.clientType = clientType
                self.clientVersion = clientVersion
            }

            package init(from decoder: any Decoder) throws {
                let fields = Tolerant<CodingKeys>(decoder)
                self.init(clientType: fields.name(.clientType, of: Wire.clientTypes), clientVersion: fields.text(.clientVersion))
            }
        }
    }

    /// Keeps a session known to be alive (section 3.2).
    package enum TerminalHeartbeat {
        package typealias Request = Empty
        package typealias Response = SystemResponse
    }
}
