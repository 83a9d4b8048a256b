import JSON

extension Wire {
    /// An enumeration of the readers' messages, which the mapping of protocol buffers writes by name or by number.
    ///
    /// Names are what published declarations list. The numbers are not published. They are taken to follow the order of the declarations,
    /// with zero as the first, as the mapping has it for every enumeration. So a missing code reads as "not known", and never as success.
    package struct Enumeration: Sendable {
        package let names: [String]

        /// The name for the value in an answer. It is nil when there is no value. A number that is not in the list becomes its own name,
        /// `7`.
        package func name(_ value: JSONValue?) -> String? {
            switch value {
            case .string(let text):
                guard let number = Int64(text) else { return text }
                return name(number)
            case .some(let other): return other.protoInteger.map { name($0) }
            case nil: return nil
            }
        }

        /// The number that stands for a name. It is nil for a name that is not in the list.
        package func number(_ name: String) -> Int64? { names.firstIndex(of: name).map { Int64($0) } }

        private func name(_ number: Int64) -> String {
            guard let index = Int(exactly: number), names.indices.contains(index) else { return String(number) }
            return names[index]
        }
    }

    /// The names of `rpc_error_code` (reader-protocol, section 5.1).
    package static let rpcCodes = Enumeration(names: [
        "UNKNOWN_RPC_ERROR", rpcOK, "RPC_ERROR", "NETWORK_UNAVAILABLE", "SERVER_UNRESOLVABLE", "SERVER_UNREACHABLE", "BAD_REQUEST",
        "BAD_RESPONSE", "TIMEOUT", "RETRY", "SERVER_BUSY",
    ])
    /// The names of `app_error_code` (section 5.2).
    package static let appCodes = Enumeration(names: [
        "UNKNOWN_APPLICATION_ERROR", appOK, "LOCK_RESOURCES_EXCEPTION", "INVALID_LOAD_ID", "ILLEGAL_STATE", "AUTHENTICATION_FAILURE",
        "INVALID_SESSION_TOKEN", "SHORT_LIVED_SESSION", "UNAUTHORIZED", "INVALID_REQUEST", "INVALID_RESPONSE", "ILLEGAL_VERSION",
        "SERVER_ERROR", "HEALTH_FAILURE", "UNREACHABLE_ENDPOINT", "INVALID_CONFIG", "PERSISTER_FAILURE", "MONGO_SOCKET_FAILURE",
        "INTERRUPTED", "CREATE_MERCHANT_FAILED", "CREATE_STORE_FAILED", "ACCOUNT_ALREADY_EXISTS",
    ])
    /// The names of `payment_status` (section 3.6). The first is the default, so that a reader may leave it out beside a card and without
    /// one.
    package static let paymentStatuses = Enumeration(names: [QueryPaymentMethod.pending, QueryPaymentMethod.canceled])
    /// The names of `reusable_card_status` (section 3.9).
    package static let reusableCardStatuses = Enumeration(names: [QueryCollectReusableCard.pending, QueryCollectReusableCard.canceled])
    /// The names of `version.client_type` in an activation's answer (section 3.1).
    package static let clientTypes = Enumeration(names: ["UNKNOWN", "RACCOON", "WARDEN", "ANDROID_READER"])
    /// The names of `card_brand` (section 3.6).
    package static let cardBrands = Enumeration(names: [
        "INVALID_CREDIT_CARD_BRAND", "UNKNOWN_CREDIT", "AMERICAN_EXPRESS", "DINERS", "DISCOVER", "JCB", "MASTERCARD", "VISA", "CUP",
    ])
    /// The names of `card_entry_method` (section 3.6).
    package static let entryMethods = Enumeration(names: [
        "INVALID_ENTRY_METHOD", "CHIP_READ", "CONTACTLESS", "FSWIPE", "KEYED", "SWIPED", "BARCODE_READ",
    ])
}
