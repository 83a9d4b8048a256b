import JSON

extension Wire {
    /// Authorises. The reader answers when the issuer has answered (reader-protocol, section 3.8).
    package enum ConfirmPayment {
        package struct Request: Codable, Sendable, Equatable, Redacted {
            package var transactionContext: TransactionContext?
            package var paymentIntentID: String
            /// The payment method that the query answered. One published client sends `{}`.
            package var paymentMethod: JSONValue

            package enum CodingKeys: String, CodingKey {
                case transactionContext = "transaction_context"
                case paymentIntentID = "payment_intent_id"
                case paymentMethod = "payment_method"
            }

            package init(transactionContext: TransactionContext?, paymentIntentID: String, paymentMethod: JSONValue) {
                self.transactionContext = transactionContext
                self.paymentIntentID = paymentIntentID
                self.paymentMethod = paymentMethod
            }
        }

        /// The answer to a confirm. At most one of its three parts is expected. They are read in this order, and the first that is present
        /// counts.
        package struct Response: Codable, Sendable, Equatable, Redacted {
            package var systemContext: SystemContext?
            package var requestID: String?
            /// The PaymentIntent: `id`, `status`, `amount`, `currency`, `charges`, `payment_method`.
            package var confirmedPaymentIntent: JSONValue?
            package var declineResponse: DeclineResponse?
            package var confirmError: ConfirmError?

            package enum CodingKeys: String, CodingKey {
                case systemContext = "system_context"
                case requestID = "request_id"
                case confirmedPaymentIntent = "confirmed_payment_intent"
                case declineResponse = "decline_response"
                case confirmError = "confirm_error"
            }

            package init(
                systemContext: SystemContext? = nil, requestID: String? = nil, confirmedPaymentIntent: JSONValue? = nil,
                declineResponse: DeclineResponse? = nil, confirmError: ConfirmError? = nil
            ) {
                self.systemContext = systemContext
                self.requestID = requestID
                self.confirmedPaymentIntent = confirmedPaymentIntent
                self.declineResponse = declineResponse
                self.confirmError = confirmError
            }

            /// - Throws: an error when the answer is not an object, or its intent cannot be read at all.
            package init(from decoder: any Decoder) throws {
                let fields = Tolerant<CodingKeys>(decoder)
                let container = try decoder.container(keyedBy: CodingKeys.self)
                self.init(
                    systemContext: fields.value(.systemContext), requestID: fields.text(.requestID),
                    confirmedPaymentIntent: try container.decodeIfPresent(JSONValue.self, forKey: .confirmedPaymentIntent),
                    declineResponse: try container.decodeIfPresent(DeclineResponse.self, forKey: .declineResponse),
                    confirmError: try container.decodeIfPresent(ConfirmError.self, forKey: .confirmError))
            }
        }

        package struct DeclineResponse: Codable, Sendable, Equatable {
            package var error: APIError?

            package enum CodingKeys: String, CodingKey {
                case error
            }

            package init(error: APIError?) { self.error = error }

            package init(from decoder: any Decoder) throws {
                self.init(error: Tolerant<CodingKeys>(decoder).value(.error))
            }
        }

        /// An error of Stripe's API, with the intent as it stands after the error.
        package struct APIError: Codable, Sendable, Equatable {
            package var type: String?
            package var code: String?
            package var declineCode: String?
            package var message: String?
            package var docURL: String?
            package var param: String?
            package var charge: String?
            package var paymentIntent: JSONValue?

            package enum CodingKeys: String, CodingKey {
                case type, code, message, param, charge
                case declineCode = "decline_code"
                case docURL = "doc_url"
                case paymentIntent = "payment_intent"
            }

            package init(
                type: String? = nil, code: String? = nil, declineCode: String? = nil, message: String? = nil, docURL: String? = nil,
                param: String? = nil, charge: String? = nil, paymentIntent: JSONValue? = nil
            ) {
                self.type = type
                self.code = code
                self.declineCode = declineCode
                self.message = message
                self.docURL = docURL
                self.param = param
                self.charge = charge
                self.paymentIntent = paymentIntent
            }

            package init(from decoder: any Decoder) throws {
                let fields = Tolerant<CodingKeys>(decoder)
                self.init(
                    type: fields.value(.type), code: fields.value(.code), declineCode: fields.value(.declineCode),
                    message: fields.value(.message), docURL: fields.value(.docURL), param: fields.value(.param),
                    charge: fields.value(.charge), paymentIntent: fields.value(.paymentIntent))
            }
        }
    }

    /// A confirm's failure that names no intent.
    package struct ConfirmError: Codable, Sendable, Equatable {
        package var code: String?
        package var message: String?

        package enum CodingKeys: String, CodingKey {
            case code, message
        }

        package init(code: String?, message: String?) {
            self.code = code
            self.message = message
        }

        package init(from decoder: any Decoder) throws {
            let fields = Tolerant<CodingKeys>(decoder)
            self.init(code: fields.value(.code), message: fields.value(.message))
        }
    }
}
