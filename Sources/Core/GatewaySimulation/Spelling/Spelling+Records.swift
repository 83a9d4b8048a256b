internal import GatewayCore
import GatewayModel
import Moments

extension Trace {
    mutating func spell(_ entry: JournalEntry) {
        put(1, entry.kind.rawValue)
        put(2, entry.at)
        put(3, entry.payment) { $0.spell($1) }
        put(4, entry.cart) { $0.spell($1) }
        put(5, entry.cardSetup) { $0.spell($1) }
        put(6, entry.fact) {
            $0.put(1, $1.key)
            $0.put(2, $1.value)
        }
        put(7, entry.note)
    }

    mutating func spell(_ record: PaymentRecord) {
        put(1, record.id)
        put(2, record.request) { $0.spell($1) }
        put(3, record.reader)
        put(4, record.readerLabel)
        put(5, record.state.rawValue)
        put(6, record.money.rawValue)
        put(7, record.currency)
        put(8, record.amountMinor)
        put(9, record.tipMinor)
        put(10, record.intent)
        put(11, record.publishableKey)
        put(12, record.order)
        put(13, record.card) { $0.spell($1) }
        put(14, record.attempts)
        put(15, record.failure) { $0.spell($1) }
        put(16, record.cancelRequested)
        put(17, record.leased)
        put(18, record.confirmingAt)
        put(19, record.authorized)
        put(20, record.resolvedBy)
        put(21, record.createdAt)
        put(22, record.updatedAt)
        put(23, record.endedAt)
        put(24, each: record.timeline) { $0.spell($1) }
        put(25, record.amountChargedMinor)
        put(26, record.receipt) { $0.spell($1) }
        put(27, each: record.warnings) { $0.spell($1) }
        put(28, record.decidesBy)
        put(29, record.isVouchedUnkeyed)
    }

    private mutating func spell(_ request: PaymentRequest) {
        put(1, request.cart)
        put(2, request.amount)
        put(3, request.accountBalance)
        put(4, request.lane)
        put(5, request.reader)
        put(6, request.timeoutSeconds)
        put(7, request.display) { $0.spell($1) }
        put(8, request.tip) { $0.spell($1) }
        put(9, request.afterKeyedEntry)
    }

    private mutating func spell(_ failure: PaymentFailure) {
        put(1, failure.code.rawValue)
        put(2, failure.message)
        put(3, failure.declineCode)
        put(4, failure.remedy)
        put(5, failure.paidBy)
        put(6, failure.supersededBy)
        put(7, failure.payment)
    }

    private mutating func spell(_ warning: PaymentWarning) {
        put(1, warning.code.rawValue)
        put(2, warning.message)
        put(3, warning.remedy)
    }

    private mutating func spell(_ receipt: CardReceipt) {
        put(1, receipt.applicationName)
        put(2, receipt.aid)
        put(3, receipt.accountType)
        put(4, receipt.authorizationCode)
        put(5, receipt.authorizationResponseCode)
        put(6, receipt.cryptogram)
        put(7, receipt.tvr)
        put(8, receipt.tsi)
        put(9, receipt.cvm)
    }

    private mutating func spell(_ entry: TimelineEntry) {
        put(1, entry.state.rawValue)
        put(2, entry.at)
    }

    mutating func spell(_ card: CardSummary) {
        put(1, card.brand)
        put(2, card.last4)
        put(3, card.entry)
    }

    mutating func spell(_ cart: DisplayCart) {
        put(1, cart.currency)
        put(2, cart.totalMinor)
        put(3, cart.taxMinor)
        put(4, each: cart.lines) {
            $0.put(1, $1.description)
            $0.put(2, $1.amountMinor)
            $0.put(3, $1.quantity)
        }
    }

    mutating func spell(_ tip: TipConfiguration) {
        put(1, each: tip.options) {
            $0.put(1, $1.label)
            $0.put(2, $1.amountMinor)
        }
        put(2, tip.hideCustomAmount)
    }

    private mutating func spell(_ cart: CartFacts) {
        put(1, cart.cart)
        put(2, cart.intent) {
            $0.put(1, $1.id)
            $0.put(2, $1.amountMinor)
            $0.put(3, $1.currency)
            $0.put(4, $1.publishableKey)
            $0.put(5, $1.amount)
            $0.put(6, $1.accountBalance)
            $0.put(7, $1.everConfirmed)
            $0.put(8, $1.knownNotCharged)
            $0.put(9, $1.cart)
            $0.put(10, each: $1.chargedAmong ?? []) { $0.put(1, $1) }
            $0.put(11, $1.tipLeft)
            $0.put(12, each: $1.said ?? []) {
                $0.put(1, $1.payment)
                $0.put(2, $1.reader)
                $0.put(3, $1.wasLetGo)
            }
        }
        put(3, each: cart.replaced) { $0.put(1, $1) }
        put(4, cart.keyedEntry)
        put(5, cart.keyedEver)
        put(6, each: cart.openPayments) { $0.put(1, $1) }
        put(7, cart.paid)
        put(8, cart.paidBy)
        put(9, cart.order)
        put(10, cart.held)
        put(11, each: cart.keyed ?? []) {
            $0.put(1, $1.id)
            $0.put(2, $1.cart)
            $0.put(3, $1.amount)
            $0.put(4, $1.accountBalance)
            $0.put(5, $1.isCharged)
        }
        put(12, each: cart.canceled ?? []) { $0.put(1, $1) }
    }

    // MARK: Card set-ups

    mutating func spell(_ record: CardSetupRecord) {
        put(1, record.id)
        put(2, record.request) { $0.spell($1) }
        put(3, record.reader)
        put(4, record.readerLabel)
        put(5, record.state.rawValue)
        put(6, record.setupIntent)
        put(7, record.paymentMethod)
        put(8, record.bankcard)
        put(9, record.card) { $0.spell($1) }
        put(10, record.failure) { $0.spell($1) }
        put(11, record.cancelRequested)
        put(12, record.leased)
        put(13, record.createdAt)
        put(14, record.updatedAt)
        put(15, record.endedAt)
        put(16, each: record.timeline) { $0.spell($1) }
    }

    mutating func spell(_ request: CardSetupRequest) {
        put(1, request.user)
        put(2, request.partner)
        put(3, request.postalCode)
        put(4, request.name)
        put(5, request.lane)
        put(6, request.reader)
        put(7, request.timeoutSeconds)
    }
}
