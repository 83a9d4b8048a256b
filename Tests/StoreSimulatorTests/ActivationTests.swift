import JSON
import Testing

@testable import StoreSimulator

@Suite struct ActivationTests {
    @Test func `a connection token is good for one activation`() throws {
        var bench = try ReaderBench()
        let token = bench.stripe.makeToken(cart: "1", at: 0)
        let first = bench.call("activateTerminal", ReaderBench.activation(token: token))
        #expect(first.appCode == "OK")
        #expect(first.content?["livemode"] == false)
        #expect(first.content?["version"]?["client_type"] == "ANDROID_READER")
        let second = bench.call("activateTerminal", ReaderBench.activation(token: token))
        #expect(second.appCode == "AUTHENTICATION_FAILURE")
        #expect(second.error?.isEmpty == false)
        #expect(bench.machine.activations == 1)
        #expect(bench.stripe.tokens[token]?.spentBy == "SIM001")
        #expect(bench.stripe.tokens[token]?.refusedSpends == 1)
    }

    @Test func `unknown and expired tokens are refused`() throws {
        var bench = try ReaderBench()
        #expect(bench.call("activateTerminal", ReaderBench.activation(token: "pst_test_none")).appCode == "AUTHENTICATION_FAILURE")
        let token = bench.stripe.makeToken(cart: "1", at: bench.now)
        bench.stripe.expireTokens()
        #expect(bench.call("activateTerminal", ReaderBench.activation(token: token)).appCode == "UNAUTHORIZED")
        #expect(bench.machine.activations == 0)
    }

    @Test func `an idle reader is taken over, and the old session learns of it`() throws {
        var bench = try ReaderBench()
        bench.activate()
        let old = bench.session
        bench.device = "pos-two"
        #expect(bench.activate(failIfInUse: true).appCode == "OK")
        bench.device = "pos-one"
        bench.session = old
        #expect(bench.call("terminalHeartbeat").appCode == "INVALID_SESSION_TOKEN")
    }

    @Test(arguments: [false, true])
    func `a reader inside a payment is taken over only by force`(isCollected: Bool) throws {
        var bench = try ReaderBench()
        bench.activate()
        _ = bench.call("collectPaymentMethod", ReaderBench.collect(100))
        if isCollected { bench.now += 400 }
        bench.device = "pos-two"
        let refused = bench.activate(failIfInUse: true)
        #expect(refused.appCode == "ILLEGAL_STATE")
        #expect(bench.state() == (isCollected ? "COLLECTED" : "WAITING_CARD"))
        #expect(bench.stripe.tokens.values.allSatisfy { $0.spentAt == nil || $0.spentBy != nil })
        #expect(bench.stripe.tokens.values.filter { $0.spentAt == nil }.count == 1, "a refused takeover spends no token")
        #expect(bench.activate(failIfInUse: false).appCode == "OK")
        #expect(bench.state() == "IDLE")
    }

    @Test func `the same device gets its own reader back`() throws {
        var bench = try ReaderBench()
        bench.activate()
        _ = bench.call("collectPaymentMethod", ReaderBench.collect(100))
        #expect(bench.activate(failIfInUse: true).appCode == "OK")
        #expect(bench.state() == "IDLE")
    }

    @Test func `a takeover does not stop a running authorisation`() throws {
        var bench = try ReaderBench()
        bench.activate()
        let intent = bench.intent(100)
        bench.collectCard(100)
        guard case .authorise(let ticket, _) = bench.send("confirmPayment", ReaderBench.confirm(intent)) else {
            Issue.record("the confirm was refused")
            return
        }
        #expect(bench.activate(failIfInUse: true).appCode == "OK")
        #expect(bench.state() == "AUTHORISING")
        #expect(bench.call("collectPaymentMethod", ReaderBench.collect(100, "tx-2")).appCode == "LOCK_RESOURCES_EXCEPTION")
        _ = bench.machine.completeAuthorisation(ticket, at: bench.now, stripe: &bench.stripe)
        #expect(bench.stripe.intents[intent]?.charges.count == 1)
        #expect(bench.state() == "IDLE")
    }

    @Test func `activation needs Stripe, a registration and an honest message`() throws {
        var bench = try ReaderBench()
        bench.machine.hasInternet = false
        #expect(bench.activate().appCode == "UNREACHABLE_ENDPOINT")
        bench.machine.hasInternet = true
        bench.machine.isRegistered = false
        #expect(bench.activate().appCode == "UNAUTHORIZED")
        bench.machine.isRegistered = true
        #expect(bench.stripe.tokens.values.allSatisfy { $0.spentAt == nil })
        let token = bench.stripe.makeToken(cart: "1", at: 0)
        #expect(bench.call("activateTerminal", ReaderBench.activation(token: token, device: "pos-two")).appCode == "INVALID_REQUEST")
        bench.session = "left over"
        #expect(bench.call("activateTerminal", ReaderBench.activation(token: token)).appCode == "INVALID_REQUEST")
        bench.session = ""
        #expect(bench.call("activateTerminal", ReaderBench.activation(token: "sk_test_1")).appCode == "INVALID_REQUEST")
        #expect(bench.call("activateTerminal", ["pos_activation_token": .string(token)]).appCode == "INVALID_REQUEST")
    }
}
