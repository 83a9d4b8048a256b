import JSON

/// A request's body that is read strictly from the parsed JSON text.
package protocol StrictBody: Sendable {
    /// The name of its schema in the OpenAPI document.
    static var schemaName: String { get }
    /// What the document says it is.
    static var says: String { get }
    /// Asks for every field, whatever came of those before: a refusal names all that is wrong, and the document describes all that there is.
    static func read(_ fields: FieldReader) -> Self?
}

extension StrictBody {
    package static var schemaName: String { "\(Self.self)" }

    /// Throws `invalid_request` with everything that is wrong.
    package init(strict value: JSONValue) throws(Problem) {
        let body = BodyReader()
        let read: Self? = body.object(value, "")
        guard let result = read, body.errors.isEmpty else { throw .invalid(body.errors) }
        self = result
    }

    /// The body's schema, as the document has it.
    package static var schema: JSONValue {
        let fields = FieldReader.descriptions(of: Self.self)
        return Schema.body(
            says, required: fields.filter(\.isRequired).map { ($0.name, $0.schema) },
            optional: fields.filter { !$0.isRequired }.map { ($0.name, $0.schema) })
    }
}

extension Problem {
    /// `invalid_request` with these errors; the detail names the first.
    package static func invalid(_ errors: [Field]) -> Problem {
        let first = errors.first.map { "\($0.field) \($0.message)" } ?? "The request is not valid"
        let more = errors.count > 1 ? " (and \(errors.count - 1) more)" : ""
        return Problem(.invalidRequest, "\(first)\(more).", errors: errors)
    }
}

extension PaymentBody: StrictBody {
    package static var says: String { "One attempt to be paid." }

    package static func read(_ fields: FieldReader) -> PaymentBody? {
        let cart = fields.required("cart", .cart)
        let amount = fields.required("amount", .amount)
        let balance = fields.optional("account_balance_payment_amount", .balance)
        let lane = fields.optional("lane", .lane)
        let reader = fields.optional("reader", .reader)
        let timeout = fields.optional(
            "timeout_s",
            .integer(Bounds.timeoutSeconds, "How long the customer may take to present a card; 120 unless the settings say otherwise."))
        let display: Display? = fields.optional("display", .object)
        let tip: Tip? = fields.optional("tip", .object)
        let afterKeyedEntry = fields.optional("after_keyed_entry", .flag("The keyed-entry form of this cart is closed and unpaid."))
        guard let cart, let amount else { return nil }
        return PaymentBody(
            cart: cart, amount: amount, accountBalancePaymentAmount: balance, lane: lane, reader: reader,
            timeoutSeconds: timeout.map { Int($0) }, display: display, tip: tip, afterKeyedEntry: afterKeyedEntry)
    }
}

extension Display: StrictBody {
    package static var says: String { "A cart on the reader's screen. It charges nothing." }

    package static func read(_ fields: FieldReader) -> Display? {
        let currency = fields.required("currency", .text(.currency, "ISO 4217."))
        let total = fields.required(
            "total_minor", .integer(Bounds.minor, "In minor units: what the lines come to, with tax_minor on top or in it."))
        let items = fields.required(
            "line_items", .list(Bounds.lineItems, of: Field<LineItem>.object, "In the order in which they are shown."))
        let tax = fields.optional("tax_minor", .integer(Bounds.minor, "In minor units."))
        guard let currency, let total, let items else { return nil }
        // What a customer reads must add up: a total of other lines is a fault of the till, and is better seen before the card than after.
        if !items.isEmpty {
            let sum = items.reduce(Int64(0)) { $0 + $1.amountMinor }
            guard total == sum || total == sum + (tax ?? 0) else {
                fields.refuse(
                    "total_minor",
                    "must be what the lines come to (\(sum)\(tax.map { $0 == 0 ? "" : ", or \(sum + $0) with the tax" } ?? "")), not \(total); "
                        + "a line's amount_minor is for all of its quantity")
                return nil
            }
        }
        return Display(currency: currency, totalMinor: total, taxMinor: tax, lineItems: items)
    }
}

extension Display.LineItem: StrictBody {
    package static var says: String { "A line of a cart." }

    package static func read(_ fields: FieldReader) -> Display.LineItem? {
        let description = fields.required("description", .text(.itemDescription, "What it is."))
        let amount = fields.required(
            "amount_minor", .integer(Bounds.signedMinor, "In minor units, for all of its quantity; negative for a discount."))
        let quantity = fields.required("quantity", .integer(Bounds.quantity, "How many."))
        guard let description, let amount, let quantity else { return nil }
        return Display.LineItem(description: description, amountMinor: amount, quantity: quantity)
    }
}

extension Tip: StrictBody {
    package static var says: String { "Tips that the reader offers." }

    package static func read(_ fields: FieldReader) -> Tip? {
        let options = fields.required("options", .list(Bounds.tipOptions, of: Field<Option>.object, "As the customer sees them."))
        let hide = fields.optional("hide_custom_amount", .flag("The customer cannot enter another amount."))
        return options.map { Tip(options: $0, hideCustomAmount: hide) }
    }
}

extension Tip.Option: StrictBody {
    package static var schemaName: String { "TipOption" }
    package static var says: String { "One tip." }

    package static func read(_ fields: FieldReader) -> Tip.Option? {
        let label = fields.required("label", .text(.tipLabel, "As the reader shows it."))
        let amount = fields.required("amount_minor", .integer(Bounds.minor, "In minor units."))
        guard let label, let amount else { return nil }
        return Tip.Option(label: label, amountMinor: amount)
    }
}

extension ResolveBody: StrictBody {
    package static var says: String { "How an unresolved payment ended, as a technician found out." }

    package static func read(_ fields: FieldReader) -> ResolveBody? {
        let outcome: Outcome? = fields.required("outcome", .word("Whether the money was taken."))
        let note = fields.required("note", .note("Why; it is journaled."))
        let order = fields.optional("order", .text(.name, "The backend's order."))
        guard let outcome, let note else { return nil }
        return ResolveBody(outcome: outcome, order: order, note: note)
    }
}

extension AcknowledgeBody: StrictBody {
    package static var says: String { "A technician has seen to the warnings." }

    package static func read(_ fields: FieldReader) -> AcknowledgeBody? {
        fields.required("note", .note("What was found and done; it is journaled.")).map { AcknowledgeBody(note: $0) }
    }
}

extension CartBody: StrictBody {
    package static var says: String { "Where the sale will be paid." }

    package static func read(_ fields: FieldReader) -> CartBody? {
        CartBody(lane: fields.optional("lane", .lane), reader: fields.optional("reader", .reader))
    }
}

extension IntentBody: StrictBody {
    package static var says: String { "An intent for keyed entry." }

    package static func read(_ fields: FieldReader) -> IntentBody? {
        let cart = fields.required("cart", .cart)
        let amount = fields.required("amount", .amount)
        let balance = fields.optional("account_balance_payment_amount", .balance)
        guard let cart, let amount else { return nil }
        return IntentBody(cart: cart, amount: amount, accountBalancePaymentAmount: balance)
    }
}

extension SetupIntentBody: StrictBody {
    package static var says: String { "An intent to keep a card that is keyed in." }

    package static func read(_ fields: FieldReader) -> SetupIntentBody? {
        fields.required("user", .text(.name, "The backend's user.")).map { SetupIntentBody(user: $0) }
    }
}

extension ConnectionTokenBody: StrictBody {
    package static var says: String { "For a checkout that runs Stripe's SDK itself." }

    package static func read(_ fields: FieldReader) -> ConnectionTokenBody? {
        fields.required("cart", .cart).map { ConnectionTokenBody(cart: $0) }
    }
}

extension ReleaseBody: StrictBody {
    package static var says: String {
        "What is expected to have the reader: a payment or a card set-up. Exactly one of the two is named."
    }

    package static func read(_ fields: FieldReader) -> ReleaseBody? {
        let payment = fields.optional("payment", .text(.payment, "The payment's id."))
        let setup = fields.optional("card_setup", .text(.payment, "The card set-up's id."))
        guard let one = ReleaseBody.of(payment: payment, cardSetup: setup) else {
            if !fields.hasErrors { fields.refuse("payment", ReleaseBody.needsOne) }
            return nil
        }
        return one
    }
}

extension AcceptLossBody: StrictBody {
    package static var says: String { "Why the agent may go on without it." }

    package static func read(_ fields: FieldReader) -> AcceptLossBody? {
        fields.required("note", .note("Why; it is journaled.")).map { AcceptLossBody(note: $0) }
    }
}

/// A body without fields: `{}`, or nothing at all.
package struct NoBody: StrictBody {
    package static var says: String { "Nothing: an empty object, or no body at all." }

    package static func read(_ fields: FieldReader) -> NoBody? { NoBody() }
}
