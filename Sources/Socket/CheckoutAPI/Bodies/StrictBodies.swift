import JSON

/// A request's body that is read strictly from the parsed JSON text.
package protocol StrictBody: Sendable {
    static func read(_ fields: FieldReader, _ body: BodyReader) -> Self?
}

extension StrictBody {
    /// Throws `invalid_request` with everything that is wrong.
    package init(strict value: JSONValue) throws(Problem) {
        let body = BodyReader()
        let read = body.object { Self.read($0, body) }
        guard let result = read(value, ""), body.errors.isEmpty else { throw .invalid(body.errors) }
        self = result
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
    package static func read(_ fields: FieldReader, _ body: BodyReader) -> PaymentBody? {
        let cart = fields.required("cart", body.text(.cart))
        let amount = fields.required("amount", body.text(.amount))
        let balance = fields.optional("account_balance_payment_amount", body.text(.amountOrZero))
        let lane = fields.optional("lane", body.text(.name))
        let reader = fields.optional("reader", body.text(.name))
        let timeout = fields.optional("timeout_s", body.integer(Bounds.timeoutSeconds))
        let display = fields.optional("display", body.object { Display.read($0, body) })
        let tip = fields.optional("tip", body.object { Tip.read($0, body) })
        let afterKeyedEntry = fields.optional("after_keyed_entry", body.flag)
        guard let cart, let amount else { return nil }
        return PaymentBody(
            cart: cart, amount: amount, accountBalancePaymentAmount: balance, lane: lane, reader: reader,
            timeoutSeconds: timeout.map { Int($0) }, display: display, tip: tip, afterKeyedEntry: afterKeyedEntry)
    }
}

extension Tip: StrictBody {
    package static func read(_ fields: FieldReader, _ body: BodyReader) -> Tip? {
        let option = body.object { (fields: FieldReader) -> Option? in
            let label = fields.required("label", body.text(.tipLabel))
            let amount = fields.required("amount_minor", body.integer(Bounds.minor))
            guard let label, let amount else { return nil }
            return Option(label: label, amountMinor: amount)
        }
        let options = fields.required("options", body.list(Bounds.tipOptions, option))
        let hide = fields.optional("hide_custom_amount", body.flag)
        return options.map { Tip(options: $0, hideCustomAmount: hide) }
    }
}

extension Display: StrictBody {
    package static func read(_ fields: FieldReader, _ body: BodyReader) -> Display? {
        let item = body.object { (fields: FieldReader) -> LineItem? in
            let description = fields.required("description", body.text(.itemDescription))
            let amount = fields.required("amount_minor", body.integer(Bounds.signedMinor))
            let quantity = fields.required("quantity", body.integer(Bounds.quantity))
            guard let description, let amount, let quantity else { return nil }
            return LineItem(description: description, amountMinor: amount, quantity: quantity)
        }
        let currency = fields.required("currency", body.text(.currency))
        let total = fields.required("total_minor", body.integer(Bounds.minor))
        let tax = fields.optional("tax_minor", body.integer(Bounds.minor))
        let items = fields.required("line_items", body.list(Bounds.lineItems, item))
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

extension ResolveBody: StrictBody {
    package static func read(_ fields: FieldReader, _ body: BodyReader) -> ResolveBody? {
        let outcome = fields.required("outcome", body.word(Outcome.self))
        let order = fields.optional("order", body.text(.name))
        let note = fields.required("note", body.text(.note))
        guard let outcome, let note else { return nil }
        return ResolveBody(outcome: outcome, order: order, note: note)
    }
}

extension AcknowledgeBody: StrictBody {
    package static func read(_ fields: FieldReader, _ body: BodyReader) -> AcknowledgeBody? {
        fields.required("note", body.text(.note)).map { AcknowledgeBody(note: $0) }
    }
}

extension CartBody: StrictBody {
    package static func read(_ fields: FieldReader, _ body: BodyReader) -> CartBody? {
        CartBody(lane: fields.optional("lane", body.text(.name)), reader: fields.optional("reader", body.text(.name)))
    }
}

extension IntentBody: StrictBody {
    package static func read(_ fields: FieldReader, _ body: BodyReader) -> IntentBody? {
        let cart = fields.required("cart", body.text(.cart))
        let amount = fields.required("amount", body.text(.amount))
        let balance = fields.optional("account_balance_payment_amount", body.text(.amountOrZero))
        guard let cart, let amount else { return nil }
        return IntentBody(cart: cart, amount: amount, accountBalancePaymentAmount: balance)
    }
}

extension SetupIntentBody: StrictBody {
    package static func read(_ fields: FieldReader, _ body: BodyReader) -> SetupIntentBody? {
        fields.required("user", body.text(.name)).map { SetupIntentBody(user: $0) }
    }
}

extension ConnectionTokenBody: StrictBody {
    package static func read(_ fields: FieldReader, _ body: BodyReader) -> ConnectionTokenBody? {
        fields.required("cart", body.text(.cart)).map { ConnectionTokenBody(cart: $0) }
    }
}

extension ReleaseBody: StrictBody {
    package static func read(_ fields: FieldReader, _ body: BodyReader) -> ReleaseBody? {
        let errors = body.errors.count
        let payment = fields.optional("payment", body.text(.payment))
        let setup = fields.optional("card_setup", body.text(.payment))
        guard let one = ReleaseBody.of(payment: payment, cardSetup: setup) else {
            if body.errors.count == errors { body.refuse("payment", ReleaseBody.needsOne) }
            return nil
        }
        return one
    }
}

extension AcceptLossBody: StrictBody {
    package static func read(_ fields: FieldReader, _ body: BodyReader) -> AcceptLossBody? {
        fields.required("note", body.text(.note)).map { AcceptLossBody(note: $0) }
    }
}

/// A body without fields: `{}`, or nothing at all.
package struct NoBody: StrictBody {
    package static func read(_ fields: FieldReader, _ body: BodyReader) -> NoBody? { NoBody() }
}
