extension Payment {
    /// What a person should know of a payment, whether it has ended well or not.
    public struct Warning: Sendable, Hashable, Codable {
        public var code: WarningCode
        public var message: String
        public var remedy: String

        public init(code: WarningCode, message: String, remedy: String) {
            self.code = code
            self.message = message
            self.remedy = remedy
        }
    }

    /// What is the matter. Decide by this; show the message.
    public struct WarningCode: OpenWord {
        public let rawValue: String
        public init(rawValue: String) { self.rawValue = rawValue }

        /// Another amount was charged than the reader showed.
        public static let chargedAmountDiffers: Self = "charged_amount_differs"
        /// The backend said later otherwise than a technician, or than `order_failed`.
        public static let contradicted: Self = "contradicted"
        /// The intent of the keyed entry was charged beside it.
        public static let chargedTwice: Self = "charged_twice"
        /// The disk has not taken the end yet.
        public static let notJournaled: Self = "not_journaled"

        /// The codes of this version, in the contract's order.
        package static let known: [Self] = [chargedAmountDiffers, contradicted, chargedTwice, notJournaled]
    }

    /// What a card-present receipt must or may bear, as the confirmed intent told it.
    public struct Receipt: Sendable, Hashable, Codable {
        /// A receipt of one's own must show it, and `aid`.
        public var applicationName: String?
        public var aid: String?
        /// A receipt must show it; optional in the United States.
        public var accountType: String?
        public var authorizationCode: String?
        public var authorizationResponseCode: String?
        public var cryptogram: String?
        /// Terminal verification results.
        public var tvr: String?
        /// Transaction status information.
        public var tsi: String?
        /// How the card holder was verified.
        public var cvm: String?

        public init(
            applicationName: String? = nil, aid: String? = nil, accountType: String? = nil, authorizationCode: String? = nil,
            authorizationResponseCode: String? = nil, cryptogram: String? = nil, tvr: String? = nil, tsi: String? = nil, cvm: String? = nil
        ) {
            self.applicationName = applicationName
            self.aid = aid
            self.accountType = accountType
            self.authorizationCode = authorizationCode
            self.authorizationResponseCode = authorizationResponseCode
            self.cryptogram = cryptogram
            self.tvr = tvr
            self.tsi = tsi
            self.cvm = cvm
        }

        enum CodingKeys: String, CodingKey {
            case aid, cryptogram, tvr, tsi, cvm
            case applicationName = "application_name"
            case accountType = "account_type"
            case authorizationCode = "authorization_code"
            case authorizationResponseCode = "authorization_response_code"
        }

        /// Every field is written, `null` when it was not told.
        public func encode(to encoder: any Encoder) throws {
            var container = encoder.container(keyedBy: CodingKeys.self)
            try container.encode(applicationName, forKey: .applicationName)
            try container.encode(aid, forKey: .aid)
            try container.encode(accountType, forKey: .accountType)
            try container.encode(authorizationCode, forKey: .authorizationCode)
            try container.encode(authorizationResponseCode, forKey: .authorizationResponseCode)
            try container.encode(cryptogram, forKey: .cryptogram)
            try container.encode(tvr, forKey: .tvr)
            try container.encode(tsi, forKey: .tsi)
            try container.encode(cvm, forKey: .cvm)
        }
    }
}
