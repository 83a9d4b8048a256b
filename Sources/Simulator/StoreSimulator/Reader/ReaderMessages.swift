import JSON

/// The message part `transaction_context`.
struct TransactionContext: Sendable, Equatable {
    var transactionID: String

    init(_ value: JSONValue?) throws(MessageFault) {
        let fields = try MessageFields(
            value, "transaction_context", declared: ["terminal_id", "operator_id", "start_time", "transaction_id"])
        _ = try fields.string("terminal_id")
        _ = try fields.string("operator_id")
        guard try fields.integer("start_time") > 0 else { throw MessageFault(why: "transaction_context.start_time is not a time") }
        transactionID = try fields.string("transaction_id")
    }
}

/// The message of `activateTerminal`.
struct ActivateMessage {
    var token: String
    var device: String
    var failIfInUse: Bool

    init(_ message: JSONValue) throws(MessageFault) {
        let fields = try MessageFields(
            message, "activateTerminal",
            declared: [
                "pos_activation_token", "pos_device_id", "store_name", "pos_software_info", "fail_if_in_use", "store_address",
                "pos_hardware_info", "terminal_id", "terminal_ip",
            ])
        token = try fields.string("pos_activation_token")
        guard token.hasPrefix("pst_") else { throw MessageFault(why: "pos_activation_token is not a connection token") }
        device = try fields.string("pos_device_id")
        _ = try fields.string("store_name")
        let software = try MessageFields(
            try fields.required("pos_software_info"), "pos_software_info",
            declared: ["pos_type", "sdk_version", "os_version", "pos_version"])
        _ = try software.string("pos_type")
        _ = try software.string("sdk_version")
        if let hardware = fields.value("pos_hardware_info") {
            _ = try MessageFields(
                hardware, "pos_hardware_info",
                declared: [
                    "cpu_architecture", "cpu_maker", "cpu_speed", "memory_amount", "model_number", "os_architecture", "serial_number",
                ])
        }
        failIfInUse = try fields.bool("fail_if_in_use", default: false)
    }
}

/// The message of `setReaderDisplay`.
struct DisplayMessage {
    var total: Int
    var lines: [String]

    init(_ message: JSONValue) throws(MessageFault) {
        let fields = try MessageFields(message, "setReaderDisplay", declared: ["transaction_context", "type", "cart"])
        _ = try TransactionContext(try fields.required("transaction_context"))
        guard try fields.string("type") == "cart" else { throw MessageFault(why: "setReaderDisplay.type is not cart") }
        let cart = try MessageFields(
            try fields.required("cart"), "cart",
            declared: ["line_items", "tax", "total", "currency", "modifiers", "discounts", "tenders"])
        total = try cart.integer("total")
        _ = try cart.optionalInteger("tax")
        try Self.check(currency: try cart.string("currency"))
        lines = []
        for item in try cart.array("line_items") {
            let line = try MessageFields(
                item, "line_items", declared: ["description", "quantity", "amount", "discounts", "modifiers"])
            lines.append(try line.string("description"))
            guard try line.integer("quantity") > 0 else { throw MessageFault(why: "line_items.quantity is not positive") }
            _ = try line.integer("amount")
        }
    }

    static func check(currency: String) throws(MessageFault) {
        guard currency.utf8.count == 3, currency.utf8.allSatisfy({ (UInt8(ascii: "a")...UInt8(ascii: "z")).contains($0) }) else {
            throw MessageFault(why: "the currency is not three lower-case letters")
        }
    }
}

/// The message of `collectPaymentMethod`.
struct CollectMessage: Sendable, Equatable {
    var context: TransactionContext
    var amount: Int
    var currency: String
    /// The tips that it offers, in minor units.
    var tips: [Int]
    var offersTip: Bool

    init(_ message: JSONValue) throws(MessageFault) {
        let fields = try MessageFields(
            message, "collectPaymentMethod",
            declared: [
                "transaction_context", "charge_amount", "tip_configuration", "description", "statement_descriptor", "receipt_email",
            ])
        context = try TransactionContext(try fields.required("transaction_context"))
        let charge = try MessageFields(
            try fields.required("charge_amount"), "charge_amount",
            declared: ["charge_amount", "tip_amount", "currency", "cashback_amount", "connect_params"])
        amount = try charge.integer("charge_amount")
        guard amount > 0 else { throw MessageFault(why: "charge_amount.charge_amount is not positive") }
        guard try charge.optionalInteger("tip_amount") ?? 0 == 0 else { throw MessageFault(why: "charge_amount.tip_amount is not zero") }
        guard try charge.optionalInteger("cashback_amount") ?? 0 == 0 else {
            throw MessageFault(why: "charge_amount.cashback_amount is not zero")
        }
        currency = try charge.string("currency")
        try DisplayMessage.check(currency: currency)
        tips = []
        offersTip = false
        if let tip = fields.value("tip_configuration") {
            let configuration = try MessageFields(tip, "tip_configuration", declared: ["options", "hide_custom_amount"])
            offersTip = true
            _ = try configuration.bool("hide_custom_amount", default: false)
            let options = try configuration.array("options")
            guard options.count <= 3 else { throw MessageFault(why: "tip_configuration.options has more than three entries") }
            for option in options {
                let entry = try MessageFields(option, "tip_configuration.options", declared: ["amount", "label"])
                let amount = try entry.integer("amount")
                guard amount >= 0 else { throw MessageFault(why: "a tip is negative") }
                tips.append(amount)
                _ = try entry.optionalString("label")
            }
        }
    }
}

/// A message of nothing but a transaction context, as query and cancel have it.
struct ContextMessage {
    var context: TransactionContext

    init(_ message: JSONValue, _ name: String) throws(MessageFault) {
        let fields = try MessageFields(message, name, declared: ["transaction_context"])
        context = try TransactionContext(try fields.required("transaction_context"))
    }
}

/// The message of `confirmPayment`.
struct ConfirmMessage {
    var context: TransactionContext
    var intent: String

    init(_ message: JSONValue) throws(MessageFault) {
        let fields = try MessageFields(
            message, "confirmPayment", declared: ["transaction_context", "payment_intent_id", "payment_method"])
        context = try TransactionContext(try fields.required("transaction_context"))
        intent = try fields.string("payment_intent_id")
        guard intent.hasPrefix("pi_"), !intent.contains("_secret_") else {
            throw MessageFault(why: "confirmPayment.payment_intent_id is not the id of a PaymentIntent")
        }
        _ = try MessageFields(
            try fields.required("payment_method"), "payment_method",
            // The reader gets back every member that it gave.
            declared: ["card_payment", "tip_selections", "tip_selection", AnswerWriter.unknownField])
    }
}
