import GatewayCore
import GatewayModel
import Moments
import Testing

/// Every clause of every row, taken away once: each of these fails when its clause is dropped.
@Suite struct VerdictClauseTests {
    private let a = IntentStory.id("a")
    private let b = IntentStory.id("b")
    private let window = IntentStory.window

    private func says(_ name: String, _ steps: [IntentStory.Step]) -> Verdict? { IntentStory(steps)[name] }

    // MARK: Row 1

    @Test func `row 1 stands above the backend's Submitted`() {
        #expect(says("a", [.confirms("a"), .losesAnswer("a"), .status(.submitted(order: nil)), .reads(.canceled)]) == .intentCanceled)
    }

    @Test func `row 1 stands above a technician's word`() {
        #expect(says("a", [.confirms("a"), .losesAnswer("a"), .technician("a", paid: true), .reads(.canceled)]) == .intentCanceled)
    }

    @Test func `row 1 counts only an answer that names this intent`() {
        #expect(says("a", [.confirms("a"), .answersOfAnother("a", .declined, .canceled)]) == .unknown)
    }

    // MARK: Row 2

    @Test func `row 2 needs every send to have stayed here`() {
        let steps: [IntentStory.Step] = [
            .confirms("a"), .answers("a", .error, .requiresConfirmation), .sendsAgain("a"), .neverLeft("a"),
        ]
        #expect(says("a", steps) == .unknown)
    }

    @Test func `row 2 does not hold of a lost answer`() {
        #expect(says("a", [.confirms("a"), .losesAnswer("a")]) == .unknown)
    }

    // MARK: Row 3

    @Test func `row 3 needs the answer to name this intent`() {
        #expect(says("a", [.confirms("a"), .answersOfAnother("a", .declined, .requiresPaymentMethod)]) == .unknown)
    }

    @Test func `row 3 needs the last send's answer`() {
        let steps: [IntentStory.Step] = [
            .confirms("a"), .answers("a", .error, .requiresPaymentMethod), .sendsAgain("a"), .losesAnswer("a"),
        ]
        #expect(says("a", steps) == .unknown)
    }

    @Test func `row 3 needs every earlier send to be answered`() {
        let steps: [IntentStory.Step] = [
            .confirms("a"), .losesAnswer("a"), .sendsAgain("a"), .answers("a", .declined, .requiresPaymentMethod),
        ]
        #expect(says("a", steps) == .unknown)
    }

    @Test func `row 3 wants requires_payment_method, not any refusal`() {
        for status in [IntentStatus.processing, .requiresAction, .other("odd")] {
            #expect(says("a", [.confirms("a"), .answers("a", .declined, status)]) == .unknown)
        }
    }

    // MARK: Row 4

    @Test func `row 4 needs the reading to be asked, not only answered, after the window`() {
        let steps: [IntentStory.Step] = [
            .confirms("a"), .losesAnswer("a"), .idle("a"), .passes(window), .readsLate(.requiresPaymentMethod, askedAgo: 1_000),
        ]
        #expect(says("a", steps) == .unknown)
    }

    @Test func `row 4 counts the window from idle, not from the send`() {
        let steps: [IntentStory.Step] = [
            .confirms("a"), .losesAnswer("a"), .passes(window), .idle("a"), .passes(window - 1_000), .reads(.requiresPaymentMethod),
        ]
        #expect(says("a", steps) == .unknown)
    }

    @Test func `row 4 needs a reader that was seen idle`() {
        #expect(says("a", [.confirms("a"), .losesAnswer("a"), .passes(window * 2), .reads(.requiresPaymentMethod)]) == .unknown)
    }

    @Test func `row 4 needs its own reader, not another's`() {
        let steps: [IntentStory.Step] = [
            .confirms("a"), .losesAnswer("a"), .idle("b"), .passes(window * 2), .reads(.requiresPaymentMethod),
        ]
        #expect(says("a", steps) == .unknown)
    }

    @Test func `row 4 takes idleness after the last send only`() {
        let steps: [IntentStory.Step] = [
            .confirms("a"), .answers("a", .error, .requiresConfirmation), .idle("a"), .passes(window), .sendsAgain("a"),
            .losesAnswer("a"), .reads(.requiresPaymentMethod),
        ]
        #expect(says("a", steps) == .unknown)
    }

    @Test func `row 4 takes no idleness while the confirm still waits for its answer`() {
        let steps: [IntentStory.Step] = [.confirms("a"), .idle("a"), .passes(window), .reads(.requiresPaymentMethod)]
        #expect(says("a", steps) == .unknown)
    }

    @Test func `row 4 takes no idleness from before the answer was lost`() {
        let steps: [IntentStory.Step] = [
            .confirms("a"), .idle("a"), .losesAnswer("a"), .passes(window), .reads(.requiresPaymentMethod),
        ]
        #expect(says("a", steps) == .unknown)
    }

    @Test func `row 4 takes the first idleness, not the last`() {
        let steps: [IntentStory.Step] = [
            .confirms("a"), .losesAnswer("a"), .idle("a"), .passes(window), .idle("a"), .reads(.requiresPaymentMethod),
        ]
        #expect(says("a", steps) == .notCharged)
    }

    @Test func `row 4 takes an answer without any of the three fields for no sign of idleness`() {
        let steps: [IntentStory.Step] = [
            .confirms("a"), .answers("a", .none, nil), .passes(window), .reads(.requiresPaymentMethod),
        ]
        #expect(says("a", steps) == .unknown)
    }

    @Test func `row 4 waits an hour, not less, for a reader that does not come back`() {
        let steps: [IntentStory.Step] = [.confirms("a"), .losesAnswer("a"), .passes(3_500_000 + window), .reads(.requiresPaymentMethod)]
        #expect(says("a", steps) == .unknown)
    }

    @Test(arguments: [IntentStatus.requiresPaymentMethod, .requiresConfirmation, .requiresAction])
    func `row 4 takes each of the three states`(status: IntentStatus) {
        #expect(says("a", [.confirms("a"), .losesAnswer("a"), .idle("a"), .passes(window), .reads(status)]) == .notCharged)
    }

    @Test(arguments: [IntentStatus.processing, .other("odd")])
    func `row 4 takes no other state`(status: IntentStatus) {
        #expect(says("a", [.confirms("a"), .losesAnswer("a"), .idle("a"), .passes(window), .reads(status)]) == .unknown)
    }

    @Test func `row 4 takes no answer for a reading`() {
        let steps: [IntentStory.Step] = [
            .confirms("a"), .losesAnswer("a"), .idle("a"), .passes(window), .confirms("b"),
            .answers("b", .declined, .requiresPaymentMethod),
        ]
        #expect(says("a", steps) == .unknown)
    }

    @Test func `row 4 stands above row 5: somebody else's charge comes after`() {
        let steps: [IntentStory.Step] = [
            .confirms("a"), .losesAnswer("a"), .idle("a"), .passes(window), .reads(.requiresPaymentMethod),
            .status(.submitted(order: nil)),
        ]
        #expect(says("a", steps) == .notCharged)
        #expect(IntentStory(steps).evidence.isPaidBySomebodyElse(under: IntentStory.terms))
    }

    // MARK: Row 5

    @Test func `row 5 takes processing for no charge`() {
        #expect(says("a", [.confirms("a"), .answers("a", .confirmed, .processing)]) == .unknown)
    }

    @Test func `row 5 takes no answer that names another intent`() {
        #expect(says("a", [.confirms("a"), .answersOfAnother("a", .confirmed, .succeeded)]) == .unknown)
    }

    @Test func `row 5 prefers an own confirmation to a newer attempt`() {
        let steps: [IntentStory.Step] = [.confirms("a"), .answers("a", .confirmed, .succeeded), .confirms("b"), .losesAnswer("b")]
        #expect(says("a", steps) == .authorized)
        #expect(says("b", steps) == .cartPaid(by: a))
    }

    @Test func `row 5 takes a refusal that carries the charge for no own confirmation`() {
        let steps: [IntentStory.Step] = [
            .confirms("a"), .losesAnswer("a"), .confirms("b"), .answers("b", .error, .succeeded),
        ]
        #expect(says("a", steps) == .authorized)
    }

    @Test func `row 5 waits for the last answer before it chooses`() {
        let steps: [IntentStory.Step] = [.confirms("a"), .losesAnswer("a"), .confirms("b"), .reads(.succeeded)]
        #expect(says("a", steps) == .unknown)
        #expect(says("a", steps + [.answers("b", .error, nil)]) == .authorized)
        #expect(says("b", steps + [.answers("b", .confirmed, .succeeded)]) == .authorized)
    }

    @Test func `row 5 chooses none that confirmed after the first word`() {
        let steps: [IntentStory.Step] = [
            .confirms("a"), .answers("a", .error, nil), .reads(.succeeded), .confirms("b"), .losesAnswer("b"),
        ]
        #expect(says("a", steps) == .authorized)
        #expect(says("b", steps) == .cartPaid(by: a))
    }

    @Test func `row 5 counts when the word was answered, not when it was asked`() {
        let steps: [IntentStory.Step] = [
            .confirms("a"), .answers("a", .error, nil), .passes(1_000), .confirms("b"), .losesAnswer("b"),
            .readsLate(.succeeded, askedAgo: 900),
        ]
        #expect(says("b", steps) == .authorized)
    }

    @Test func `row 5 chooses none that was cleared`() {
        let steps: [IntentStory.Step] = [
            .confirms("a"), .losesAnswer("a"), .idle("a"), .passes(window), .reads(.requiresPaymentMethod), .confirms("b"),
            .losesAnswer("b"), .readsCard(.succeeded, last4: "a"),
        ]
        #expect(says("b", steps) == .authorized)
    }

    @Test func `row 5 never changes whom it has named`() {
        var story = IntentStory([.confirms("a"), .losesAnswer("a"), .reads(.succeeded)])
        story.settle()
        story.happens(.confirms("b"))
        story.happens(.answers("b", .confirmed, .succeeded))
        #expect(story["a"] == .authorized)
        #expect(story["b"] == .cartPaid(by: a))
    }

    @Test func `row 5 does not take the only attempt that is left for the only one there was`() {
        var story = IntentStory([.confirms("a"), .losesAnswer("a"), .technician("a", paid: false)])
        story.settle()
        story.happens(.confirms("b"))
        story.happens(.reads(.succeeded))
        #expect(story["b"] == .unknown, "a may have charged it after all, and b's answer will tell")
        story.happens(.losesAnswer("b"))
        #expect(story["b"] == .authorized, "a cart that is charged has one payment that says so")
    }

    // MARK: Row 6

    @Test func `row 6 begins when the charge is known`() {
        let steps: [IntentStory.Step] = [
            .confirms("a"), .status(.failed(error: nil)), .passes(200_000), .answers("a", .confirmed, .succeeded),
            .status(.failed(error: nil)),
        ]
        #expect(says("a", steps) == .authorized)
    }

    @Test func `row 6 is broken by every other word`() {
        let steps: [IntentStory.Step] = [
            .confirms("a"), .answers("a", .confirmed, .succeeded), .status(.failed(error: nil)), .passes(60_000), .status(.open),
            .passes(60_000), .status(.failed(error: nil)),
        ]
        #expect(says("a", steps) == .authorized)
    }

    @Test func `row 6 takes no word that was asked before the one that broke the run`() {
        let steps: [IntentStory.Step] = [
            .confirms("a"), .answers("a", .confirmed, .succeeded), .status(.open), .statusLate(.failed(error: nil), askedAgo: 1_000),
            .passes(120_000), .status(.failed(error: nil)),
        ]
        #expect(says("a", steps) == .authorized)
    }

    @Test func `row 6 counts when the last word was asked, not when it was answered`() {
        let steps: [IntentStory.Step] = [
            .confirms("a"), .answers("a", .confirmed, .succeeded), .status(.failed(error: nil)), .passes(120_000),
            .statusLate(.failed(error: nil), askedAgo: 5_000),
        ]
        #expect(says("a", steps) == .authorized)
    }

    @Test func `row 6 gives way to Submitted`() {
        let steps: [IntentStory.Step] = [
            .confirms("a"), .answers("a", .confirmed, .succeeded), .status(.failed(error: nil)), .passes(120_000),
            .status(.failed(error: nil)), .status(.submitted(order: nil)),
        ]
        #expect(says("a", steps) == .taken(nil))
    }

    // MARK: Row 7

    @Test func `row 7 holds once only`() {
        let steps: [IntentStory.Step] = [
            .confirms("a"), .answers("a", .error, .requiresConfirmation), .sendsAgain("a"), .answers("a", .error, .requiresConfirmation),
        ]
        #expect(says("a", steps) == .unknown)
    }

    @Test func `row 7 does not hold after a cancel`() {
        #expect(says("a", [.confirms("a"), .cancels("a"), .answers("a", .error, .requiresConfirmation)]) == .unknown)
    }

    @Test func `row 7 takes no reading for an answer`() {
        #expect(says("a", [.confirms("a"), .losesAnswer("a"), .reads(.requiresConfirmation)]) == .unknown)
    }

    @Test func `row 7 needs the answer to name this intent`() {
        #expect(says("a", [.confirms("a"), .answersOfAnother("a", .error, .requiresConfirmation)]) == .unknown)
    }

    @Test func `row 7 gives way to a charge`() {
        let steps: [IntentStory.Step] = [.confirms("a"), .reads(.succeeded), .answers("a", .error, .requiresConfirmation)]
        #expect(says("a", steps) == .authorized)
    }

    // MARK: Row 8

    @Test func `row 8 hears the first word only`() {
        let steps: [IntentStory.Step] = [
            .confirms("a"), .losesAnswer("a"), .technician("a", paid: false), .technician("a", paid: true),
        ]
        #expect(says("a", steps) == .said(paid: false))
    }

    @Test func `row 8 lets one attempt only have taken the money`() {
        let steps: [IntentStory.Step] = [
            .confirms("a"), .losesAnswer("a"), .confirms("b"), .losesAnswer("b"), .technician("b", paid: true),
            .technician("a", paid: true),
        ]
        let story = IntentStory(steps)
        #expect([story["a"], story["b"]].count { $0?.bears == true } == 1)
    }

    // MARK: Known not charged

    private func isFree(_ steps: [IntentStory.Step]) -> Bool {
        var story = IntentStory(steps)
        story.settle()
        return story.evidence.isKnownNotCharged(under: IntentStory.terms, at: story.now)
    }

    @Test func `a decline leaves the intent known not charged`() {
        #expect(isFree([.confirms("a"), .answers("a", .declined, .requiresPaymentMethod)]))
    }

    @Test func `a decline beside an unknown attempt does not`() {
        #expect(!isFree([.confirms("a"), .losesAnswer("a"), .confirms("b"), .answers("b", .declined, .requiresPaymentMethod)]))
    }

    @Test func `a technician's word counts only after window and idle`() {
        let steps: [IntentStory.Step] = [.confirms("a"), .losesAnswer("a"), .technician("a", paid: false)]
        #expect(!isFree(steps))
        #expect(!isFree(steps + [.passes(window * 2)]), "not seen idle")
        #expect(!isFree(steps + [.idle("a"), .passes(window - 1_000)]), "not after the window")
        #expect(isFree(steps + [.idle("a"), .passes(window)]))
    }

    @Test func `superseded and cart_paid say the opposite`() {
        #expect(!isFree([.confirms("a"), .losesAnswer("a"), .confirms("b"), .answers("b", .confirmed, .succeeded)]))
        #expect(!isFree([.status(.submitted(order: nil)), .confirms("a"), .answers("a", .error, nil)]))
    }

    @Test func `a technician's word that it was taken says the opposite`() {
        #expect(!isFree([.confirms("a"), .losesAnswer("a"), .technician("a", paid: true)]))
    }

    @Test func `a canceled intent can never be charged`() {
        #expect(isFree([.confirms("a"), .losesAnswer("a"), .reads(.succeeded), .reads(.canceled)]))
    }

    // MARK: When it will be known

    @Test func `the moment of decision is known once the reader is idle`() {
        var story = IntentStory([.confirms("a"), .losesAnswer("a")])
        #expect(story.evidence.decides(a, under: IntentStory.terms) == nil)
        let idle = story.now
        story.happens(.idle("a"))
        #expect(story.evidence.decides(a, under: IntentStory.terms) == idle + window)
        story.happens(.reads(.succeeded))
        #expect(story.evidence.decides(a, under: IntentStory.terms) == nil)
    }
}
