import JSON
import Testing

@testable import StoreSimulator

@Suite struct ReaderMachineTests {
    @Test func `one payment goes from splash to splash and charges once`() throws {
        var bench = try ReaderBench()
        #expect(bench.activate().appCode == "OK")
        #expect(bench.state() == "IDLE")
        let intent = bench.intent(5600)
        #expect(bench.call("collectPaymentMethod", ReaderBench.collect(5600)).appCode == "OK")
        #expect(bench.state() == "WAITING_CARD")
        let pending = bench.call("queryPaymentMethod", ReaderBench.query())
        #expect(pending.content?["payment_status"] == "PAYMENT_PENDING")
        #expect(pending.content?["payment_method"] == nil)
        bench.now += 399
        #expect(bench.state() == "WAITING_CARD")
        bench.now += 1
        #expect(bench.state() == "COLLECTED")
        let card = bench.call("queryPaymentMethod", ReaderBench.query())
        #expect(card.content?["payment_method"]?["card_payment"]?["card_brand"] == "VISA")

        guard case .authorise(let ticket, let after) = bench.send("confirmPayment", ReaderBench.confirm(intent)) else {
            Issue.record("the confirm was refused")
            return
        }
        #expect(after == 300)
        #expect(bench.state() == "AUTHORISING")
        #expect(bench.stripe.intents[intent]?.charges.isEmpty == true, "nothing is charged before the issuer has answered")
        bench.now += after
        let answer = bench.machine.completeAuthorisation(ticket, at: bench.now, stripe: &bench.stripe)
        #expect(answer?.content?["confirmed_payment_intent"]?["status"] == "succeeded")
        #expect(answer?.content?["confirmed_payment_intent"]?["amount"] == 5600)
        #expect(bench.stripe.intents[intent]?.charges.count == 1)
        #expect(bench.state() == "IDLE")
        #expect(bench.machine.completeAuthorisation(ticket, at: bench.now, stripe: &bench.stripe) == nil)
        #expect(bench.stripe.intents[intent]?.charges.count == 1)
    }

    @Test func `a reader is not collected before it has a session`() throws {
        var bench = try ReaderBench()
        #expect(bench.call("collectPaymentMethod", ReaderBench.collect(100)).appCode == "INVALID_SESSION_TOKEN")
        bench.activate()
        bench.session += "x"
        #expect(bench.call("terminalHeartbeat").appCode == "INVALID_SESSION_TOKEN")
    }

    @Test func `another device cannot use a session that it stole`() throws {
        var bench = try ReaderBench()
        bench.activate()
        bench.device = "pos-two"
        #expect(bench.call("terminalHeartbeat").appCode == "INVALID_SESSION_TOKEN")
    }

    @Test func `a session ends with its lifetime`() throws {
        var bench = try ReaderBench { $0.sessionLifetime = 1000 }
        bench.activate()
        bench.now += 1000
        #expect(bench.call("terminalHeartbeat").appCode == "OK")
        bench.now += 1
        #expect(bench.call("terminalHeartbeat").appCode == "INVALID_SESSION_TOKEN")
    }

    @Test func `display and clear work between payments only`() throws {
        var bench = try ReaderBench()
        bench.activate()
        let cart: JSONValue = [
            "transaction_context": ReaderBench.context(), "type": "cart",
            "cart": ["line_items": [["description": "Mat", "quantity": 1, "amount": 900]], "total": 900, "currency": "usd"],
        ]
        #expect(bench.call("setReaderDisplay", cart).appCode == "OK")
        #expect(bench.state() == "CART")
        #expect(bench.machine.shownTotal == 900)
        #expect(bench.machine.shownLines == ["Mat"])
        #expect(bench.call("clearReaderDisplay", ["transaction_context": ReaderBench.context()]).appCode == "OK")
        #expect(bench.state() == "IDLE")
        #expect(bench.machine.shownTotal == nil)
        #expect(bench.call("clearReaderDisplay").appCode == "OK")
        _ = bench.call("collectPaymentMethod", ReaderBench.collect(100))
        #expect(bench.call("setReaderDisplay", cart).appCode == "ILLEGAL_STATE")
        #expect(bench.state() == "WAITING_CARD")
        #expect(bench.call("clearReaderDisplay").appCode == "OK")
        #expect(bench.state() == "IDLE")
    }

    @Test func `a repeated collect of the same transaction is harmless and another one is refused`() throws {
        var bench = try ReaderBench()
        bench.activate()
        _ = bench.call("collectPaymentMethod", ReaderBench.collect(100))
        bench.now += 300
        #expect(bench.call("collectPaymentMethod", ReaderBench.collect(100)).appCode == "OK")
        bench.now += 100
        #expect(bench.state() == "COLLECTED", "the repeat did not start the customer over")
        #expect(bench.call("collectPaymentMethod", ReaderBench.collect(100)).appCode == "OK")
        #expect(bench.state() == "COLLECTED")
        #expect(bench.call("collectPaymentMethod", ReaderBench.collect(100, "tx-2")).appCode == "ILLEGAL_STATE")
        #expect(bench.call("collectPaymentMethod", ReaderBench.collect(200)).appCode == "ILLEGAL_STATE")
    }

    @Test func `query, cancel and confirm must name the running transaction`() throws {
        var bench = try ReaderBench()
        bench.activate()
        #expect(bench.call("queryPaymentMethod", ReaderBench.query()).appCode == "ILLEGAL_STATE")
        #expect(bench.call("cancelCollectPaymentMethod", ReaderBench.query()).appCode == "ILLEGAL_STATE")
        bench.collectCard(100)
        #expect(bench.call("queryPaymentMethod", ReaderBench.query("tx-9")).appCode == "ILLEGAL_STATE")
        #expect(bench.call("cancelCollectPaymentMethod", ReaderBench.query("tx-9")).appCode == "ILLEGAL_STATE")
        let intent = bench.intent(100)
        #expect(bench.call("confirmPayment", ReaderBench.confirm(intent, "tx-9")).appCode == "ILLEGAL_STATE")
        #expect(bench.state() == "COLLECTED")
        #expect(bench.call("cancelCollectPaymentMethod", ReaderBench.query()).appCode == "OK")
        #expect(bench.state() == "IDLE")
        #expect(bench.call("confirmPayment", ReaderBench.confirm(intent)).appCode == "ILLEGAL_STATE")
        #expect(!bench.machine.violations.isEmpty, "a confirm after a cancel is worth a note")
    }

    @Test func `a confirm before the card is out of order`() throws {
        var bench = try ReaderBench()
        bench.activate()
        let intent = bench.intent(100)
        _ = bench.call("collectPaymentMethod", ReaderBench.collect(100))
        #expect(bench.call("confirmPayment", ReaderBench.confirm(intent)).appCode == "ILLEGAL_STATE")
        #expect(bench.state() == "WAITING_CARD")
    }

    @Test func `nothing but a heartbeat passes while it authorises, and cancel comes too late`() throws {
        var bench = try ReaderBench()
        bench.activate()
        let intent = bench.intent(100)
        bench.collectCard(100)
        _ = bench.send("confirmPayment", ReaderBench.confirm(intent))
        #expect(bench.call("cancelCollectPaymentMethod", ReaderBench.query()).appCode == "ILLEGAL_STATE")
        #expect(bench.call("clearReaderDisplay").appCode == "LOCK_RESOURCES_EXCEPTION")
        #expect(bench.call("collectPaymentMethod", ReaderBench.collect(100)).appCode == "LOCK_RESOURCES_EXCEPTION")
        #expect(bench.call("queryPaymentMethod", ReaderBench.query()).appCode == "LOCK_RESOURCES_EXCEPTION")
        #expect(bench.call("collectReusableCard").appCode == "LOCK_RESOURCES_EXCEPTION")
        #expect(bench.call("terminalHeartbeat").appCode == "OK")
        #expect(bench.state() == "AUTHORISING")
    }

    @Test func `the customer's cancel is told, and told again`() throws {
        var bench = try ReaderBench()
        bench.activate()
        bench.machine.scripts = [CustomerScript(cardAfter: 5000, cancelsAfter: 1000)]
        _ = bench.call("collectPaymentMethod", ReaderBench.collect(100))
        bench.now += 1000
        #expect(bench.call("queryPaymentMethod", ReaderBench.query()).content?["payment_status"] == "PAYMENT_CANCELED")
        #expect(bench.state() == "IDLE")
        #expect(bench.call("queryPaymentMethod", ReaderBench.query()).content?["payment_status"] == "PAYMENT_CANCELED")
        #expect(bench.call("queryPaymentMethod", ReaderBench.query("tx-2")).appCode == "ILLEGAL_STATE")
    }

    @Test func `a customer who never shows a card keeps the reader waiting`() throws {
        var bench = try ReaderBench()
        bench.activate()
        bench.machine.scripts = [CustomerScript(neverPresents: true)]
        _ = bench.call("collectPaymentMethod", ReaderBench.collect(100))
        bench.now += 10_000_000
        #expect(bench.state() == "WAITING_CARD")
    }

    @Test func `a card that was left in stands in the way of the next one`() throws {
        var bench = try ReaderBench()
        bench.activate()
        bench.machine.isCardLeftIn = true
        #expect(bench.call("collectPaymentMethod", ReaderBench.collect(100)).appCode == "LOCK_RESOURCES_EXCEPTION")
        bench.machine.isCardLeftIn = false
        #expect(bench.call("collectPaymentMethod", ReaderBench.collect(100)).appCode == "OK")
    }

    @Test func `a card is saved without a charge, but not a contactless one`() throws {
        var bench = try ReaderBench()
        bench.activate()
        for (entry, isSaved) in [("CHIP_READ", true), ("CONTACTLESS", false)] {
            bench.machine.scripts = [CustomerScript(entry: entry)]
            #expect(bench.call("collectReusableCard").appCode == "OK")
            #expect(bench.call("queryCollectReusableCard").content?["reusable_card_status"] == "REUSABLE_CARD_PENDING")
            bench.now += 400
            let method = bench.call("queryCollectReusableCard").content?["reusable_card_method"]
            #expect(method != nil)
            let answer = bench.call("confirmReusableCard", ["reusable_card_method": method ?? [:]])
            #expect((answer.content?["created_reusuable_card"]?["id"]?.string?.hasPrefix("pm_") ?? false) == isSaved)
            #expect((answer.content?["confirm_error"] == nil) == isSaved)
            #expect(bench.state() == "IDLE")
        }
        #expect(bench.stripe.savedCards.count == 1)
        #expect(bench.call("cancelCollectReusableCard").appCode == "ILLEGAL_STATE")
        #expect(bench.call("confirmReusableCard", ["reusable_card_method": [:]]).appCode == "ILLEGAL_STATE")
    }

    @Test func `a reader that lost its power knows nothing any more`() throws {
        var bench = try ReaderBench()
        bench.activate()
        bench.collectCard(100)
        #expect(bench.machine.powerOff() == nil)
        #expect(bench.state() == "OFFLINE")
        #expect(bench.call("terminalHeartbeat").rpcCode == "SERVER_UNREACHABLE")
        bench.machine.powerOn()
        #expect(bench.state() == "IDLE")
        #expect(bench.call("terminalHeartbeat").appCode == "INVALID_SESSION_TOKEN")
    }

    @Test func `requests of one client may not overlap, and are counted when they do`() throws {
        var bench = try ReaderBench()
        let first = bench.machine.begin(connection: 1, device: "pos-one", method: "queryPaymentMethod")
        #expect(first != nil)
        #expect(bench.machine.begin(connection: 2, device: "pos-one", method: "terminalHeartbeat") == nil)
        #expect(bench.machine.overlaps == 1)
        #expect(bench.machine.begin(connection: 3, device: "pos-two", method: "terminalHeartbeat") != nil, "another client is no overlap")
        bench.machine.end(try #require(first))
        #expect(bench.machine.begin(connection: 4, device: "pos-one", method: "terminalHeartbeat") != nil)
        bench.machine.connectionClosed(4)
        #expect(bench.machine.begin(connection: 5, device: "pos-one", method: "terminalHeartbeat") != nil)
        #expect(bench.machine.overlaps == 1)
    }
}
