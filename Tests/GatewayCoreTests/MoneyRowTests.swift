import GatewayCore
import GatewayModel
import Moments
import Testing

/// What a store was driven into: the wrong word on money that was charged, a second charge, a cart that nobody can pay.
///
/// A hostile review found thirty such ways. Each has its test, by the machines (here, in `HeldMoneyTests`, `KeyedEntryTests` and `SharedIntentTests`, where nothing else is said) and, with a number before its name,
/// by the real daemon (`ProcessTests/Money`):
///
/// | row | by the machines | by the daemon |
/// |---|---|---|
/// | 1 | a decline whose intent has succeeded is a charge, and is followed to its order | `ChargedTests` 1 |
/// | 2 | a refusal of contactless within a confirm that goes on is no decline | `ChargedTests` 2 |
/// | 3 | an order that fails after a restart in mid-confirm is not called not taken | |
/// | 4 | | `LifeTests` 4 |
/// | 5 | `JournalTests/CompactionTests`: days without trade are not counted, however many they are | `LifeTests` 5 |
/// | 6 | an amount that was changed at Stripe is found before the card is asked for; `WarningTests` | `WarningTests` 6 |
/// | 7 | an intent that was canceled meanwhile makes way for another, and nobody is told that the cart is paid | |
/// | 8 | `RecallTests`: a new payment in the first moment after a kill is taken | `LifeTests` 8 |
/// | 9 | `HangingDiskTests`: the retry of an unresolved cart that the disk refuses leaves no trace | |
/// | 10 | | `AnsweredTests` 10 |
/// | 11 | `ReaderIdleTests`: after a reader died in mid-payment the next payment is told so within seconds | |
/// | 12 | `HangingDiskTests`: a payment whose row takes too long is refused; a cancel that comes while confirming waits | `AnsweredTests` 12 |
/// | 13 | a tip that stays on the intent does not lock the cart | |
/// | 14 | `HintTests`: a currency that was learnt of another cart refuses no amount | |
/// | 15 | after a typed card was declined the customer taps, once the form is closed | `CartLockTests` 15 |
/// | 16 | `ReaderIdleTests`: a display under way is answered, whoever disconnects and connects meanwhile | `AnsweredTests` 16 |
/// | 17 | `ReaderIdleTests`: who wants to connect to a reader that lets nobody in is told so in time | |
/// | 18 | who paid a cart is not forgotten when its status is asked after a restart; `HintTests`: the status and a token | |
/// | 19 | `ActionQueueTests`: a card set-up that ends as it begins leaves nothing behind | |
/// | 20 | `ReaderIdleTests`: what stands on a reader that was released by hand stays to be cleared | |
/// | 21 | a failed that stands for a moment after the charge ends nothing | `ChargedTests` 21 |
/// | 22 | while the customer is asked in the bank's app nothing is taken on the reader; the keyed intent is read once more | `CartLockTests` 22 |
/// | 23 | what was lost before a restart ends by window and idle after the retry is declined, and the cart is free | |
/// | 24 | money that is held no more does not hold the cart | |
/// | 25 | processing that goes back is unknown, then not taken | |
/// | 26 | charged is known by reading, from three seconds on; an unresolved payment says when it will be decided | |
/// | 27 | after a technician's not taken another intent comes only when window and idle have passed; of two attempts one was taken | |
/// | 28 | `HangingDiskTests`: of two payments of one cart one is accepted; a late row does not end the payment under another id | |
/// | 29 | `JournalTests/CompactionTests`: four hundred starts on one day erase nothing; one row with the clock ahead or behind | |
/// | 30 | a cart that is written in two ways is one cart, and the backend gets what the till wrote | `CartLockTests` 30 |
@Suite struct MoneyRowTests {
    // MARK: The answer to the confirm

    @Test func `a decline whose intent has succeeded is a charge, and is followed to its order`() throws {
        var store = MoneyStore()
        store.confirm = { _ in
            .success(
                .confirmed(
                    .init(
                        field: .declined, intent: MoneyStore.intent, status: .succeeded, amountMinor: 5678, currency: StoreFixture.usd,
                        code: "payment_intent_unexpected_state")))
        }
        try store.pay("p1")
        #expect(store.payment("p1")?.state == .finishing)
        store.intentStatus = .succeeded
        store.status = .submitted(order: OrderID(unchecked: "8812"))
        store.wait(3_000)
        #expect(store.payment("p1")?.state == .succeeded)
        #expect(store.payment("p1")?.money == .taken)
        #expect(store.payment("p1")?.order?.text == "8812")
    }

    @Test func `a refusal of contactless within a confirm that goes on is no decline`() throws {
        var store = MoneyStore()
        store.holdsConfirm = true
        try store.pay("p1")
        store.status = .failed(error: "contactless refused")
        store.wait(800)
        store.answerConfirm(.failure(.lost(detail: "the link broke")))
        store.wait(10_000)
        #expect(store.payment("p1")?.state == .unresolved)
        #expect(store.payment("p1")?.money == .unknown)
        store.intentStatus = .succeeded
        store.status = .submitted(order: nil)
        store.wait(15_000)
        #expect(store.payment("p1")?.money == .taken)
    }

    @Test func `an order that fails after a restart in mid-confirm is not called not taken`() throws {
        var store = MoneyStore()
        store.confirm = { _ in .failure(.lost(detail: "no answer")) }
        try store.pay("p1")
        store.restart()
        store.givenIntent = { _ in "pi_2" }
        store.status = .failed(error: "out of stock")
        store.intentStatus = .succeeded
        store.wait(7_200_000)
        #expect(store.payment("p1")?.state == .unresolved)
        #expect(store.payment("p1")?.money == .unknown)
    }

    @Test func `an order that fails after a restart is told as held once the intent can be read`() throws {
        var store = MoneyStore()
        store.confirm = { _ in .failure(.lost(detail: "no answer")) }
        try store.pay("p1")
        store.restart()
        store.status = .failed(error: "out of stock")
        store.intentStatus = .requiresCapture
        store.wait(7_200_000)
        let ended = try #require(store.payment("p1"))
        #expect(ended.failure?.code == .orderFailed && ended.money == .authorized)
        #expect(try store.refused("p2")?.code == .cartHeld)
        #expect(store.confirms == 1, "and nothing is charged a second time")
    }

    @Test func `a failed that stands for a moment after the charge ends nothing`() throws {
        var store = MoneyStore()
        store.status = .failed(error: "contactless refused")
        try store.pay("p1")
        store.wait(1_500)
        #expect(store.payment("p1")?.state == .finishing)
        store.status = .submitted(order: nil)
        store.wait(2_500)
        #expect(store.payment("p1")?.state == .succeeded)
        #expect(store.payment("p1")?.money == .taken)
    }

    @Test func `processing that goes back is unknown, then not taken`() throws {
        var store = MoneyStore()
        store.confirm = { _ in .success(.confirmed(.init(field: .confirmed, intent: MoneyStore.intent, status: .processing))) }
        try store.pay("p1")
        store.intentStatus = .processing
        store.wait(60_000)
        #expect(store.payment("p1")?.money == .unknown)
        #expect(store.payment("p1")?.authorized == false)
        store.intentStatus = .requiresPaymentMethod
        store.wait(60_000)
        #expect(store.payment("p1")?.money == .unknown)
        store.wait(180_000)
        #expect(store.payment("p1")?.state == .failed)
        #expect(store.payment("p1")?.money == .notTaken)
    }

    @Test func `a second confirm that is refused for the state says nothing of the first`() throws {
        var store = MoneyStore()
        store.confirm = { _ in .failure(.lost(detail: "no answer")) }
        try store.pay("p1")
        store.confirm = { _ in .success(.confirmed(.init(field: .error, code: "payment_intent_unexpected_state"))) }
        try store.pay("p2")
        #expect(store.payment("p2")?.state == .unresolved)
        #expect(store.payment("p1")?.state == .unresolved)
        store.intentStatus = .requiresPaymentMethod
        store.wait(400_000)
        #expect(store.payment("p1")?.money == .notTaken)
        #expect(store.payment("p2")?.money == .notTaken)
        store.confirm = MoneyStore.approves
        try store.pay("p3", "12.00", minor: 1200)
        #expect(store.payment("p3")?.state == .finishing, "the cart is free, for other amounts too")
    }

    // MARK: While the answer is awaited

    @Test func `charged is known by reading, from three seconds on, while the confirm still waits`() throws {
        var store = MoneyStore()
        store.holdsConfirm = true
        try store.pay("p1")
        store.wait(2_400)
        #expect(store.reads == 1, "before the confirm")
        store.intentStatus = .succeeded
        store.wait(600)
        #expect(store.payment("p1")?.state == .finishing)
        #expect(store.payment("p1")?.authorized == true)
    }

    @Test func `an unresolved payment says when it will be decided, once its reader is idle`() throws {
        var store = MoneyStore()
        store.reader = { command in
            switch command {
            case .clearDisplay, .prove: .failure(.app(.lockResourcesException, detail: "authorising"))
            default: MoneyStore.reads(command)
            }
        }
        store.confirm = { _ in .failure(.lost(detail: "no answer")) }
        try store.pay("p1")
        store.wait(5_000)
        #expect(store.payment("p1")?.state == .unresolved)
        #expect(store.payment("p1")?.decidesBy == nil)
        store.reader = MoneyStore.reads
        store.wait(30_000)
        let decides = try #require(store.payment("p1")?.decidesBy)
        #expect(decides > store.now.wall && decides <= store.now.wall + 180_000)
        store.wait(decides - store.now.wall + 1_000)
        #expect(store.payment("p1")?.money == .notTaken)
    }

    // MARK: Amounts

    @Test func `an amount that was changed at Stripe is found before the card is asked for`() throws {
        var store = MoneyStore()
        store.confirm = MoneyStore.declines
        try store.pay("p1")
        #expect(store.payment("p1")?.state == .declined)
        store.restart()
        store.intentAmount = 8000
        let before = store.collects
        try store.pay("p2")
        #expect(store.payment("p2")?.failure?.code == .amountMismatch)
        #expect(store.collects == before)
        #expect(store.confirms == 1)
    }

    @Test func `an amount that the backend made wrong is asked for again, also on an intent that was declined`() throws {
        var store = MoneyStore()
        store.confirm = MoneyStore.declines
        try store.pay("p1")
        #expect(store.payment("p1")?.state == .declined)
        store.intentAmount = 6000
        try store.pay("p2", "60.01")
        #expect(store.payment("p2")?.failure?.code == .amountMismatch, "the backend was asked a moment ago")
        let before = store.made.count { if case .paymentIntent = $0.call { true } else { false } }
        store.confirm = MoneyStore.approves
        store.holds = { if case .paymentIntent = $0 { true } else { false } }
        try store.pay("p3", "60.01")
        #expect(store.made.count { if case .paymentIntent = $0.call { true } else { false } } == before + 1)
        store.intentAmount = 6001
        store.gives("pi_1")
        store.wait(1_000)
        #expect(store.payment("p3")?.state == .finishing)
    }

    @Test func `a tip that stays on the intent does not lock the cart`() throws {
        var store = MoneyStore()
        store.tip = 500
        store.confirm = MoneyStore.declines
        try store.pay("p1")
        #expect(store.payment("p1")?.state == .declined)
        store.intentAmount = 6178
        store.tip = 0
        store.confirm = { _ in
            .success(
                .confirmed(
                    .init(field: .confirmed, intent: MoneyStore.intent, status: .succeeded, amountMinor: 6178, currency: StoreFixture.usd)))
        }
        try store.pay("p2")
        let taken = try #require(store.payment("p2"))
        #expect(taken.state == .finishing)
        #expect(taken.tipMinor == 500 && taken.amountMinor == 5678)
        #expect(taken.warnings.isEmpty)
        let shown = store.made.compactMap {
            if case .reader(_, _, .collect(_, let amount, _, let tip), _) = $0.call { (amount, tip) } else { nil }
        }.last
        #expect(shown?.0 == 6178)
        #expect(shown?.1 == nil, "no menu for a tip that is there already")
    }

    // MARK: Restarts

    @Test func `an intent that was canceled meanwhile makes way for another, and nobody is told that the cart is paid`() throws {
        var store = MoneyStore()
        store.confirm = { _ in .failure(.lost(detail: "it never arrived")) }
        try store.pay("p1")
        store.restart()
        store.intentStatus = .canceled
        store.otherIntents = ["pi_2": .requiresPaymentMethod]
        store.holds = { if case .paymentIntent = $0 { true } else { false } }
        store.confirm = { _ in
            .success(
                .confirmed(
                    .init(
                        field: .confirmed, intent: IntentID(unchecked: "pi_2"), status: .succeeded, amountMinor: 5678,
                        currency: StoreFixture.usd)))
        }
        try store.pay("p2")
        store.gives("pi_1")
        store.gives("pi_2")
        store.wait(1_000)
        #expect(store.payment("p1")?.failure?.code == .intentFailed)
        #expect(store.payment("p1")?.money == .notTaken)
        #expect(store.payment("p2")?.state == .finishing)
        #expect(store.payment("p2")?.intent?.text == "pi_2")
    }

    @Test func `what was lost before a restart ends by window and idle after the retry is declined, and the cart is free`() throws {
        var store = MoneyStore()
        store.confirm = { _ in .failure(.lost(detail: "no answer")) }
        try store.pay("p1")
        store.restart()
        store.confirm = MoneyStore.declines
        try store.pay("p2")
        #expect(store.payment("p2")?.state == .declined)
        #expect(store.payment("p1")?.state == .unresolved)
        #expect(try store.refused("p3", "12.00", minor: 5678)?.code == .cartBusy)
        store.wait(400_000)
        #expect(store.payment("p1")?.money == .notTaken)
        store.confirm = MoneyStore.approves
        try store.pay("p4", "12.00", minor: 1200)
        #expect(store.payment("p4")?.state == .finishing)
    }

    @Test func `who paid a cart is not forgotten when its status is asked after a restart`() throws {
        var store = MoneyStore()
        store.status = .submitted(order: nil)
        store.statusBefore = .open
        try store.pay("p1")
        store.wait(3_000)
        #expect(store.payment("p1")?.state == .succeeded)
        store.restart()
        store.ask(.connectionToken(StoreFixture.cart))
        store.ask(.cartStatus(StoreFixture.cart))
        store.wait(1_000)
        let last = try #require(store.rows.last { $0.cart != nil }?.cart)
        #expect(last.paid && last.paidBy?.text == "p1")
        #expect(try store.refused("p2")?.payment?.text == "p1")
    }
}
