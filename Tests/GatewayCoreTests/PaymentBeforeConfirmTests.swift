import GatewayCore
import GatewayModel
import Moments
import Testing

@Suite struct PaymentBeforeConfirmTests {
    @Test func `the reader and the backend are asked side by side once the reader is granted`() throws {
        var payment = try PaymentFixture()
        let actions = payment.grant()
        #expect(actions.contains(.awaitSession))
        #expect(actions.contains(.prepareIntent))
        #expect(actions.contains(.askBaseline))
        #expect(payment.record.state == .preparing)
        #expect(payment.record.leased)
    }

    @Test func `without a known currency the card is asked for after the intent`() throws {
        var payment = try PaymentFixture()
        _ = payment.grant()
        #expect(payment.machine.sessionReady(at: payment.now).commands == [])
        #expect(
            payment.machine.intentReady(PaymentFixture.facts(), key: PaymentFixture.key, at: payment.now).commands == [
                "collectPaymentMethod"
            ])
    }

    @Test func `with a known currency the card is asked for before the intent exists`() throws {
        var payment = try PaymentFixture()
        _ = payment.grant(currency: PaymentFixture.usd)
        #expect(payment.machine.sessionReady(at: payment.now).commands == ["collectPaymentMethod"])
        _ = payment.answer(payment.collect)
        #expect(payment.record.state == .waitingForCard)
        // The card alone is not enough: the intent has to be there and to agree.
        #expect(
            !payment.answer(payment.query, .card(PaymentFixture.card())).contains {
                if case .begun(.writeConfirming) = $0 { true } else { false }
            })
        _ = payment.machine.baseline(.open, at: payment.now)
        let actions = payment.machine.intentReady(PaymentFixture.facts(), key: PaymentFixture.key, at: payment.now)
        #expect(actions.contains { if case .begun(.writeConfirming) = $0 { true } else { false } })
    }

    @Test func `an intent over another amount than was shown is never confirmed`() throws {
        var payment = try PaymentFixture()
        _ = payment.grant(currency: PaymentFixture.usd)
        _ = payment.machine.sessionReady(at: payment.now)
        _ = payment.machine.baseline(.open, at: payment.now)
        _ = payment.answer(payment.collect)
        _ = payment.answer(payment.query, .card(PaymentFixture.card()))
        let actions = payment.machine.intentReady(PaymentFixture.facts(minor: 5679), key: PaymentFixture.key, at: payment.now)
        #expect(actions.commands == ["cancelCollectPaymentMethod"])
        _ = payment.answer(payment.cancelCollect)
        #expect(payment.record.state == .failed)
        #expect(payment.record.failure?.code == .amountMismatch)
        #expect(payment.record.money == .notTaken)
    }

    @Test func `a currency that was a wrong hint is taken back, and the card is asked for in the intent's`() throws {
        var payment = try PaymentFixture(amount: "500")
        _ = payment.grant(currency: PaymentFixture.usd)
        _ = payment.machine.sessionReady(at: payment.now)
        _ = payment.machine.baseline(.open, at: payment.now)
        let yen = Currency(unchecked: "jpy")
        _ = payment.machine.intentReady(PaymentFixture.facts(minor: 500, currency: yen), key: PaymentFixture.key, at: payment.now)
        let wrong = ReaderCommand.collect(PaymentFixture.context, amountMinor: 50000, currency: PaymentFixture.usd, tip: nil)
        #expect(payment.answer(wrong).commands == ["cancelCollectPaymentMethod"])
        let right = ReaderCommand.collect(PaymentFixture.context.next, amountMinor: 500, currency: yen, tip: nil)
        #expect(payment.answer(payment.cancelCollect).contains(.command(right)))
        #expect(payment.record.state != .failed)
        _ = payment.answer(right)
        let query = ReaderCommand.query(PaymentFixture.context.next)
        let read = payment.answer(query, .card(PaymentFixture.card()))
        #expect(read.contains { if case .begun(.writeConfirming(let record)) = $0 { record.currency == yen } else { false } })
    }

    @Test func `a card that was read for a wrong hint is not charged`() throws {
        var payment = try PaymentFixture(amount: "500")
        _ = payment.grant(currency: PaymentFixture.usd)
        _ = payment.machine.sessionReady(at: payment.now)
        _ = payment.machine.baseline(.open, at: payment.now)
        _ = payment.answer(.collect(PaymentFixture.context, amountMinor: 50000, currency: PaymentFixture.usd, tip: nil))
        _ = payment.answer(payment.query, .card(PaymentFixture.card()))
        let yen = Currency(unchecked: "jpy")
        let actions = payment.machine.intentReady(
            PaymentFixture.facts(minor: 500, currency: yen), key: PaymentFixture.key, at: payment.now)
        #expect(actions.commands == ["cancelCollectPaymentMethod"])
        #expect(payment.record.confirmingAt == nil)
    }

    @Test func `a cart that the backend calls submitted is not charged`() throws {
        var payment = try PaymentFixture()
        _ = payment.grant()
        _ = payment.machine.sessionReady(at: payment.now)
        _ = payment.machine.intentReady(PaymentFixture.facts(), key: PaymentFixture.key, at: payment.now)
        _ = payment.answer(payment.collect)
        _ = payment.machine.baseline(.submitted(order: nil), at: payment.now)
        _ = payment.answer(payment.query, .card(PaymentFixture.card()))
        _ = payment.answer(payment.cancelCollect)
        #expect(payment.record.failure?.code == .cartPaid)
        #expect(payment.record.confirmingAt == nil)
    }

    @Test func `a cancel is not told as done before the reader has acknowledged it`() throws {
        var payment = try PaymentFixture()
        _ = payment.prepare()
        _ = payment.answer(payment.collect)
        _ = payment.answer(payment.query, .pending)
        let actions = payment.machine.cancel(at: payment.now)
        #expect(actions.commands == ["cancelCollectPaymentMethod"])
        #expect(payment.record.state == .waitingForCard)
        #expect(payment.record.cancelRequested)
        let end = payment.answer(payment.cancelCollect)
        #expect(payment.record.state == .canceled)
        #expect(end.contains(.release(.idle)))
    }

    @Test func `a card read between the last query and the cancel is never confirmed`() throws {
        var payment = try PaymentFixture()
        _ = payment.prepare()
        _ = payment.answer(payment.collect)
        // The query is on its way when the till cancels; its answer brings a card.
        #expect(payment.machine.cancel(at: payment.now).commands == [])
        let actions = payment.answer(payment.query, .card(PaymentFixture.card()))
        #expect(actions.commands == ["cancelCollectPaymentMethod"])
        _ = payment.answer(payment.cancelCollect)
        #expect(payment.record.state == .canceled)
        #expect(payment.record.confirmingAt == nil)
    }

    @Test func `a reader that stays silent at a cancel keeps its lease until it is seen idle`() throws {
        var payment = try PaymentFixture()
        _ = payment.prepare()
        _ = payment.answer(payment.collect)
        _ = payment.answer(payment.query, .pending)
        _ = payment.machine.cancel(at: payment.now)
        let actions = payment.fail(payment.cancelCollect, .lost(detail: "no answer within 20 s"))
        #expect(actions.contains(.release(.unknown)))
        #expect(payment.record.state == .failed)
        #expect(payment.record.failure?.code == .readerLost)
        #expect(payment.record.money == .notTaken)
    }

    @Test func `a cancel that finds nothing to cancel is acknowledged by clearing the screen`() throws {
        var payment = try PaymentFixture()
        _ = payment.prepare()
        _ = payment.answer(payment.collect)
        _ = payment.answer(payment.query, .pending)
        _ = payment.machine.cancel(at: payment.now)
        #expect(payment.fail(payment.cancelCollect, .app(.illegalState, detail: "")).commands == ["clearReaderDisplay"])
        _ = payment.answer(.clearDisplay(PaymentFixture.context))
        #expect(payment.record.state == .canceled)
    }

    @Test func `no card in time is canceled on the reader, then told`() throws {
        var payment = try PaymentFixture()
        _ = payment.prepare()
        _ = payment.answer(payment.collect)
        _ = payment.answer(payment.query, .pending)
        payment.later(120_000)
        #expect(payment.machine.tick(at: payment.now).commands == ["cancelCollectPaymentMethod"])
        _ = payment.answer(payment.cancelCollect)
        #expect(payment.record.state == .timedOut)
        #expect(payment.record.failure?.code == .cardTimeout)
    }

    @Test func `the customer's cancel ends it at once`() throws {
        var payment = try PaymentFixture()
        _ = payment.prepare()
        _ = payment.answer(payment.collect)
        let actions = payment.answer(payment.query, .canceledByCustomer)
        #expect(payment.record.state == .canceledByCustomer)
        #expect(actions.contains(.release(.idle)))
    }

    @Test func `a session that had died overnight costs one reconnect, not the payment`() throws {
        var payment = try PaymentFixture()
        _ = payment.prepare()
        #expect(payment.fail(payment.collect, .app(.invalidSessionToken, detail: "")).contains(.awaitSession))
        #expect(payment.machine.sessionReady(at: payment.now).commands == ["collectPaymentMethod"])
        _ = payment.fail(payment.collect, .app(.invalidSessionToken, detail: ""))
        #expect(payment.record.failure?.code == .readerLost)
    }

    @Test func `a reader lost while the card is awaited ends the payment, not taken`() throws {
        var payment = try PaymentFixture()
        _ = payment.prepare()
        _ = payment.answer(payment.collect)
        let actions = payment.fail(payment.query, .lost(detail: "the connection was cut"))
        #expect(payment.record.failure?.code == .readerLost)
        #expect(payment.record.money == .notTaken)
        #expect(actions.contains(.release(.unknown)))
    }

    @Test func `a backend that fails while the card is awaited takes the reader back first`() throws {
        var payment = try PaymentFixture()
        _ = payment.grant(currency: PaymentFixture.usd)
        _ = payment.machine.sessionReady(at: payment.now)
        _ = payment.answer(payment.collect)
        _ = payment.answer(payment.query, .pending)
        let failure = CallFailure.unavailable(detail: "no answer", mayHaveActed: true).paymentFailure
        #expect(payment.machine.intentFailed(failure, at: payment.now).commands == ["cancelCollectPaymentMethod"])
        #expect(!payment.record.state.isEnd)
        _ = payment.answer(payment.cancelCollect)
        #expect(payment.record.failure?.code == .backendUnavailable)
    }

    @Test func `waiting too long for the reader ends it`() throws {
        var payment = try PaymentFixture()
        payment.later(300_000)
        _ = payment.machine.tick(at: payment.now)
        #expect(payment.record.failure?.code == .queueTimeout)
    }

    @Test func `an ended payment takes nothing any more`() throws {
        var payment = try PaymentFixture()
        _ = payment.machine.cancel(at: payment.now)
        let before = payment.record
        payment.later(1_000_000)
        #expect(payment.grant() == [.release(.idle)])
        #expect(payment.machine.sessionReady(at: payment.now) == [])
        #expect(payment.machine.intentReady(PaymentFixture.facts(), key: PaymentFixture.key, at: payment.now) == [])
        #expect(payment.answer(payment.query, .card(PaymentFixture.card())) == [])
        #expect(payment.machine.confirmingWritten(at: payment.now) == [])
        #expect(payment.machine.statusAnswered(at: payment.now) == [])
        #expect(payment.machine.judged(.taken(nil), at: payment.now) == [])
        #expect(payment.machine.cancel(at: payment.now) == [])
        #expect(payment.machine.tick(at: payment.now) == [])
        #expect(payment.record == before)
    }
}
