import JSON

extension Wire {
    /// Asks for a card to be kept, without a charge (reader-protocol, section 3.9). This family has no transaction context.
    package enum CollectReusableCard {
        package typealias Request = Empty
        package typealias Response = SystemResponse
    }

    package enum QueryCollectReusableCard {
        package typealias Request = Empty

        /// The two words that are declared for `reusable_card_status`.
        package static let pending = "REUSABLE_CARD_PENDING"
        package static let canceled = "REUSABLE_CARD_CANCELED"

        package struct Response: Codable, Sendable, Equatable, Redacted {
            package var systemContext: SystemContext?
            /// The card as an opaque value, which goes back in the confirm as it came.
            package var reusableCardMethod: JSONValue?
            package var reusableCardStatus: String?
            package var numOfCanceledPayments: Int64?

            package enum CodingKeys: String, CodingKey {
                case systemContext = "system_context"
                case reusableCardMethod = "reusable_card_method"
                case reusableCardStatus = "reusable_card_status"
                case numOfCanceledPayments = "num_of_canceled_payments"
            }

            package init(
                systemContext: SystemContext? = nil, reusableCardMethod: JSONValue? = nil, reusableCardStatus: String?,
                numOfCanceledPayments: Int64? = nil
            ) {
                self.systemContext = systemContext
                self.reusableCardMethod = reusableCardMethod
                self.reusableCardStatus = reusableCardStatus
                self.numOfCanceledPayments = numOfCanceledPayments
            }

            /// - Throws: an error when there is a `reusable_card_method` that cannot be kept whole.
            package init(from decoder: any Decoder) throws {
                let fields = Tolerant<CodingKeys>(decoder)
                let container = try decoder.container(keyedBy: CodingKeys.self)
                self.init(
                    systemContext: fields.value(.systemContext),
                    reusableCardMethod: try container.decodeIfPresent(JSONValue.self, forKey: .reusableCardMethod),
                    reusableCardStatus: fields.name(.reusableCardStatus, of: Wire.reusableCardStatuses),
                    numOfCanceledPayments: fields.integer(.numOfCanceledPayments))
            }
        }
    }

    package enum ConfirmReusableCard {
        package struct Request: Codable, Sendable, Equatable, Redacted {
            package var reusableCardMethod: JSONValue
            package var customer: String?

            package enum CodingKeys: String, CodingKey {
                case reusableCardMethod = "reusable_card_method"
                case customer
            }

            package init(reusableCardMethod: JSONValue, customer: String? = nil) {
                self.reusableCardMethod = reusableCardMethod
                self.customer = customer
            }
        }

        package struct Response: Codable, Sendable, Equatable {
            package var systemContext: SystemContext?
            package var requestID: String?
            /// The PaymentMethod. The backend stores its `id`.
            package var createdReusableCard: JSONValue?
            package var confirmError: ConfirmError?

            package enum CodingKeys: String, CodingKey {
                case systemContext = "system_context"
                case requestID = "request_id"
                // The readers spell it so.
                case createdReusableCard = "created_reusuable_card"
                case confirmError = "confirm_error"
            }

            package init(
                systemContext: SystemContext? = nil, requestID: String? = nil, createdReusableCard: JSONValue? = nil,
                confirmError: ConfirmError? = nil
            ) {
                self.systemContext = systemContext
                self.requestID = requestID
                self.createdReusableCard = createdReusableCard
                self.confirmError = confirmError
            }

            /// - Throws: an error when the answer is not an object, or its card cannot be read at all.
            package init(from decoder: any Decoder) throws {
                let fields = Tolerant<CodingKeys>(decoder)
                let container = try decoder.container(keyedBy: CodingKeys.self)
                self.init(
                    systemContext: fields.value(.systemContext), requestID: fields.text(.requestID),
                    createdReusableCard: try container.decodeIfPresent(JSONValue.self, forKey: .createdReusableCard),
                    confirmError: try container.decodeIfPresent(ConfirmError.self, forKey: .confirmError))
            }
        }
    }

    package enum CancelCollectReusableCard {
        package typealias Request = Empty
        package typealias Response = SystemResponse
    }
}
