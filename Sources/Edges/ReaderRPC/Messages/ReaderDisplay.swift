extension Wire {
    /// Shows a cart. It charges nothing (reader-protocol, section 3.3).
    package enum SetReaderDisplay {
        package struct Request: Codable, Sendable, Equatable {
            package var transactionContext: TransactionContext?
            /// The type, "cart".
            package var type: String
            package var cart: Cart

            package enum CodingKeys: String, CodingKey {
                case transactionContext = "transaction_context"
                case type, cart
            }

            package init(transactionContext: TransactionContext?, type: String = "cart", cart: Cart) {
                self.transactionContext = transactionContext
                self.type = type
                self.cart = cart
            }
        }

        package struct Cart: Codable, Sendable, Equatable {
            package var lineItems: [LineItem]
            /// The tax in minor units.
            package var tax: Int64?
            /// The total in minor units.
            package var total: Int64
            /// The currency in lower case.
            package var currency: String

            package enum CodingKeys: String, CodingKey {
                case lineItems = "line_items"
                case tax, total, currency
            }

            package init(lineItems: [LineItem], tax: Int64?, total: Int64, currency: String) {
                self.lineItems = lineItems
                self.tax = tax
                self.total = total
                self.currency = currency
            }
        }

        package struct LineItem: Codable, Sendable, Equatable {
            package var description: String
            package var quantity: Int64
            /// The line's total in minor units.
            package var amount: Int64

            package init(description: String, quantity: Int64, amount: Int64) {
                self.description = description
                self.quantity = quantity
                self.amount = amount
            }
        }

        package typealias Response = SystemResponse
    }

    /// Returns the display to the splash screen, whatever the state (section 3.4).
    package enum ClearReaderDisplay {
        package struct Request: Codable, Sendable, Equatable {
            package var transactionContext: TransactionContext?

            package enum CodingKeys: String, CodingKey {
                case transactionContext = "transaction_context"
            }

            package init(transactionContext: TransactionContext?) { self.transactionContext = transactionContext }
        }

        package typealias Response = SystemResponse
    }
}
