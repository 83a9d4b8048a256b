import JSON

/// One order of the control route other than a fault or a script: an event and its parameters.
struct ControlOrder {
    private let members: JSONValue

    init(_ members: JSONValue) { self.members = members }

    private var reader: String? { members["reader"]?.string }
    private var milliseconds: Int? { members["milliseconds"]?.int }

    private func required(_ key: String) throws(SimulatorError) -> String {
        guard let text = members[key]?.string else { throw SimulatorError("\(key) is missing") }
        return text
    }

    private func flag(_ key: String) -> Bool { members[key]?.bool ?? false }

    /// Carries the order out.
    ///
    /// - Returns: the control route's answer.
    func carryOut(_ subject: String, _ store: SimulatedStore) async throws -> JSONValue {
        switch subject {
        case "clear":
            store.clearFaults(members["call"]?.string)
            if flag("scripts") { store.clearScripts() }
        case "reader": return try await readerEvent(store)
        case "backend": return try await backendEvent(store)
        case "stripe": try await stripeEvent(store)
        case "preset":
            let name = try required("name")
            guard let preset = Preset(rawValue: name) else {
                throw SimulatorError("no such preset; there are \(Preset.allCases.map(\.rawValue).joined(separator: ", "))")
            }
            try await preset.apply(to: store, reader: reader)
        default: throw SimulatorError("no such control")
        }
        return ["done": true]
    }

    private func readerEvent(_ store: SimulatedStore) async throws -> JSONValue {
        switch try required("event") {
        case "reboot":
            try await store.reboot(reader: reader, downFor: milliseconds ?? 1000, finishesAuthorisation: flag("finishes_authorisation"))
        case "power_off": try await store.powerOff(reader: reader, finishesAuthorisation: flag("finishes_authorisation"))
        case "power_on": try await store.powerOn(reader: reader)
        case "move":
            try await store.move(
                reader: reader, to: members["address"]?.string, listedAfter: flag("never_listed") ? nil : milliseconds ?? 0)
        case "take_over":
            try store.takeOver(reader: reader, device: members["device"]?.string ?? "pos-other", collects: flag("collects"))
        case "release": try store.release(reader: reader)
        case "internet_off": try store.setInternet(false, reader: reader)
        case "internet_on": try store.setInternet(true, reader: reader)
        case "card_left_in": try store.setCardLeftIn(true, reader: reader)
        case "card_removed": try store.setCardLeftIn(false, reader: reader)
        case "link_down": try await store.setLink(false, reader: reader)
        case "link_up": try await store.setLink(true, reader: reader)
        case "answers":
            let shapes = try AnswerShape.read([try required("shapes")])
            try store.behave(reader: reader) { $0.answers = shapes }
        case "certificate":
            guard let kind = members["flaw"]?.string else {
                try await store.setCertificate(nil, reader: reader)
                break
            }
            guard let flaw = CertificateFlaw(rawValue: kind) else {
                throw SimulatorError("no such flaw; there are \(CertificateFlaw.allCases.map(\.rawValue).joined(separator: ", "))")
            }
            try await store.setCertificate(flaw, reader: reader)
        case "listed_label":
            let name = try required("how")
            guard let how = ListedLabel(rawValue: name) else {
                throw SimulatorError("no such way; there are \(ListedLabel.allCases.map(\.rawValue).joined(separator: ", "))")
            }
            try store.listLabel(how, reader: reader)
        case "listed_status": try store.setListedStatus(members["status"]?.string, reader: reader)
        case "pairing_code": return ["registration_code": .string(try store.newRegistrationCode(reader: try required("reader")))]
        default: throw SimulatorError("no such event of a reader")
        }
        return ["done": true]
    }

    private func backendEvent(_ store: SimulatedStore) async throws -> JSONValue {
        switch try required("event") {
        case "outage": await store.beginOutage(.backend)
        case "recovery": store.endOutage(.backend)
        case "refuse": store.refuseEveryone(members["status"]?.int ?? 401)
        case "accept": store.refuseEveryone(nil)
        case "new_token": try store.changeToken()
        case "revoke_tokens": store.revokeTokens()
        case "order_fails": store.failOrder(cart: try required("cart"), error: members["error"]?.string ?? "Out of stock.")
        case "order_succeeds": store.failOrder(cart: try required("cart"), error: nil)
        case "behave": try behave(store)
        default: throw SimulatorError("no such event of the backend")
        }
        return ["done": true]
    }

    private func stripeEvent(_ store: SimulatedStore) async throws {
        switch try required("event") {
        case "outage": await store.beginOutage(.stripe)
        case "recovery": store.endOutage(.stripe)
        case "expire_tokens": store.expireConnectionTokens()
        case "pay_with_form":
            guard store.payWithForm(intent: try required("intent")) != nil else { throw SimulatorError("this intent cannot be charged") }
        case "cancel_intent":
            guard store.cancelIntent(try required("intent")) else { throw SimulatorError("this intent cannot be canceled") }
        case "change_amount":
            guard let amount = members["amount"]?.int else { throw SimulatorError("amount is missing, in minor units") }
            guard store.changeIntent(try required("intent"), amount: amount) else { throw SimulatorError("this intent cannot be changed") }
        case "begin_action":
            guard store.beginAction(intent: try required("intent")) else { throw SimulatorError("no card is typed in for this intent") }
        case "decline_form":
            guard store.declineForm(intent: try required("intent"), code: members["code"]?.string ?? "generic_decline") else {
                throw SimulatorError("no card is typed in for this intent")
            }
        case "processing_fails":
            guard store.failProcessing(intent: try required("intent")) else { throw SimulatorError("this intent is not processing") }
        case "tip_stays": store.behave(stripe: { $0.declineKeepsTip = true })
        case "tip_goes": store.behave(stripe: { $0.declineKeepsTip = false })
        default: throw SimulatorError("no such event of Stripe")
        }
    }

    /// Changes how the backend behaves from now on, in every field that the order names.
    private func behave(_ store: SimulatedStore) throws {
        let flags: [String: any WritableKeyPath<BackendBehaviour, Bool> & Sendable] = [
            "trims_carts": \.trimsCarts, "folds_cart_case": \.foldsCartCase, "reads_cart_numbers": \.readsCartNumbers,
            "decline_leaves_failed": \.declineLeavesFailed, "repeat_returns_same_intent": \.repeatReturnsSameIntent,
        ]
        let times: [String: any WritableKeyPath<BackendBehaviour, Int> & Sendable] = [
            "failed_stands": \.failedStands, "order_delay": \.orderDelay, "clock_ahead": \.clockAhead,
        ]
        let named = (members.object ?? [:]).filter { $0.name != "event" && !$0.value.isNull }
        guard !named.isEmpty else { throw SimulatorError("nothing is named") }
        for (name, value) in named.sorted(by: { $0.name < $1.name }) {
            if let path = flags[name], let flag = value.bool {
                store.behave(backend: { $0[keyPath: path] = flag })
            } else if let path = times[name], let time = value.int, time >= 0 {
                store.behave(backend: { $0[keyPath: path] = time })
            } else {
                let known = (Array(flags.keys) + Array(times.keys)).sorted().joined(separator: ", ")
                throw SimulatorError("\(name): no such way to behave, or not so; there are \(known)")
            }
        }
    }
}

/// A situation under one word, for demonstrations.
package enum Preset: String, Sendable, CaseIterable {
    /// Everything is as usual again.
    case calm
    /// The next card is declined.
    case decline
    /// The next customer cancels after two seconds.
    case cancel
    /// The next customer never shows a card.
    case noCard = "no-card"
    /// The next customer must enter a PIN.
    case pin
    /// The answer to the next confirm is lost after the money was taken.
    case lostConfirm = "lost-confirm"
    /// Every answer of the backend takes two seconds.
    case slowBackend = "slow-backend"
    /// The backend cannot be reached.
    case outage
    /// Another point of sale is taking a payment on the reader.
    case busy
    /// The reader restarts and is gone for five seconds.
    case reboot

    func apply(to store: SimulatedStore, reader: String?) async throws {
        switch self {
        case .calm:
            store.clearFaults()
            store.clearScripts()
            store.refuseEveryone(nil)
        case .decline: try store.script(CustomerScript(outcome: .decline("generic_decline")), reader: reader)
        case .cancel: try store.script(CustomerScript(cancelsAfter: 2000, neverPresents: true), reader: reader)
        case .noCard: try store.script(CustomerScript(neverPresents: true), reader: reader)
        case .pin: try store.script(CustomerScript(pin: true), reader: reader)
        case .lostConfirm: store.fault(Fault("reader.confirmPayment", .loseAnswer, reader: reader))
        case .slowBackend: store.fault(Fault("backend.*", .delayAnswer(milliseconds: 2000), times: nil))
        case .outage: await store.beginOutage(.backend)
        case .busy: try store.takeOver(reader: reader, collects: true)
        case .reboot: try await store.reboot(reader: reader, downFor: 5000)
        }
    }
}
