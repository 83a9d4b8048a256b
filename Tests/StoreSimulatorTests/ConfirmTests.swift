import JSON
import Testing

@testable import StoreSimulator

@Suite struct ConfirmTests {
    @Test(
        arguments: [
            (5600, nil), (101, "call_issuer"), (105, "generic_decline"), (155, "incorrect_pin"), (165, "withdrawal_count_limit_exceeded"),
            (175, "pin_try_exceeded"), (1234, nil),
        ] as [(Int, String?)])
    func `the issuer goes by the last two digits`(amount: Int, code: String?) throws {
        var bench = try ReaderBench()
        bench.activate()
        let intent = bench.intent(amount)
        bench.collectCard(amount)
        let ended = bench.confirmToTheEnd(intent)
        let answer = try #require(ended)
        #expect(answer.appCode == "OK")
        #expect(answer.content?["decline_response"]?["error"]?["decline_code"]?.string == code)
        #expect((answer.content?["confirmed_payment_intent"] != nil) == (code == nil))
        #expect(bench.stripe.intents[intent]?.charges.count == (code == nil ? 1 : 0))
        if let code {
            #expect(answer.content?["decline_response"]?["error"]?["payment_intent"]?["status"] == "requires_payment_method")
            #expect(bench.stripe.intents[intent]?.declines.map(\.code) == [code])
        }
    }

    @Test func `a PIN lengthens the confirm`() throws {
        var bench = try ReaderBench()
        bench.activate()
        let intent = bench.intent(102)
        bench.collectCard(102)
        guard case .authorise(_, let after) = bench.send("confirmPayment", ReaderBench.confirm(intent)) else {
            Issue.record("the confirm was refused")
            return
        }
        #expect(after == 1100)
    }

    @Test(arguments: [false, true])
    func `a charged intent is refused and never charged again`(carriesIntent: Bool) throws {
        var bench = try ReaderBench { $0.refusalCarriesIntent = carriesIntent }
        bench.activate()
        let intent = bench.intent(100)
        bench.collectCard(100)
        _ = bench.confirmToTheEnd(intent)
        bench.collectCard(100, "tx-2")
        let again = bench.call("confirmPayment", ReaderBench.confirm(intent, "tx-2"))
        #expect(again.appCode == "OK")
        if carriesIntent {
            #expect(again.content?["decline_response"]?["error"]?["code"] == "payment_intent_unexpected_state")
            #expect(again.content?["decline_response"]?["error"]?["payment_intent"]?["status"] == "succeeded")
        } else {
            #expect(again.content?["confirm_error"]?["code"] == "payment_intent_unexpected_state")
        }
        #expect(bench.stripe.intents[intent]?.charges.count == 1)
        #expect(bench.state() == "IDLE")
    }

    @Test func `two readers that confirm one intent at the same time charge it once`() throws {
        var bench = try ReaderBench()
        var other = try ReaderBench()
        bench.activate()
        let intent = bench.intent(100)
        bench.collectCard(100)
        other.stripe = bench.stripe
        other.activate()
        other.collectCard(100)
        guard case .authorise(let first, _) = bench.send("confirmPayment", ReaderBench.confirm(intent)),
            case .authorise(let second, _) = other.send("confirmPayment", ReaderBench.confirm(intent))
        else {
            Issue.record("a confirm was refused")
            return
        }
        _ = bench.machine.completeAuthorisation(first, at: bench.now, stripe: &bench.stripe)
        let late = other.machine.completeAuthorisation(second, at: other.now, stripe: &bench.stripe)
        #expect(late?.content?["confirm_error"]?["code"] == "payment_intent_unexpected_state")
        #expect(bench.stripe.intents[intent]?.charges.count == 1)
    }

    @Test func `an intent of another amount, currency or kind is refused`() throws {
        var bench = try ReaderBench()
        bench.activate()
        let wrongAmount = bench.intent(200)
        let form = bench.stripe.makeIntent(cart: "1", amount: 100, isForReader: false, manualCapture: false, at: 0).id
        for (intent, code) in [
            (wrongAmount, "amount_mismatch"), (form, "payment_intent_invalid_parameter"), ("pi_none", "resource_missing"),
        ] {
            bench.collectCard(100)
            #expect(bench.call("confirmPayment", ReaderBench.confirm(intent)).content?["confirm_error"]?["code"]?.string == code)
            #expect(bench.state() == "IDLE")
        }
        #expect(bench.stripe.intents.values.allSatisfy { !$0.isCharged })
    }

    @Test func `a canceled intent is refused`() throws {
        var bench = try ReaderBench()
        bench.activate()
        let intent = bench.intent(100)
        bench.stripe.setStatus(.canceled, ofIntent: intent)
        bench.collectCard(100)
        let answer = bench.call("confirmPayment", ReaderBench.confirm(intent))
        #expect(answer.content?["confirm_error"]?["code"] == "payment_intent_unexpected_state")
    }

    @Test func `a tip is added when one was offered, and only then`() throws {
        var bench = try ReaderBench()
        bench.activate()
        for (tips, expected) in [([100, 200], 1200), (nil, 1000)] as [([Int]?, Int)] {
            bench.machine.scripts = [CustomerScript(tip: 200)]
            let intent = bench.intent(1000)
            bench.collectCard(1000, tips: tips)
            let answer = bench.confirmToTheEnd(intent)
            #expect(answer?.content?["confirmed_payment_intent"]?["amount"] == .integer(expected))
            #expect(bench.stripe.intents[intent]?.charges.first?.amount == expected)
        }
    }

    @Test func `after trouble on the way the same card can be confirmed again`() throws {
        var bench = try ReaderBench()
        bench.activate()
        bench.machine.scripts = [CustomerScript(outcome: .requiresConfirmation)]
        let intent = bench.intent(100)
        bench.collectCard(100)
        let first = bench.confirmToTheEnd(intent)
        #expect(first?.content?["decline_response"]?["error"]?["payment_intent"]?["status"] == "requires_confirmation")
        #expect(bench.state() == "COLLECTED")
        let second = bench.confirmToTheEnd(intent)
        #expect(second?.content?["confirmed_payment_intent"]?["status"] == "succeeded")
        #expect(bench.stripe.intents[intent]?.charges.count == 1)
    }

    @Test(arguments: [false, true])
    func `an unknown end names no intent, whether the money moved or not`(charged: Bool) throws {
        var bench = try ReaderBench()
        bench.activate()
        bench.machine.scripts = [CustomerScript(outcome: .unknown(charged: charged))]
        let intent = bench.intent(100)
        bench.collectCard(100)
        let answer = bench.confirmToTheEnd(intent)
        #expect(answer?.content?["confirm_error"]?["code"] == "api_connection_error")
        #expect(bench.stripe.intents[intent]?.charges.count == (charged ? 1 : 0))
    }

    @Test func `money on its way is captured later`() throws {
        var bench = try ReaderBench()
        bench.activate()
        bench.machine.scripts = [CustomerScript(outcome: .processing)]
        let intent = bench.intent(100)
        bench.collectCard(100)
        let answer = bench.confirmToTheEnd(intent)
        #expect(answer?.content?["confirmed_payment_intent"]?["status"] == "processing")
        #expect(bench.stripe.intents[intent]?.charges.first?.captured == false)
        bench.stripe.capture(intent)
        #expect(bench.stripe.intents[intent]?.status == .succeeded)
        #expect(bench.stripe.intents[intent]?.charges.first?.captured == true)
    }

    @Test func `a reader without Stripe charges nothing`() throws {
        var bench = try ReaderBench()
        bench.activate()
        let intent = bench.intent(100)
        bench.collectCard(100)
        bench.machine.hasInternet = false
        let answer = bench.confirmToTheEnd(intent)
        #expect(answer?.content?["confirm_error"]?["code"] == "api_connection_error")
        #expect(answer?.content?["system_context"]?["connectivity_status"] == "OFFLINE")
        #expect(bench.stripe.intents[intent]?.isCharged == false)
    }

    @Test func `a reader that loses its power in mid-authorisation says nothing more`() throws {
        var bench = try ReaderBench()
        bench.activate()
        let intent = bench.intent(100)
        bench.collectCard(100)
        guard case .authorise(let ticket, _) = bench.send("confirmPayment", ReaderBench.confirm(intent)) else {
            Issue.record("the confirm was refused")
            return
        }
        let running = bench.machine.powerOff()
        #expect(running?.intent == intent)
        #expect(bench.machine.completeAuthorisation(ticket, at: bench.now, stripe: &bench.stripe) == nil)
        #expect(bench.stripe.intents[intent]?.isCharged == false)
    }
}
