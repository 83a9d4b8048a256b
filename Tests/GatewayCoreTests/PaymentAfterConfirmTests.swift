import GatewayCore
import GatewayModel
import Moments
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
        #expect(payment.written().commands == ["confirmPayment"])
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
        #expect(actions.contains(.askStatus), "the order is asked for at once")
        #expect(payment.record.state == .finishing)
        #expect(payment.record.money == .unknown)
        _ = payment.hears(.open)
        payment.later(25)
        #expect(payment.machine.tick(at: payment.now).contains(.askStatus))
        _ = payment.hears(.submitted(order: OrderID(unchecked: "8812")))
        #expect(payment.record.state == .succeeded)
        #expect(payment.record.money == .taken)
        #expect(payment.record.order?.text == "8812")
        #expect(payment.record.amountChargedMinor == 5678)
    }

    @Test func `an order is heard of soon from a backend that is far away`() throws {
        var payment = try PaymentFixture()
        _ = payment.send()
        let (charge, way) = (payment.now.mono, Int64(40))
        var asked = [charge]
        _ = payment.answer(payment.confirm(), approved())
        while let last = asked.last, last - charge < 900 {
            payment.later(2 * way)
            _ = payment.hears(.open)
            let wake = try #require(payment.machine.nextWake)
            #expect(wake - payment.now.mono >= 25, "the backend rests between two questions")
            payment.later(wake - payment.now.mono)
            #expect(payment.machine.tick(at: payment.now).contains(.askStatus))
            asked.append(payment.now.mono)
        }
        // What the till waits longer than for one answer that is asked as the order is made.
        let late = try stride(from: Int64(50), through: 800, by: 10).map { order in
            try #require(asked.first { $0 + way >= charge + order }) - (charge + order)
        }
        #expect(late.reduce(0, +) / Int64(late.count) <= 20, "\(asked.map { $0 - charge })")
    }

    @Test func `a backend that takes its time is not asked without a rest`() throws {
        var payment = try PaymentFixture()
        _ = payment.send()
        _ = payment.answer(payment.confirm(), approved())
        payment.later(1_000)
        _ = payment.hears(.open)
        #expect(payment.machine.nextWake == payment.now.mono + 200)
    }

    @Test func `a decline ends it, not taken`() throws {
        var payment = try PaymentFixture()
        _ = payment.send(tip: 100)
        let answer = ConfirmAnswer(
            field: .declined, intent: PaymentFixture.intent, status: .requiresPaymentMethod, code: "card_declined",
            declineCode: "generic_decline")
        _ = payment.answer(payment.confirm(tip: 100), .confirmed(answer))
        #expect(payment.record.state == .declined)
        #expect(payment.record.money == .notTaken)
        #expect(payment.record.failure?.declineCode == "generic_decline")
        #expect(payment.record.tipMinor == 0)
        #expect(payment.cart.facts.intent?.everConfirmed != true || payment.cart.facts.intent?.knownNotCharged == true)
    }

    @Test(arguments: ["lock_timeout", "rate_limit"])
    func `that Stripe was busy is no refusal of the card`(code: String) throws {
        var payment = try PaymentFixture()
        _ = payment.send(tip: 100)
        let answer = ConfirmAnswer(field: .declined, intent: PaymentFixture.intent, status: .requiresPaymentMethod, code: code)
        _ = payment.answer(payment.confirm(tip: 100), .confirmed(answer))
        #expect(payment.record.state == .failed && payment.record.money == .notTaken && payment.record.tipMinor == 0)
        let failure = try #require(payment.record.failure)
        #expect(failure.code == .intentFailed && failure.message.contains(code) && failure.remedy?.contains("same card") == true)
    }

    @Test func `a cancel after the confirm was sent changes nothing but the mark`() throws {
        var payment = try PaymentFixture()
        _ = payment.send()
        #expect(payment.machine.cancel(at: payment.now).commands == [])
        _ = payment.answer(payment.confirm(), approved())
        #expect(payment.record.state == .finishing)
        #expect(payment.record.cancelRequested)
    }

    @Test func `a cancel that comes while confirming waits for the disk is obeyed`() throws {
        var payment = try PaymentFixture()
        _ = payment.readCard()
        #expect(payment.machine.cancel(at: payment.now).commands == ["cancelCollectPaymentMethod"])
        #expect(payment.written().commands == [])
        _ = payment.answer(payment.cancelCollect)
        #expect(payment.record.state == .canceled)
        #expect(payment.record.money == .notTaken)
        #expect(payment.record.confirmingAt == nil)
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

    @Test func `a failed after the charge is news only when it has stood for as long as the order is waited for`() throws {
        var payment = try PaymentFixture()
        _ = payment.send()
        _ = payment.answer(payment.confirm(), approved())
        for _ in 0..<4 {
            _ = payment.hears(.failed(error: "declined before"))
            #expect(payment.record.state == .finishing)
            payment.later(29_000)
        }
        payment.later(5_000)
        _ = payment.hears(.failed(error: "out of stock"))
        #expect(payment.record.state == .failed)
        #expect(payment.record.failure?.code == .orderFailed)
        #expect(payment.record.money == .authorized)
    }

    @Test func `a backend that does not decide makes it unresolved, and it is asked about for as long as it takes`() throws {
        var payment = try PaymentFixture()
        _ = payment.send()
        _ = payment.answer(payment.confirm(), approved())
        _ = payment.hears(nil)
        var asked = 0
        for _ in 0..<2_000 {
            guard let wake = payment.machine.nextWake else { break }
            payment.later(max(0, wake - payment.now.mono))
            if payment.machine.tick(at: payment.now).contains(.askStatus) {
                asked += 1
                _ = payment.hears(nil)
            }
        }
        #expect(payment.record.state == .unresolved)
        #expect(payment.record.money == .authorized)
        #expect(payment.now.mono > MonoTime(5 * 86_400_000))
        #expect(asked > 1_000)
        _ = payment.hears(.submitted(order: nil))
        #expect(payment.record.state == .succeeded)
    }

    @Test func `not charged is believed only of what is asked after the window, counted from the reader's being idle`() throws {
        var payment = try PaymentFixture()
        _ = payment.send()
        _ = payment.fail(payment.confirm(), .lost(detail: "no answer"))
        payment.later(100_000)
        _ = payment.seenIdle()
        #expect(payment.record.decidesBy == payment.now.wall + 180_000)
        payment.later(179_000)
        _ = payment.reads(.requiresPaymentMethod)
        #expect(payment.record.state == .unresolved)
        payment.later(1_000)
        #expect(payment.machine.tick(at: payment.now).contains(.readIntent), "it is read as soon as that can say something")
        _ = payment.reads(.requiresPaymentMethod)
        #expect(payment.record.state == .failed)
        #expect(payment.record.money == .notTaken)
        #expect(payment.record.decidesBy == nil)
    }

    @Test func `without a reading there is no negative evidence`() throws {
        var payment = try PaymentFixture()
        _ = payment.send()
        _ = payment.fail(payment.confirm(), .lost(detail: "no answer"))
        _ = payment.seenIdle()
        payment.later(200_000)
        _ = payment.hears(.open)
        _ = payment.hears(.failed(error: nil))
        #expect(payment.record.state == .unresolved)
    }

    @Test func `Stripe saying paid leads on to the order`() throws {
        var payment = try PaymentFixture()
        _ = payment.send()
        _ = payment.fail(payment.confirm(), .lost(detail: "no answer"))
        _ = payment.reads(.succeeded)
        #expect(payment.record.state == .finishing)
        #expect(payment.record.authorized)
        #expect(payment.record.amountChargedMinor == 5678)
    }

    @Test func `another amount than was shown is told as it is`() throws {
        var payment = try PaymentFixture()
        _ = payment.send()
        _ = payment.answer(payment.confirm(), approved(8000))
        #expect(payment.record.amountChargedMinor == 8000)
        #expect(payment.record.warnings.map(\.code) == [.chargedAmountDiffers])
        _ = payment.hears(.submitted(order: nil))
        #expect(payment.record.amountMinor == 5678)
        #expect(payment.record.amountChargedMinor == 8000)
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
        #expect(payment.technician(paid: true) == [])
        _ = payment.send()
        _ = payment.fail(payment.confirm(), .lost(detail: "no answer"))
        _ = payment.technician(paid: false)
        #expect(payment.record.failure?.code == .resolvedByTechnician)
        #expect(payment.record.resolvedBy == "ann")
        #expect(payment.record.money == .notTaken)
    }
}
