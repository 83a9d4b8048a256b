import JSON

extension Wire {
    /// Asks for a card. The reader answers at once (reader-protocol, section 3.5).
    package enum CollectPaymentMethod {
        package struct Request: Codable, Sendable, Equatable {
            package var transactionContext: TransactionContext?
            package var chargeAmount: ChargeAmount
            package var tipConfiguration: TipConfiguration?

            package enum CodingKeys: String, CodingKey {
                case transactionContext = "transaction_context"
                case chargeAmount = "charge_amount"
                case tipConfiguration = "tip_configuration"
            }

            package init(transactionContext: TransactionContext?, chargeAmount: ChargeAmount, tipConfiguration: TipConfiguration?) {
                self.transactionContext = transactionContext
                self.chargeAmount = chargeAmount
                self.tipConfiguration = tipConfiguration
            }
        }

        package typealias Response = SystemResponse
    }

    /// Asks whether the card has been read (section 3.6).
    package enum QueryPaymentMethod {
        package typealias Request = ContextRequest

        /// The two words that are declared for `payment_status`.
        package static let pending = "PAYMENT_PENDING"
        package static let canceled = "PAYMENT_CANCELED"

        package struct Response: Codable, Sendable, Equatable, Redacted {
            package var systemContext: SystemContext?
            package var paymentStatus: String?
            /// The card as an opaque value, which goes back in the confirm as it came. Its presence means that the card was read, whatever
            /// the status says.
            package var paymentMethod: JSONValue?
            package var numOfCanceledPayments: Int64?

            package enum CodingKeys: String, CodingKey {
                case systemContext = "system_context"
                case paymentStatus = "payment_status"
                case paymentMethod = "payment_method"
                case numOfCanceledPayments = "num_of_canceled_payments"
            }

            package init(
                systemContext: SystemContext? = nil, paymentStatus: String?, paymentMethod: JSONValue? = nil,
                numOfCanceledPayments: Int64? = nil
            ) {
                self.systemContext = systemContext
                self.paymentStatus = paymentStatus
                self.paymentMethod = paymentMethod
                self.numOfCanceledPayments = numOfCanceledPayments
            }

            /// - Throws: an error when there is a `payment_method` that cannot be kept whole (nested too deep, a number without end).
            package init(from decoder: any Decoder) throws {
                let fields = Tolerant<CodingKeys>(decoder)
                self.init(
                    systemContext: fields.value(.systemContext), paymentStatus: fields.name(.paymentStatus, of: Wire.paymentStatuses),
                    paymentMethod: try decoder.container(keyedBy: CodingKeys.self).decodeIfPresent(JSONValue.self, forKey: .paymentMethod),
                    numOfCanceledPayments: fields.integer(.numOfCanceledPayments))
            }
        }
    }

    /// Ends a running collect. It works only before the confirm (section 3.7).
    package enum CancelCollectPaymentMethod {
        package typealias Request = ContextRequest
        package typealias Response = SystemResponse
    }
}
