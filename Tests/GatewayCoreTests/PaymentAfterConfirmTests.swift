import GatewayCore
import Testing

@Suite struct PaymentAfterConfirmTests {
    private func approved(_ amount: Int64 = 5678) -> ReaderReply {
        .confirmed(
            ConfirmAnswer(
                field: .confirmed, intent: PaymentFixture.intent, status: .requiresCapture, amountMinor: amount,
                currency: PaymentFixture.usd))
    }

    @Test func `the confirm is sent only after confirming is on disk`() throws {
        var payment = try PaymentFixture()
        let actions = payment.readCard()
        #expect(actions.commands == [])
        guard case .begun(.writeConfirming(let written))? = actions.last else {
            Issue.record("confirming was not written")
            return
        }
        #expect(written.confirmingAt != nil)
        #expect(written.money == .unknown)
        #expect(payment.machine.confirmingWritten(at: payment.now).commands == ["confirmPayment"])
    }

    @Test func `a full disk means that nothing is confirmed`() throws {
        var payment = try PaymentFixture()
        _ = payment.readCard()
        #expect(payment.machine.confirmingFailed(at: payment.now).commands == ["cancelCollectPaymentMethod"])
        _ = payment.answer(payment.cancelCollect)
        #expect(payment.record.failure?.code == .journalUnavailable)
        #expect(payment.record.money == .notTaken)
        #expect(payment.record.confirmingAt == nil)
    }

    @Test func `an approval goes on to the order, and only the order says taken`() throws {
        var payment = try PaymentFixture()
        _ = payment.send()
        let actions = payment.answer(payment.confirm(), approved())
        #expect(actions.contains(.release(.idle)))
        #expect(payment.record.state == .finishing)
        #expect(payment.record.money == .unknown)
        payment.later(250)
        #expect(payment.machine.tick(at: payment.now).contains(.askStatus))
        _ = payment.machine.status(.open, at: payment.now)
        _ = payment.machine.status(.submitted(order: OrderID(unchecked: "8812")), at: payment.now)
        #expect(payment.record.state == .succeeded)
        #expect(payment.record.money == .taken)
        #expect(payment.record.order?.text == "8812")
    }

    @Test func `a decline ends it, not taken`() throws {
        var payment = try PaymentFixture()
        _ = payment.send(tip: 100)
        let answer = ConfirmAnswer(
            field: .declined, intent: PaymentFixture.intent, status: .requiresPaymentMethod, code: "card_declined",
            declineCode: "generic_decline")
        let actions = payment.answer(payment.confirm(tip: 100), .confirmed(answer))
        #expect(payment.record.state == .declined)
        #expect(payment.record.money == .notTaken)
        #expect(payment.record.failure?.declineCode == "generic_decline")
        #expect(payment.record.tipMinor == 0)
        #expect(actions.contains(.intentNotCharged))
    }

    @Test func `a cancel after confirming changes nothing but the mark`() throws {
        var payment = try PaymentFixture()
        _ = payment.readCard()
        #expect(payment.machine.confirmingWritten(at: payment.now).commands == ["confirmPayment"])
        #expect(payment.machine.cancel(at: payment.now).commands == [])
        _ = payment.answer(payment.confirm(), approved())
        #expect(payment.record.state == .finishing)
        #expect(payment.record.cancelRequested)
    }

    @Test(arguments: [
        ReaderFailure.lost(detail: "no answer"), .rpc(.timeout, detail: ""), .rpc(.other("ODD"), detail: ""),
        .app(.illegalState, detail: ""),
        .app(.invalidSessionToken, detail: ""), .invalidAnswer(detail: "not JSON"),
    ])
    func `every odd answer to a confirm is unknown, never a decline`(failure: ReaderFailure) throws {
        var payment = try PaymentFixture()
        _ = payment.send()
        let actions = payment.fail(payment.confirm(), failure)
        #expect(payment.record.state == .unresolved)
        #expect(payment.record.money == .unknown)
        #expect(actions.contains(.release(.unknown)))
    }

    @Test func `a confirm that was never sent cannot have charged`() throws {
        var payment = try PaymentFixture()
        _ = payment.send()
        _ = payment.fail(payment.confirm(), .unreachable(detail: "connection refused"))
        #expect(payment.record.failure?.code == .readerLost)
        #expect(payment.record.money == .notTaken)
    }

    @Test func `an answer about another intent is unknown`() throws {
        var payment = try PaymentFixture()
        _ = payment.send()
        _ = payment.answer(
            payment.confirm(), .confirmed(ConfirmAnswer(field: .confirmed, intent: IntentID(unchecked: "pi_other"), status: .succeeded)))
        #expect(payment.record.state == .unresolved)
    }

    @Test func `requires_confirmation is confirmed once more, with the same intent`() throws {
        var payment = try PaymentFixture()
        _ = payment.send()
        let again = ReaderReply.confirmed(ConfirmAnswer(field: .error, intent: PaymentFixture.intent, status: .requiresConfirmation))
        #expect(payment.answer(payment.confirm(), again).commands == ["confirmPayment"])
        #expect(payment.answer(payment.confirm(), again).commands == [])
        #expect(payment.record.state == .unresolved)
    }

    @Test func `a failed that stood before the confirm is old news until it has stood for half a minute`() throws {
        var payment = try PaymentFixture()
        _ = payment.grant()
        _ = payment.machine.sessionReady(at: payment.now)
        _ = payment.machine.baseline(.failed(error: "declined before"), at: payment.now)
        _ = payment.machine.intentReady(PaymentFixture.facts(), key: PaymentFixture.key, at: payment.now)
        _ = payment.answer(payment.collect)
        _ = payment.answer(payment.query, .card(PaymentFixture.card()))
        _ = payment.machine.confirmingWritten(at: payment.now)
        _ = payment.answer(payment.confirm(), approved())
        payment.later(300)
        _ = payment.machine.status(.failed(error: "declined before"), at: payment.now)
        #expect(payment.record.state == .finishing)
        payment.later(30_000)
        _ = payment.machine.status(.failed(error: "out of stock"), at: payment.now)
        #expect(payment.record.state == .failed)
        #expect(payment.record.failure?.code == .orderFailed)
        #expect(payment.record.money == .authorized)
    }

    @Test func `a backend that does not decide makes it unresolved, and it is asked about for as long as it takes`() throws {
        var payment = try PaymentFixture()
        _ = payment.send()
        _ = payment.answer(payment.confirm(), approved())
        var asked = 0
        for _ in 0..<2_000 {
            guard let wake = payment.machine.nextWake else { break }
            payment.later(max(0, wake - payment.now.mono))
            if payment.machine.tick(at: payment.now).contains(.askStatus) {
                asked += 1
                _ = payment.machine.status(nil, at: payment.now)
            }
        }
        #expect(payment.record.state == .unresolved)
        #expect(payment.now.mono > 5 * 86_400_000)
        #expect(asked > 1_000)
        _ = payment.machine.status(.submitted(order: nil), at: payment.now)
        #expect(payment.record.state == .succeeded)
    }

    @Test func `not charged is believed only after the window and with the reader seen idle`() throws {
        var payment = try PaymentFixture()
        _ = payment.send()
        _ = payment.fail(payment.confirm(), .lost(detail: "no answer"))
        _ = payment.machine.readerSeenIdle(at: payment.now)
        payment.later(100_000)
        _ = payment.machine.intent(.status(.requiresPaymentMethod), at: payment.now)
        #expect(payment.record.state == .unresolved)
        payment.later(80_001)
        #expect(payment.machine.intent(.status(.requiresPaymentMethod), at: payment.now).contains(.proveIdle))
        #expect(payment.record.state == .unresolved)
        #expect(payment.machine.readerSeenIdle(at: payment.now) == [.readIntent])
        _ = payment.machine.intent(.status(.requiresPaymentMethod), at: payment.now)
        #expect(payment.record.state == .failed)
        #expect(payment.record.money == .notTaken)
    }

    @Test func `without the client secret there is no negative evidence`() throws {
        var payment = try PaymentFixture()
        _ = payment.send()
        _ = payment.fail(payment.confirm(), .lost(detail: "no answer"))
        payment.later(200_000)
        _ = payment.machine.readerSeenIdle(at: payment.now)
        _ = payment.machine.intent(.noSecret, at: payment.now)
        _ = payment.machine.status(.open, at: payment.now)
        #expect(payment.record.state == .unresolved)
    }

    @Test func `Stripe saying paid leads on to the order`() throws {
        var payment = try PaymentFixture()
        _ = payment.send()
        _ = payment.fail(payment.confirm(), .lost(detail: "no answer"))
        _ = payment.machine.intent(.status(.succeeded), at: payment.now)
        #expect(payment.record.state == .finishing)
        #expect(payment.record.authorized)
    }

    @Test func `a refusal for the intent's state, with an earlier attempt open, points at that one`() throws {
        var payment = try PaymentFixture(older: PaymentID(unchecked: "p0"))
        _ = payment.send()
        let refusal = ConfirmAnswer(field: .error, code: "payment_intent_unexpected_state")
        let actions = payment.answer(payment.confirm(), .confirmed(refusal))
        #expect(actions.contains(.alreadyCharged(proven: false)))
        #expect(payment.record.failure?.code == .cartPaid)
        #expect(payment.record.failure?.paidBy?.text == "p0")
    }

    @Test func `after a restart what was not confirmed ends, and what was confirmed is unresolved`() throws {
        var early = try PaymentFixture()
        _ = early.machine.recover(at: early.now)
        #expect(early.record.failure?.code == .agentRestarted)
        #expect(early.record.money == .notTaken)

        var late = try PaymentFixture()
        _ = late.send()
        var again = PaymentMachine(record: late.record, policy: GatewayPolicy(), now: Now(mono: 0, wall: 2_000_000))
        _ = again.recover(at: Now(mono: 0, wall: 2_000_000))
        #expect(again.record.state == .unresolved)
        #expect(again.record.money == .unknown)
        #expect(again.nextWake == 0)
    }

    @Test func `a technician's word ends an unresolved payment, and only that`() throws {
        var payment = try PaymentFixture()
        #expect(payment.machine.resolve(paid: true, order: nil, by: "ann", note: "seen", at: payment.now) == [])
        _ = payment.send()
        _ = payment.fail(payment.confirm(), .lost(detail: "no answer"))
        _ = payment.machine.resolve(paid: false, order: nil, by: "ann", note: "not in the dashboard", at: payment.now)
        #expect(payment.record.failure?.code == .resolvedByTechnician)
        #expect(payment.record.resolvedBy == "ann")
        #expect(payment.record.money == .notTaken)
    }
}
