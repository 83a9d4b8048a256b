import Testing

@testable import GatewayCore
@testable import GatewayModel
import Moments

/// When a reader counts as idle after a confirm whose answer was lost, and what becomes of those who wait for it.
@Suite struct ReaderIdleTests {
    /// A store in which the card is shown at once and the confirm's answer is lost.
    private func store(_ confirm: Result<ReaderReply, ReaderFailure> = .failure(.lost(detail: "cut"))) -> StoreFixture {
        var store = StoreFixture()
        store.reader = { command in
            switch command {
            case .query: .success(.card(StoreFixture.card))
            case .confirm: confirm
            default: StoreFixture.usual(command)
            }
        }
        return store
    }

    private func view(_ store: StoreFixture) -> ReaderView? { store.machine.readerViews.first }

    @Test func `the proof is another point of sale that is let in, and it takes no payment`() throws {
        var store = store()
        store.holds = { $0.isProof }
        try store.pay("p1")
        store.wait(1_000)
        #expect(store.payment("p1")?.state == .unresolved)
        let before = store.commands.count
        store.wait(60_000)
        #expect(store.commands.count == before, "nobody speaks to it before it is proved idle")
        #expect(view(store)?.payment == PaymentID(unchecked: "p1"))
        store.answer(.reader(StoreFixture.usual(.prove(token: ConnectionToken(Secret("pst")))))) { $0.isProof }
        #expect(view(store)?.payment == nil)
        store.wait(100)
        let last = store.made.last { if case .reader = $0.call { true } else { false } }
        guard case .reader(_, _, let command, _)? = last?.call else { return }
        #expect(command == .clearDisplay(nil), "the session that goes on is that of the point of sale that takes payments")
    }

    @Test func `a reader that lets nobody else in is asked again, and stays who had it`() throws {
        var store = store()
        let usual = store.reader
        store.reader = { command in
            if case .prove = command { return .failure(.app(.illegalState, detail: "in use")) }
            return usual(command)
        }
        try store.pay("p1")
        store.wait(120_000)
        #expect(store.made.count { $0.call.isProof } > 3)
        #expect(view(store)?.payment == PaymentID(unchecked: "p1"))
        #expect(!store.made.contains { if case .reader(_, _, .activate(_, failIfInUse: false), _) = $0.call { true } else { false } })
        store.reader = usual
        store.wait(40_000)
        #expect(view(store)?.payment == nil)
    }

    @Test func `a reader that a confirm never reached is cleared of its card first, and proved idle then`() throws {
        final class Screen { var isClear = false }
        let screen = Screen()
        var store = store()
        let usual = store.reader
        store.reader = { command in
            switch command {
            case .prove where !screen.isClear: return .failure(.app(.illegalState, detail: "in use"))
            case .clearDisplay:
                screen.isClear = true
                return .success(.done)
            default: return usual(command)
            }
        }
        try store.pay("p1")
        store.wait(10_000)
        #expect(screen.isClear)
        #expect(view(store)?.payment == nil)
        #expect(store.made.count { $0.call.isProof } == 2)
    }

    @Test func `a reader that was to be cleared before its proof, and was released by hand meanwhile, is proved idle all the same`() throws
    {
        final class Store { var isBusy = true }
        let world = Store()
        var store = store()
        let usual = store.reader
        store.reader = { command in
            if case .prove = command, world.isBusy { return .failure(.app(.illegalState, detail: "in use")) }
            return usual(command)
        }
        store.holds = { $0.isClear }
        try store.pay("p1")
        store.wait(10_000)
        #expect(store.calls.contains { $0.call.isClear }, "the screen is being cleared first")
        try store.pay("p2", cart: CartID(unchecked: "c2"))
        let released = store.ask(.release(StoreFixture.reader.text, .payment(PaymentID(unchecked: "p1")), by: "technician", Recall()))
        #expect(store.responses[released] == .done)
        world.isBusy = false
        store.holds = { $0.isQuery }
        store.settle()
        #expect(store.payment("p2")?.state == .waitingForCard)
        store.ask(.cancel(PaymentID(unchecked: "p2"), Recall()))
        store.holds = { _ in false }
        store.settle()
        store.wait(400_000)
        #expect(store.payment("p2")?.state == .canceled)
        #expect(store.payment("p1")?.state.isEnd == true, "its window counts from the moment at which its reader was seen idle")
    }

    @Test func `one hour after the last send a reader that does not come back counts as idle`() {
        var reader = ReaderMachine(facts: ReaderFacts(id: StoreFixture.reader), policy: GatewayPolicy())
        let start = Now(mono: 1_000, wall: 1_000)
        _ = reader.recoverLease(of: .payment(PaymentID(unchecked: "p1")), .proves, at: start)
        let early = reader.tick(at: Now(mono: 3_600_000, wall: 1))
        #expect(!early.contains(.seenIdle))
        let late = reader.tick(at: Now(mono: 3_601_000, wall: 1))
        #expect(late.contains(.seenIdle))
        #expect(reader.holder == nil)
    }

    @Test(arguments: [ConfirmAnswer.Field.confirmed, .declined, .error])
    func `an answer in any of the confirm's fields is proof enough`(field: ConfirmAnswer.Field) throws {
        var store = store(
            .success(
                .confirmed(
                    ConfirmAnswer(field: field, intent: IntentID(unchecked: "pi_1"), status: .requiresPaymentMethod, code: "card_declined"))
            ))
        try store.pay("p1")
        store.wait(2_000)
        #expect(store.payment("p1")?.state == .declined)
        #expect(view(store)?.payment == nil)
        #expect(!store.made.contains { $0.call.isProof })
    }

    @Test func `the same point of sale, a heartbeat and a cleared screen prove nothing`() throws {
        var store = store()
        store.holds = { $0.isProof }
        try store.pay("p1")
        store.wait(1_000)
        var seen = false
        for record in [store.payment("p1")] where record?.state == .unresolved { seen = true }
        #expect(seen)
        var fixture = ReaderFixture.live()
        for command in [
            ReaderCommand.heartbeat, .clearDisplay(nil),
            .collect(TransactionContext(transactionID: "1", startTime: 1), amountMinor: 1, currency: StoreFixture.usd, tip: nil),
        ] {
            let sent = fixture.reader.command(command, owner: .request(RequestID(1)), timeout: 1, at: fixture.now)
            #expect(ReaderFixture.sequence(in: sent) != nil, "\(command.name)")
            #expect(!fixture.answers(sent, .success(.done)).contains(.seenIdle), "\(command.name)")
        }
    }

    // MARK: A reader that is gone

    @Test func `after a reader died in mid-payment the next payment is told so within seconds`() throws {
        var store = StoreFixture()
        try store.pay("p1")
        store.wait(1_000)
        store.reader = { command in
            switch command {
            case .query: .failure(.lost(detail: "no answer"))
            default: .failure(.unreachable(detail: "no connection"))
            }
        }
        store.wait(5_000)
        #expect(store.payment("p1")?.state == .failed)
        let put = try store.pay("p2", cart: CartID(unchecked: "c2"))
        #expect(store.refusal(put)?.code == .readerUnavailable)
    }

    @Test func `who waits already for a reader that died is not left waiting`() throws {
        var store = StoreFixture()
        try store.pay("p1")
        store.wait(1_000)
        let waiting = try store.pay("p2", cart: CartID(unchecked: "c2"))
        #expect(store.shown(waiting)?.state == .queued)
        store.reader = { command in
            switch command {
            case .query: .failure(.lost(detail: "no answer"))
            default: .failure(.unreachable(detail: "no connection"))
            }
        }
        store.wait(10_000)
        #expect(store.payment("p2")?.state == .failed)
        #expect(store.payment("p2")?.failure?.code == .readerLost)
    }

    // MARK: Every request is answered

    @Test func `a display under way is answered, whoever disconnects and connects meanwhile`() {
        var store = StoreFixture()
        store.ask(.openCart(StoreFixture.cart, lane: nil, reader: nil, Recall()))
        store.wait(1_000)
        store.holds = { $0.isDisplay }
        let shown = DisplayCart(currency: StoreFixture.usd, totalMinor: 1, taxMinor: nil, lines: [])
        let display = store.ask(.display(StoreFixture.cart, shown))
        #expect(store.responses[display] == nil)
        store.ask(.disconnect(StoreFixture.reader.text))
        let connect = store.ask(.connect(StoreFixture.reader.text, cart: nil, takeOver: false))
        let activations = store.made.count { $0.call.isActivate }
        #expect(store.responses[connect] == nil, "a reader is asked one thing at a time")
        store.answer(.reader(.success(.done))) { $0.isDisplay }
        #expect(store.responses[display] == .done)
        #expect(store.made.count { $0.call.isActivate } == activations + 1)
        #expect(store.responses[connect] != nil)
    }

    @Test func `who wants to connect to a reader that lets nobody in is told so in time`() throws {
        var store = store()
        let usual = store.reader
        store.reader = { command in
            switch command {
            case .prove: .failure(.app(.illegalState, detail: "in use"))
            case .clearDisplay: .failure(.app(.lockResourcesException, detail: "authorising"))
            default: usual(command)
            }
        }
        try store.pay("p1")
        store.wait(1_000)
        let freed = store.ask(
            .release(StoreFixture.reader.text, .payment(PaymentID(unchecked: "p1")), by: "anna", Recall(payment: store.payment("p1"))))
        #expect(store.responses[freed] == .done)
        let connect = store.ask(.connect(StoreFixture.reader.text, cart: StoreFixture.cart, takeOver: false))
        let identify = store.ask(.identify(StoreFixture.reader.text))
        store.wait(31_000)
        #expect(store.refusal(connect)?.code == .readerUnavailable)
        #expect(store.refusal(identify)?.code == .readerUnavailable)
    }

    @Test func `a reader that has not answered yet is not released by hand, and is free when it has answered`() throws {
        var store = store()
        store.holds = \.isConfirm
        try store.pay("p1")
        store.wait(1_000)
        store.intentStatus = .succeeded
        store.status = .submitted(order: nil)
        store.wait(10_000)
        #expect(store.payment("p1")?.state == .succeeded, "known without the answer")
        let id = PaymentID(unchecked: "p1")
        let release = Request.release(StoreFixture.reader.text, .payment(id), by: "anna", Recall(payment: store.payment("p1")))
        let early = store.ask(release)
        #expect(store.refusal(early)?.code == .readerBusy)
        #expect(store.machine.broken() == nil)
        store.holds = { $0.isProof }
        store.answer(.reader(.failure(.lost(detail: "cut")))) { $0.isConfirm }
        let freed = store.ask(release)
        #expect(store.responses[freed] == .done)
        #expect(store.machine.broken() == nil)
    }

    // MARK: What is left on the screen

    @Test func `what stands on a reader that was released by hand stays to be cleared`() throws {
        var store = StoreFixture()
        try store.pay("p1")
        store.wait(1_000)
        store.reader = { _ in .failure(.lost(detail: "no answer")) }
        store.wait(30_000)
        #expect(store.payment("p1")?.state == .failed)
        store.ask(
            .release(StoreFixture.reader.text, .payment(PaymentID(unchecked: "p1")), by: "anna", Recall(payment: store.payment("p1"))))
        // The next one gets no session, and leaves the reader as it found it.
        store.wait(40_000)
        store.holds = { $0.isList }
        try store.pay("p2", cart: CartID(unchecked: "c2"))
        store.wait(60_000)
        #expect(store.payment("p2")?.state != .queued)
        store.reader = StoreFixture.usual
        store.holds = { _ in false }
        store.settle()
        let before = store.commands.count
        store.ask(.connect(StoreFixture.reader.text, cart: StoreFixture.cart, takeOver: false))
        store.wait(60_000)
        #expect(store.commands.dropFirst(before).contains("clearReaderDisplay"))
    }

    // MARK: After a restart

    @Test(arguments: [(60_000, true), (599_000, true), (601_000, false), (-1_000, false)])
    func `a reader is taken over only soon after it was ours for certain`(ago: Int64, takesOver: Bool) throws {
        let now: WallTime = 1_769_851_800_000
        var record = PaymentRecord(
            id: PaymentID(unchecked: "p1"), request: PaymentRequest(cart: StoreFixture.cart, amount: try DecimalAmount("56.78")),
            reader: StoreFixture.reader, readerLabel: nil, at: now - ago)
        record.leased = true
        record.state = .waitingForCard
        var store = StoreFixture(open: [record])
        store.wait(5_000)
        let activation = store.made.lazy.compactMap { made -> Bool? in
            if case .reader(_, _, .activate(_, let failIfInUse), _) = made.call { return !failIfInUse }
            return nil
        }.first
        #expect(activation == takesOver)
        #expect(store.payment("p1")?.failure?.code == .agentRestarted)
    }
}
