import Testing

@testable import GatewayCore
@testable import GatewayModel
import Moments

/// The lease of a reader: one holder at a time, and the next only when the reader is seen idle.
@Suite struct ReaderLeaseTests {
    private static let one = LeaseHolder.payment(PaymentID(unchecked: "p1"))
    private static let two = LeaseHolder.cardSetup(CardSetupID(unchecked: "s1"))
    private static let three = LeaseHolder.payment(PaymentID(unchecked: "p3"))
    private static let context = TransactionContext(transactionID: "1", startTime: 1)
    private static let collect = ReaderCommand.collect(context, amountMinor: 1, currency: StoreFixture.usd, tip: nil)
    private static let confirm = ReaderCommand.confirm(context, intent: IntentID(unchecked: "pi_1"), card: StoreFixture.card)

    private static func answer(_ field: ConfirmAnswer.Field) -> Result<ReaderReply, ReaderFailure> {
        .success(.confirmed(ConfirmAnswer(field: field, intent: IntentID(unchecked: "pi_1"), status: nil, code: nil)))
    }

    private var lease = ReaderLease()

    /// Has the first holder get the reader and confirm on it.
    private mutating func confirms(at moment: MonoTime = 100) {
        _ = lease.enqueue(Self.one, atMost: 5)
        for command in [Self.collect, Self.confirm] { lease.departs(command, isOfHolder: true, at: moment) }
    }

    // MARK: Holders

    @Test mutating func `a reader has one holder at a time, in the order of arrival, and a queue with an end`() {
        let places = [Self.one, Self.two, Self.three].map { lease.enqueue($0, atMost: 1) }
        #expect(places == [.granted, .waits, .full] && lease.holder == Self.one && lease.waiting == [Self.two])
        #expect(lease.release(Self.two, left: .idle) == nil, "it does not hold the reader")
        #expect(lease.release(Self.one, left: .idle) == true && lease.grantNext() == Self.two)
        #expect(lease.isHeld(by: Self.two) && lease.grantNext() == nil)
    }

    @Test mutating func `a holder that asked the reader for nothing leaves it free, whatever it says`() {
        _ = lease.enqueue(Self.one, atMost: 5)
        #expect(lease.release(Self.one, left: .unknown) == true && lease.isResting)
    }

    @Test mutating func `a holder that leaves a card on the reader leaves it to be cleared`() {
        _ = lease.enqueue(Self.one, atMost: 5)
        lease.departs(Self.collect, isOfHolder: true, at: 1)
        #expect(lease.dirty && lease.release(Self.one, left: .unknown) == false)
        #expect(lease.isFreeing && lease.wantsSession && !lease.proves && !lease.takesOver)
        lease.cleared()
        #expect(lease.freeAsCleared() && lease.isResting)
    }

    @Test mutating func `a holder that waits for a session is told once, and no longer than its patience`() {
        _ = lease.enqueue(Self.one, atMost: 5)
        #expect(!lease.wantsSession)
        lease.awaitSession(until: .max)
        #expect(lease.wantsSession && lease.isHeld(by: Self.one) && lease.patienceEndsAt == nil)
        lease.limitWait(until: 50)
        #expect(lease.patienceEndsAt == 50)
        let told = [lease.sessionOpened(), lease.sessionOpened(), lease.stopWaiting()]
        #expect(told == [Self.one, nil, nil] && lease.patienceEndsAt == nil && lease.holder == Self.one)
    }

    @Test mutating func `those that wait for a reader are turned away only after its holder has lost it`() {
        _ = lease.enqueue(Self.one, atMost: 5)
        _ = lease.enqueue(Self.two, atMost: 5)
        #expect(lease.turnAway().isEmpty)
        lease.departs(Self.collect, isOfHolder: true, at: 1)
        _ = lease.release(Self.one, left: .unknown)
        let gone = [lease.turnAway(), lease.turnAway()]
        #expect(gone == [[Self.two], []])
    }

    @Test mutating func `only who has left and was not seen idle is freed by hand, and what is on the screen stays to be cleared`() {
        _ = lease.enqueue(Self.one, atMost: 5)
        lease.departs(Self.collect, isOfHolder: true, at: 1)
        #expect(lease.releaseByHand(of: Self.one) == false, "it is at work")
        _ = lease.release(Self.one, left: .unknown)
        #expect(!lease.releaseByHand(of: Self.two) && lease.releaseByHand(of: Self.one))
        #expect(lease.isFree && lease.dirty)
    }

    // MARK: The proof

    @Test mutating func `a confirm without an answer has the reader proved idle, or an hour pass`() {
        confirms()
        #expect(lease.release(Self.one, left: .unknown) == false && lease.proves)
        #expect(lease.idleAt == MonoTime(100) + 3_600_000)
        #expect(lease.provedIdle() && lease.isFree && lease.idleAt == nil)
    }

    @Test(arguments: [ConfirmAnswer.Field.confirmed, .declined, .error])
    func `an answer in one of the three fields of a confirm says that nothing runs`(field: ConfirmAnswer.Field) {
        var lease = lease
        _ = lease.enqueue(Self.one, atMost: 5)
        lease.departs(Self.confirm, isOfHolder: true, at: 1)
        lease.answered(Self.confirm, Self.answer(field))
        #expect(lease.release(Self.one, left: .unknown) == false && !lease.proves)
    }

    @Test mutating func `an empty answer and a lost one say nothing, and what never left changes nothing`() {
        confirms()
        lease.answered(Self.confirm, Self.answer(.none))
        lease.departs(Self.confirm, isOfHolder: true, at: 500)
        lease.answered(Self.confirm, .failure(.unreachable(detail: "held back")))
        _ = lease.release(Self.one, left: .unknown)
        #expect(lease.idleAt == MonoTime(100) + 3_600_000, "the first confirm may run still")
    }

    @Test mutating func `a proof that is refused has the screen cleared first, once, and is tried again then`() {
        confirms()
        _ = lease.release(Self.one, left: .unknown)
        lease.notAdmitted(isInUse: true)
        #expect(lease.clearsFirst && lease.dirty)
        lease.cleared()
        #expect(!lease.clearsFirst && lease.proves)
        lease.notAdmitted(isInUse: true)
        lease.notAdmitted(isInUse: true)
        #expect(!lease.clearsFirst, "a refusal after the clearing is one of the proof")
        lease.notAdmitted(isInUse: true)
        lease.notCleared()
        #expect(!lease.clearsFirst, "a reader that does not clear is at work")
    }

    @Test mutating func `a proof that is wanted of a reader at work waits until it is free`() {
        _ = lease.enqueue(Self.one, atMost: 5)
        #expect(!lease.wantProof(at: 10) && !lease.proves && lease.proofWanted)
        #expect(lease.release(Self.one, left: .idle) == true && lease.proves)
        #expect(!lease.provedIdle() && !lease.proofWanted, "nothing was to be freed")
    }

    @Test mutating func `a lease of the last life is taken up as the journal has it, and only on a free reader`() {
        #expect(lease.recover(Self.one, .takesOver, at: 5) && lease.takesOver && !lease.proves && lease.idleAt == nil)
        #expect(lease.recover(Self.two, .clears, at: 5) == false)
        #expect(lease.provedIdle() == false, "a takeover ends with a cleared screen")
        var other = ReaderLease()
        #expect(other.recover(Self.two, .proves, at: 5) && other.proves && other.idleAt == MonoTime(5) + 3_600_000)
    }

    // MARK: Twins

    @Test mutating func `what is owed is handed over once, and whoever waits gets the reader`() {
        confirms()
        _ = lease.enqueue(Self.two, atMost: 5)
        #expect(lease.handOverDebt() == nil, "its holder settles it")
        _ = lease.release(Self.one, left: .unknown)
        let debt = lease.handOverDebt()
        #expect(debt == .init(left: .init(holder: Self.one, way: .proves), confirmSentAt: 100, proofWanted: false, dirty: true))
        #expect(lease.grantNext() == Self.two && lease.handOverDebt() == nil)
    }

    @Test mutating func `a debt that comes before the holder's session is proved first, and the one that it is about has the reader after`()
    {
        _ = lease.enqueue(Self.two, atMost: 5)
        lease.awaitSession(until: .max)
        let debt = ReaderLease.Debt(left: .init(holder: Self.one, way: .proves), confirmSentAt: 7, proofWanted: false, dirty: true)
        #expect(lease.takeOver(debt, isLive: false, at: 9) == false)
        #expect(lease.proves && !lease.isAwaitingUnproved && lease.dirty)
        #expect(lease.release(Self.two, left: .idle) == false && lease.holder == Self.one && lease.proves)
    }

    @Test mutating func `a debt that comes into an open session is settled when the holder has left`() {
        _ = lease.enqueue(Self.two, atMost: 5)
        let debt = ReaderLease.Debt(left: nil, confirmSentAt: nil, proofWanted: true, dirty: false)
        #expect(!lease.takeOver(debt, isLive: true, at: 9) && !lease.proves)
        #expect(lease.release(Self.two, left: .idle) == true && lease.proves)
    }

    @Test mutating func `a free reader takes a debt up at once`() {
        let debt = ReaderLease.Debt(left: .init(holder: Self.one, way: .clears), confirmSentAt: nil, proofWanted: false, dirty: true)
        #expect(lease.takeOver(debt, isLive: false, at: 9) && lease.isFreeing && lease.holder == Self.one)
        #expect(lease.takeOver(.init(proofWanted: true), isLive: false, at: 9) && lease.proves)
    }

    @Test mutating func `an entry in no list keeps its debts for an hour, and is freed where a proof is not needed`() {
        _ = lease.recover(Self.one, .proves, at: 0)
        #expect(lease.freeAsUnlisted() == false)
        _ = lease.releaseByHand(of: Self.one)
        lease.unlist(at: 10)
        lease.unlist(at: 3_600_009)
        #expect(!lease.isResting)
        lease.relist()
        lease.unlist(at: 3_600_020)
        #expect(!lease.isResting, "it was listed in between")
        lease.unlist(at: 7_200_020)
        #expect(lease.isResting)
        _ = lease.recover(Self.two, .clears, at: 0)
        #expect(lease.freeAsUnlisted() && lease.isFree)
    }
}
