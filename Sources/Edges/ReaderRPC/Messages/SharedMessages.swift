import JSON

extension Wire {
    /// Names one card transaction (reader-protocol, section 2.4).
    package struct TransactionContext: Codable, Sendable, Equatable {
        /// The device id, as published clients send it.
        package var terminalID: String
        /// The device id again.
        package var operatorID: String
        /// The start time in epoch milliseconds.
        package var startTime: Int64
        package var transactionID: String

        package enum CodingKeys: String, CodingKey {
            case terminalID = "terminal_id"
            case operatorID = "operator_id"
            case startTime = "start_time"
            case transactionID = "transaction_id"
        }

        package init(terminalID: String, operatorID: String, startTime: Int64, transactionID: String) {
            self.terminalID = terminalID
            self.operatorID = operatorID
            self.startTime = startTime
            self.transactionID = transactionID
        }
    }

    /// The part of every response that says whether the reader reaches Stripe.
    package struct SystemContext: Codable, Sendable, Equatable {
        /// The status is declared as a number (0 offline, 1 connected) although every other enumeration is a string. Both are read.
        package var connectivityStatus: JSONValue?

        package enum CodingKeys: String, CodingKey {
            case connectivityStatus = "connectivity_status"
        }

        package init(connectivityStatus: JSONValue?) { self.connectivityStatus = connectivityStatus }

        package init(from decoder: any Decoder) throws {
            self.init(connectivityStatus: Tolerant<CodingKeys>(decoder).value(.connectivityStatus))
        }

        /// Whether the reader reaches Stripe. It is nil when the reader does not say, or says an unknown word.
        package var isConnected: Bool? {
            switch (connectivityStatus?.protoInteger, connectivityStatus?.string) {
            case (0, _), (_, "OFFLINE"): false
            case (1, _), (_, "CONNECTED"): true
            default: nil
            }
        }
    }

    /// An amount in minor units and its currency. The message does not name the intent.
    package struct ChargeAmount: Codable, Sendable, Equatable {
        package var chargeAmount: Int64
        package var tipAmount: Int64
        /// The currency in lower case.
        package var currency: String
        package var cashbackAmount: Int64

        package enum CodingKeys: String, CodingKey {
            case chargeAmount = "charge_amount"
            case tipAmount = "tip_amount"
            case currency
            case cashbackAmount = "cashback_amount"
        }

        package init(chargeAmount: Int64, tipAmount: Int64 = 0, currency: String, cashbackAmount: Int64 = 0) {
            self.chargeAmount = chargeAmount
            self.tipAmount = tipAmount
            self.currency = currency
            self.cashbackAmount = cashbackAmount
        }
    }

    /// The tips that a reader offers with a collect, at most three.
    package struct TipConfiguration: Codable, Sendable, Equatable {
        package struct Option: Codable, Sendable, Equatable {
            /// The tip in minor units.
            package var amount: Int64
            package var label: String

            package init(amount: Int64, label: String) {
                self.amount = amount
                self.label = label
            }
        }

        package var options: [Option]
        package var hideCustomAmount: Bool

        package enum CodingKeys: String, CodingKey {
            case options
            case hideCustomAmount = "hide_custom_amount"
        }

        package init(options: [Option], hideCustomAmount: Bool) {
            self.options = options
            self.hideCustomAmount = hideCustomAmount
        }
    }

    /// A request that holds its transaction's context and nothing else.
    package struct ContextRequest: Codable, Sendable, Equatable {
        package var transactionContext: TransactionContext?

        package enum CodingKeys: String, CodingKey {
            case transactionContext = "transaction_context"
        }

        package init(transactionContext: TransactionContext?) { self.transactionContext = transactionContext }
    }

    /// A response that says nothing but that the call was taken.
    package struct SystemResponse: Codable, Sendable, Equatable {
        package var systemContext: SystemContext?

        package enum CodingKeys: String, CodingKey {
            case systemContext = "system_context"
        }

        package init(systemContext: SystemContext?) { self.systemContext = systemContext }

        package init(from decoder: any Decoder) throws {
            self.init(systemContext: Tolerant<CodingKeys>(decoder).value(.systemContext))
        }
    }
}
