import JSON
import Testing

@testable import StoreSimulator

/// What can become of money and of words about it: each world alone, before an agent meets it.
@Suite struct WorldTests {
    private func paid(_ answer: ReaderAnswer?) -> JSONValue? { answer?.content?["confirmed_payment_intent"] }
    private func refused(_ answer: ReaderAnswer?) -> JSONValue? { answer?.content?["decline_response"]?["error"] }

    @Test func `a reader that met its own charge answers a refusal whose intent has succeeded`() throws {
        var bench = try ReaderBench()
        bench.activate()
        bench.machine.scripts = [CustomerScript(outcome: .meetsOwnCharge)]
        let intent = bench.intent(100)
        bench.collectCard(100)
        let answer = bench.confirmToTheEnd(intent)
        #expect(paid(answer) == nil)
        #expect(refused(answer)?["code"] == "payment_intent_unexpected_state")
        #expect(refused(answer)?["payment_intent"]?["status"] == "succeeded")
        #expect(bench.stripe.intents[intent]?.charges.count == 1)
        #expect(IssuerOutcome(text: "meets_own_charge") == .meetsOwnCharge && IssuerOutcome.meetsOwnCharge.text == "meets_own_charge")
    }

    @Test func `a contactless card that is refused goes on within the same confirm`() throws {
        var bench = try ReaderBench()
        bench.activate()
        bench.machine.scripts = [CustomerScript(confirmTakes: 50, refusedFirst: "online_or_offline_pin_required", secondTakes: 15_000)]
        let intent = bench.intent(100)
        bench.collectCard(100)
        guard case .authorise(let ticket, 50) = bench.send("confirmPayment", ReaderBench.confirm(intent)) else {
            Issue.record("the first try takes its own time")
            return
        }
        let second = bench.machine.refuseFirstTry(ticket, at: bench.now, stripe: &bench.stripe)
        #expect(second == 15_000)
        #expect(bench.stripe.intents[intent]?.declines.map(\.code) == ["online_or_offline_pin_required"])
        #expect(bench.stripe.intents[intent]?.status == .requiresPaymentMethod, "Stripe says what it says of any refused card")
        #expect(bench.stripe.takeNews() == [.declined(cart: "1")], "and the backend hears of it")
        #expect(bench.state() == "AUTHORISING")
        let again = bench.machine.refuseFirstTry(ticket, at: bench.now, stripe: &bench.stripe)
        #expect(again == nil, "it is refused once")
        let answer = bench.machine.completeAuthorisation(ticket, at: bench.now, stripe: &bench.stripe)
        #expect(paid(answer)?["status"] == "succeeded")
        #expect(bench.stripe.intents[intent]?.charges.count == 1)
    }

    @Test func `the same device is let in while the reader authorises, and another is refused`() throws {
        var bench = try ReaderBench()
        bench.activate()
        let intent = bench.intent(100)
        bench.collectCard(100)
        guard case .authorise(let ticket, _) = bench.send("confirmPayment", ReaderBench.confirm(intent)) else {
            Issue.record("the confirm was refused")
            return
        }
        bench.device = "pos-second"
        #expect(bench.activate(failIfInUse: true).appCode == "ILLEGAL_STATE", "which proves that it is not idle")
        bench.device = "pos-one"
        #expect(bench.activate(failIfInUse: true).appCode == "OK", "which proves nothing")
        #expect(bench.state() == "AUTHORISING")
        _ = bench.machine.completeAuthorisation(ticket, at: bench.now, stripe: &bench.stripe)
        bench.device = "pos-second"
        #expect(bench.activate(failIfInUse: true).appCode == "OK")
    }

    @Test(arguments: [ReceiptShape.nested, .flat, .none])
    func `a confirmed intent tells its method, its charges and a receipt`(shape: ReceiptShape) throws {
        var bench = try ReaderBench { $0.receipts = shape }
        bench.activate()
        bench.machine.scripts = [CustomerScript(brand: "MASTERCARD", last4: "5100", entry: "CONTACTLESS", tip: 20)]
        let intent = bench.intent(100)
        bench.collectCard(100, tips: [20])
        let told = try #require(paid(bench.confirmToTheEnd(intent)))
        #expect(told["payment_method"]?.string?.hasPrefix("pm_") == true)
        let charge = told["charges"]?["data"]?[0]
        #expect(charge?["amount"] == 120 && charge?["payment_intent"]?.string == intent)
        let card = charge?["payment_method_details"]?["card_present"]
        #expect(card?["brand"] == "mastercard" && card?["last4"] == "5100" && card?["read_method"] == "contactless_emv")
        #expect((card?["receipt"]?["dedicated_file_name"] != nil) == (shape == .nested))
        #expect((card?["dedicated_file_name"] != nil) == (shape == .flat))
    }

    @Test func `a query tells the card alone, or beside a status when so told`() throws {
        for beside in [false, true] {
            var bench = try ReaderBench { $0.statusBesideMethod = beside }
            bench.activate()
            bench.collectCard(100)
            let answer = bench.call("queryPaymentMethod", ReaderBench.query())
            #expect(answer.content?["payment_method"] != nil)
            #expect((answer.content?["payment_status"] == "PAYMENT_PENDING") == beside)
        }
    }

    @Test func `a tip stays on the intent after a decline when so told`() throws {
        for stays in [false, true] {
            var bench = try ReaderBench()
            bench.stripe.behaviour.declineKeepsTip = stays
            bench.activate()
            bench.machine.scripts = [CustomerScript(tip: 200, outcome: .decline("generic_decline"))]
            let intent = bench.intent(1000)
            bench.collectCard(1000, tips: [200])
            _ = bench.confirmToTheEnd(intent)
            #expect(bench.stripe.intents[intent]?.amount == (stays ? 1200 : 1000))
            // What the reader shows next has to be what will be charged.
            let shown = stays ? 1200 : 1000
            bench.collectCard(shown, "tx-2")
            #expect(paid(bench.confirmToTheEnd(intent, "tx-2"))?["amount"]?.int == shown)
        }
    }

    @Test func `an amount that was changed at Stripe is charged as it stands there, whatever the reader showed`() throws {
        var bench = try ReaderBench()
        bench.activate()
        let intent = bench.intent(5678)
        let isChanged = bench.stripe.change(intent, amount: 8000)
        #expect(isChanged)
        bench.collectCard(5678)
        let told = paid(bench.confirmToTheEnd(intent))
        #expect(told?["amount"] == 8000 && told?["amount_received"] == 8000)
        let isChangedLater = bench.stripe.change(intent, amount: 1)
        #expect(!isChangedLater, "a charged intent stands")
    }

    @Test func `an issuer that authorises a part says so in the charge and in what was received`() throws {
        var bench = try ReaderBench()
        bench.activate()
        bench.machine.scripts = [CustomerScript(authorises: 3000)]
        let intent = bench.intent(5678)
        bench.collectCard(5678)
        let told = paid(bench.confirmToTheEnd(intent))
        #expect(told?["amount"] == 5678 && told?["amount_received"] == 3000)
        #expect(told?["charges"]?["data"]?[0]?["amount"] == 3000)
        #expect(bench.stripe.intents[intent]?.charges.map(\.amount) == [3000])
    }

    @Test func `a typed card waits for the bank's app, and is charged or declined`() throws {
        var bench = try ReaderBench()
        let form = bench.stripe.makeIntent(cart: "1", amount: 100, isForReader: false, manualCapture: false, at: 0).id
        let began = bench.stripe.beginAction(form)
        #expect(began && bench.stripe.intents[form]?.status == .requiresAction)
        let beganForReader = bench.stripe.beginAction(bench.intent(100))
        #expect(!beganForReader, "a reader's intent has no form")
        let charge = bench.stripe.charge(form, tip: 0, reader: nil, processing: false, at: 5)
        #expect(charge?.amount == 100 && bench.stripe.intents[form]?.status == .succeeded)
    }

    @Test func `what is held or on its way can be let go, and then it was no money`() throws {
        var bench = try ReaderBench()
        bench.activate()
        bench.machine.scripts = [CustomerScript(outcome: .processing)]
        let intent = bench.intent(100)
        bench.collectCard(100)
        _ = bench.confirmToTheEnd(intent)
        _ = bench.stripe.takeNews()
        let isBack = bench.stripe.letGo(intent, to: .requiresPaymentMethod)
        #expect(isBack && bench.stripe.intents[intent]?.isCharged == false)
        #expect(bench.stripe.takeNews() == [.returned(cart: "1")])
        bench.collectCard(100, "tx-2")
        #expect(paid(bench.confirmToTheEnd(intent, "tx-2"))?["status"] == "succeeded", "it takes a card again")
        let isTakenBack = bench.stripe.letGo(intent, to: .canceled)
        #expect(!isTakenBack, "money that has moved stays")
    }

    @Test(arguments: [
        ("123 ", "123", true, false, false), (" 0127", "127", true, false, true), ("AB-1", "ab-1", false, true, false),
        ("AB-1", "AB-1", false, false, false), ("00", "0", false, false, true), ("0x7", "0x7", false, false, true),
    ])
    func `a backend reads a cart's id in its own way`(
        written: String, read: String, trims: Bool, folds: Bool, numbers: Bool
    ) throws {
        var behaviour = BackendBehaviour()
        behaviour.trimsCarts = trims
        behaviour.foldsCartCase = folds
        behaviour.readsCartNumbers = numbers
        let backend = BackendState(behaviour: behaviour, token: "t", secrets: try SecretMaker(marker: nil))
        #expect(backend.reading(written) == read)
    }

    @Test func `the Failed of a refused try stands for a while after the charge, and the order comes then`() throws {
        var behaviour = BackendBehaviour()
        behaviour.declineLeavesFailed = true
        behaviour.failedStands = 1500
        var backend = BackendState(behaviour: behaviour, token: "t", secrets: try SecretMaker(marker: nil))
        backend.noteDecline(cart: "1", message: "Your card was declined.")
        #expect(backend.status(ofCart: "1") == "Failed")
        backend.noteCharge(cart: "1", at: 1000)
        _ = backend.settle(at: 2400)
        #expect(backend.status(ofCart: "1") == "Failed", "it has not heard yet")
        _ = backend.settle(at: 2500)
        #expect(backend.status(ofCart: "1") == "Submitted" && backend.carts["1"]?.failure == nil)
    }
}

extension OverTheWire {
    @Suite struct WorldControlTests {
        @Test func `every world is to be had by the control route`() async throws {
            try await StoreBench.with {
                $0.backend.manualCapture = true
            } _: { bench async throws in
                let control = try ControlClient(directory: bench.store.directory)
                try await control.post("reader", ["event": "listed_label", "how": "missing"])
                let list = try bench.json(try await bench.backend("terminal_readers", ["location": "48717"]))
                #expect(list[0]?["terminal_id"] != nil && list[0]?["label"] == nil)
                try await control.post("reader", ["event": "listed_label", "how": "empty"])
                #expect(try bench.json(try await bench.backend("terminal_readers", ["location": "48717"]))[0]?["label"] == "")

                try await control.post(
                    "backend", ["event": "behave", "trims_carts": true, "folds_cart_case": true, "order_delay": 60_000])
                let intent = try await bench.intent(cart: " AB-1 ")
                #expect(bench.store.ledger().intents(cart: "ab-1").map(\.id) == [intent.id])

                let form = try await bench.intent(cart: "f", type: "card")
                try await control.post("stripe", ["event": "begin_action", "intent": .string(form.id)])
                #expect(bench.store.ledger().intents(cart: "f").map(\.status) == ["requires_action"])
                try await control.post("stripe", ["event": "decline_form", "intent": .string(form.id)])
                #expect(bench.store.ledger().intents(cart: "f").map(\.status) == ["requires_payment_method"])
                try await control.post("stripe", ["event": "change_amount", "intent": .string(form.id), "amount": 8000])
                #expect(bench.store.ledger().intents(cart: "f").map(\.amount) == [8000])

                try await control.post("reader", ["event": "answers", "shapes": "int64_text,enum_numbers,old"])
                var told: Set<AnswerShape> = []
                try bench.store.behave(reader: nil) { told = $0.answers }
                #expect(told == [.int64Text, .enumNumbers, .old])
                await #expect(throws: SimulatorError.self) {
                    try await control.post("reader", ["event": "answers", "shapes": "int64_text,loud"])
                }
                try await control.post("reader", ["event": "answers", "shapes": "modern"])
                try bench.store.behave(reader: nil) { told = $0.answers }
                #expect(told == [.modern])

                let session = try await bench.activate()
                let answer = try await bench.pay(cart: "h", session: session)
                let held = try #require(answer.content?["confirmed_payment_intent"]?["id"]?.string)
                #expect(bench.store.ledger().totalTaken(cart: "h") == 5600)
                try await control.post("stripe", ["event": "cancel_intent", "intent": .string(held)])
                #expect(bench.store.ledger().totalTaken(cart: "h") == 0)
                #expect(bench.store.ledger().intents(cart: "h").map(\.status) == ["canceled"])
                await #expect(throws: SimulatorError.self) {
                    try await control.post("stripe", ["event": "processing_fails", "intent": .string(held)])
                }
                await #expect(throws: SimulatorError.self) { try await control.post("backend", ["event": "behave", "sulks": true]) }
            }
        }

        @Test func `a reader that is cut off the LAN goes on charging, and nobody reaches it until it is back`() async throws {
            try await StoreBench.with {
                $0.backend.declineLeavesFailed = true
            } _: { bench async throws in
                let control = try ControlClient(directory: bench.store.directory)
                try await control.script(CustomerScript(confirmTakes: 10, refusedFirst: "pin_required", secondTakes: 700))
                let session = try await bench.activate()
                let isLost = try await bench.abandon {
                    _ = try await bench.pay(cart: "1", session: session)
                } once: {
                    $0.intents(cart: "1").contains { $0.declines.count == 1 }
                }
                #expect(isLost)
                try await control.post("reader", ["event": "link_down"])
                #expect(try await bench.status(cart: "1")["status"] == "Failed")
                await #expect(throws: (any Error).self) { try await bench.post("terminalHeartbeat", [:]) }
                #expect(try await bench.store.waitUntil { $0.totalTaken(cart: "1") == 5600 })
                #expect(try await bench.store.waitUntil { $0.cart("1")?.status == "Submitted" })
                try await control.post("reader", ["event": "link_up"])
                #expect(try await bench.post("terminalHeartbeat", [:]).status == 200)
            }
        }
    }
}
