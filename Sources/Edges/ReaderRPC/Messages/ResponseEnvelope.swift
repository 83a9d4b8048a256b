import JSON
import FoundationEssentials

extension Wire {
    /// The envelope of a reader's answer (reader-protocol, section 2.3).
    package struct ResponseEnvelope: Codable, Sendable, Equatable, Redacted {
        /// The request's `id`, repeated.
        package var requestID: Int64?
        /// The transport's code: ``Wire/rpcOK`` or a code of section 5.1.
        package var rpcErrorCode: String?
        /// The application's code: ``Wire/appOK`` or a code of section 5.2.
        package var appErrorCode: String?
        /// The error's text for people.
        package var error: String?
        /// The response message's UTF-8 JSON in base64.
        package var content: String?

        package enum CodingKeys: String, CodingKey {
            case requestID = "request_id"
            case rpcErrorCode = "rpc_error_code"
            case appErrorCode = "app_error_code"
            case error, content
        }

        package init(
            requestID: Int64? = nil, rpcErrorCode: String? = nil, appErrorCode: String? = nil, error: String? = nil, content: String? = nil
        ) {
            self.requestID = requestID
            self.rpcErrorCode = rpcErrorCode
            self.appErrorCode = appErrorCode
            self.error = error
            self.content = content
        }

        /// Makes an answer of success.
        package init(requestID: Int64?, message: some Encodable) throws {
            self.init(
                requestID: requestID, rpcErrorCode: Wire.rpcOK, appErrorCode: Wire.appOK, content: try Wire.encodeContent(message))
        }

        /// - Throws: an error when the answer is not a JSON object. Its fields may be missing.
        package init(from decoder: any Decoder) throws {
            _ = try decoder.container(keyedBy: CodingKeys.self)
            let fields = Tolerant<CodingKeys>(decoder)
            self.init(
                requestID: fields.integer(.requestID), rpcErrorCode: fields.name(.rpcErrorCode, of: Wire.rpcCodes),
                appErrorCode: fields.name(.appErrorCode, of: Wire.appCodes), error: fields.value(.error), content: fields.text(.content))
        }

        /// The response message in `content`.
        /// - Throws: ``ContentProblem`` or a `DecodingError`.
        package func message<Message: Decodable>(_ type: Message.Type) throws -> Message {
            guard let content else { throw ContentProblem.missing }
            return try Wire.decodeContent(content, as: type)
        }
    }

    /// The reason why an envelope's `content` holds no message.
    package enum ContentProblem: Error, Sendable, Equatable {
        case missing
        /// The content is not base64, of whichever alphabet.
        case notBase64
        /// The content has more values, or deeper ones, than any reader sends.
        case excessive
        case notJSON
    }

    package static func encodeContent(_ message: some Encodable) throws -> String {
        Data(try JSONValue(encoding: message).bytes()).base64EncodedString()
    }

    /// The content in the standard alphabet, with padding. The mapping of protocol buffers takes both alphabets of base64, with padding and
    /// without.
    private static func standard(_ content: String) -> String {
        let text = content.replacing("-", with: "+").replacing("_", with: "/")
        // No group of base64 has only one character.
        let missing = [0, 0, 2, 1][text.utf8.count % 4]
        return text.hasSuffix("=") ? text : text + String(repeating: "=", count: missing)
    }

    package static func decodeContent<Message: Decodable>(_ content: String, as type: Message.Type) throws -> Message {
        guard let bytes = Data(base64Encoded: standard(content)) else { throw ContentProblem.notBase64 }
        let value: JSONValue
        do {
            value = try JSONParser.parse(Array(bytes), bounds: .readers)
        } catch {
            throw error.kind == .excessive ? ContentProblem.excessive : ContentProblem.notJSON
        }
        return try value.decoded(as: type)
    }
}
