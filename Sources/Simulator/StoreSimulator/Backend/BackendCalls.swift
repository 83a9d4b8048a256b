import JSON

/// The work of the ten calls.
enum BackendCalls {
    static func answer(_ name: String, _ fields: CallFields, _ world: inout World, at now: Int) throws(CallRefusal) -> HTTPReply {
        switch name {
        case "configuration": try configuration(fields, world)
        case "connection_token": try connectionToken(fields, &world, at: now)
        case "payment_intent": try paymentIntent(fields, &world, at: now)
        case "payment_status": try paymentStatus(fields, world)
        case "setup_intent": try setupIntent(fields, world)
        case "store_payment_method": try storePaymentMethod(fields, &world)
        case "register_terminal": try register(fields, &world, at: now)
        case "terminal_readers": try readers(fields, world, at: now)
        case "update_terminal": try update(fields, &world)
        case "deregister_terminal": try deregister(fields, &world)
        default: BackendService.refused(404, "Not found.")
        }
    }

    // MARK: Payment

    private static func cart(_ fields: CallFields, _ world: World) throws(CallRefusal) -> String {
        let cart = world.backend.reading(try fields.required("cart"))
        if let refusal = world.backend.refusal(ofCart: cart) { throw .invalid(refusal) }
        return cart
    }

    private static func configuration(_ fields: CallFields, _ world: World) throws(CallRefusal) -> HTTPReply {
        var members: JSONObject = ["stripe_publishable_api_key": .string(world.stripe.publishableKey)]
        if try fields.optional("cart") != nil {
            _ = try cart(fields, world)
            members["stripe_location_id"] = .string(world.configuration.stripeLocation)
        }
        return .json(200, .object(members))
    }

    private static func connectionToken(_ fields: CallFields, _ world: inout World, at now: Int) throws(CallRefusal) -> HTTPReply {
        let cart = try cart(fields, world)
        return .json(200, ["stripe_connection_token": .string(world.stripe.makeToken(cart: cart, at: now))])
    }

    private static func paymentIntent(_ fields: CallFields, _ world: inout World, at now: Int) throws(CallRefusal) -> HTTPReply {
        let cart = try cart(fields, world)
        let currency = world.configuration.currency
        guard let asked = Currency.minorUnits(try fields.required("amount"), currency), asked > 0 else {
            throw .invalid("amount: a positive decimal number is expected.")
        }
        let amount = asked + world.backend.behaviour.intentSurcharge
        if let balance = try fields.optional("account_balance_payment_amount"), Currency.minorUnits(balance, currency) == nil {
            throw .invalid("account_balance_payment_amount: a decimal number is expected.")
        }
        let type = try fields.optional("payment_type") ?? "card"
        guard type == "card" || type == "terminal" else { throw .invalid("payment_type: not a valid choice.") }
        let isForReader = type == "terminal"

        let behaviour = world.backend.behaviour
        let earlier = world.backend.carts[cart]?.intents ?? []
        let same = earlier.last { id in
            let intent = world.stripe.intents[id]
            return intent?.isCharged == false && intent?.status != .canceled && intent?.asked == amount
                && intent?.isForReader == isForReader
        }
        let intent: Intent
        if behaviour.repeatReturnsSameIntent, let same, let known = world.stripe.intents[same] {
            intent = known
        } else {
            for id in earlier { world.stripe.markReplaced(id, cancels: behaviour.cancelsReplacedIntents) }
            intent = world.stripe.makeIntent(
                cart: cart, amount: amount, isForReader: isForReader, manualCapture: isForReader && behaviour.manualCapture, at: now)
            world.backend.note(intent: intent.id, cart: cart)
        }
        return .json(
            200,
            [
                "stripe_payment_intent_id": .string(intent.id), "stripe_publishable_api_key": .string(world.stripe.publishableKey),
                "client_secret": .string(intent.clientSecret),
            ])
    }

    private static func paymentStatus(_ fields: CallFields, _ world: World) throws(CallRefusal) -> HTTPReply {
        let id = world.backend.reading(try fields.required("cart"))
        if let known = world.backend.behaviour.carts, !known.contains(id) { throw .invalid("Cart \(id) does not exist.") }
        var members: JSONObject = ["status": .string(world.backend.status(ofCart: id)), "order": nil, "error": nil]
        if let order = world.backend.carts[id]?.order {
            members["order"] = world.backend.behaviour.ordersAsIntegers ? .integer(order) : .string(String(order))
        } else if let failure = world.backend.carts[id]?.failure {
            members["error"] = .string(failure)
        }
        return .json(200, .object(members))
    }

    // MARK: Cards

    private static func setupIntent(_ fields: CallFields, _ world: World) throws(CallRefusal) -> HTTPReply {
        _ = try fields.required("user")
        if let method = try fields.optional("colletion_method"), method != "manual", method != "terminal" {
            throw .invalid("colletion_method: not a valid choice.")
        }
        let intent = world.stripe.makeSetupIntent()
        return .json(
            200,
            [
                "stripe_setup_intent_id": .string(intent.id), "stripe_publishable_api_key": .string(world.stripe.publishableKey),
                "client_secret": .string(intent.clientSecret),
            ])
    }

    private static func storePaymentMethod(_ fields: CallFields, _ world: inout World) throws(CallRefusal) -> HTTPReply {
        _ = try fields.required("partner")
        let method = try fields.required("payment_method")
        guard method.hasPrefix("pm_") else { throw .invalid("payment_method: not a payment method.") }
        _ = try fields.required("postal_code")
        let number = world.backend.saveBankcard(user: try fields.required("user"), paymentMethod: method)
        return .json(200, ["payment_method": .string(method), "bankcard": .integer(number)])
    }

    // MARK: Terminals

    private static func location(_ fields: CallFields, _ world: World) throws(CallRefusal) -> String {
        let location = try fields.required("location")
        guard location == world.configuration.location else { throw .invalid("location: does not exist.") }
        return location
    }

    private static func register(_ fields: CallFields, _ world: inout World, at now: Int) throws(CallRefusal) -> HTTPReply {
        let location = try location(fields, world)
        let code = try fields.required("registration_code")
        let label = try fields.required("label")
        guard code.split(separator: "-", omittingEmptySubsequences: false).count == 3,
            let index = world.readers.firstIndex(where: { $0.registrationCode == code })
        else { throw .invalid("registration_code: this code is not valid.") }
        try check(label: label, world)
        world.readers[index].registrationCode = nil
        world.readers[index].id = "tmr_" + world.secrets.random(16)
        world.readers[index].label = label
        world.readers[index].location = location
        world.readers[index].listedFrom = now + world.backend.behaviour.registrationDelay
        world.readers[index].machine.isRegistered = true
        return .noContent
    }

    private static func check(label: String, _ world: World) throws(CallRefusal) {
        if world.backend.behaviour.refusesEqualLabels, world.readers.contains(where: { $0.label == label }) {
            throw .invalid("label: already in use at this location.")
        }
    }

    private static func readers(_ fields: CallFields, _ world: World, at now: Int) throws(CallRefusal) -> HTTPReply {
        let location = try location(fields, world)
        return .json(
            200,
            .array(
                world.readers.compactMap { record in
                    guard let id = record.id, record.location == location, record.listedFrom <= now else { return nil }
                    switch record.listedLabel {
                    case .asItIs: return ["terminal_id": .string(id), "label": JSONValue(record.label)]
                    case .empty: return ["terminal_id": .string(id), "label": ""]
                    case .missing: return ["terminal_id": .string(id)]
                    }
                }))
    }

    private static func terminal(_ fields: CallFields, _ world: World) throws(CallRefusal) -> Int {
        let id = try fields.required("terminal_id")
        guard let index = world.readers.firstIndex(where: { $0.id == id }) else { throw .invalid("terminal_id: does not exist.") }
        return index
    }

    private static func update(_ fields: CallFields, _ world: inout World) throws(CallRefusal) -> HTTPReply {
        let index = try terminal(fields, world)
        let label = try fields.required("label")
        try check(label: label, world)
        world.readers[index].label = label
        return .noContent
    }

    private static func deregister(_ fields: CallFields, _ world: inout World) throws(CallRefusal) -> HTTPReply {
        let index = try terminal(fields, world)
        world.readers[index].id = nil
        world.readers[index].label = nil
        world.readers[index].location = nil
        world.readers[index].machine.isRegistered = false
        world.readers[index].machine.release()
        return .noContent
    }
}
