import GatewayCore
import GatewayModel
import Moments
import Testing

/// The table of the nine rows, as the design has it.
@Suite struct VerdictTests {
    struct Line: Sendable, CustomTestStringConvertible {
        var name: String
        var steps: [IntentStory.Step]
        var says: [String: Verdict]
        init(_ name: String, _ steps: [IntentStory.Step], _ says: [String: Verdict]) {
            (self.name, self.steps, self.says) = (name, steps, says)
        }
        var testDescription: String { name }
    }

    static let a = IntentStory.id("a")
    static let b = IntentStory.id("b")
    static let window = IntentStory.window
    static let free: [IntentStatus] = [.requiresPaymentMethod, .requiresConfirmation, .requiresAction]

    static let table: [Line] = [
        // Row 1.
        Line("1: canceled, by reading", [.confirms("a"), .losesAnswer("a"), .reads(.canceled)], ["a": .intentCanceled]),
        Line("1: canceled, by answer", [.confirms("a"), .answers("a", .declined, .canceled)], ["a": .intentCanceled]),
        Line(
            "1: canceled ends a hold, whatever was read before",
            [.confirms("a"), .answers("a", .confirmed, .requiresCapture), .reads(.requiresCapture), .reads(.canceled)],
            ["a": .intentCanceled]),
        Line(
            "1: canceled clears all attempts at once",
            [.confirms("a"), .losesAnswer("a"), .confirms("b"), .reads(.canceled)], ["a": .intentCanceled, "b": .intentCanceled]),
        // Row 2.
        Line("2: nothing left this box", [.confirms("a"), .neverLeft("a")], ["a": .notConfirmed]),
        Line(
            "2: also while another attempt is unknown",
            [.confirms("a"), .losesAnswer("a"), .confirms("b"), .neverLeft("b")], ["a": .unknown, "b": .notConfirmed]),
        // Row 3.
        Line("3: declined", [.confirms("a"), .answers("a", .declined, .requiresPaymentMethod)], ["a": .declined]),
        Line(
            "3: declined in the error's field", [.confirms("a"), .answers("a", .error, .requiresPaymentMethod)], ["a": .declined]),
        Line(
            "3: the decline of one says nothing of another",
            [.confirms("a"), .losesAnswer("a"), .confirms("b"), .answers("b", .declined, .requiresPaymentMethod)],
            ["a": .unknown, "b": .declined]),
        // Row 4.
        Line(
            "4: read as free, asked when the window after idle had passed",
            [.confirms("a"), .losesAnswer("a"), .idle("a"), .passes(window), .reads(.requiresPaymentMethod)], ["a": .notCharged]),
        Line(
            "4: whatever later attempts do",
            [
                .confirms("a"), .losesAnswer("a"), .idle("a"), .passes(window), .confirms("b"), .reads(.requiresPaymentMethod),
            ], ["a": .notCharged, "b": .unknown]),
        Line(
            "4: a reader that does not come back counts as idle an hour after the send",
            [.confirms("a"), .losesAnswer("a"), .passes(3_600_000 + window), .reads(.requiresPaymentMethod)], ["a": .notCharged]),
        Line(
            "4: an answer in one of the three fields shows the reader idle",
            [.confirms("a"), .answers("a", .error, nil), .passes(window), .reads(.requiresPaymentMethod)], ["a": .notCharged]),
        // Row 5.
        Line("5: its own answer says so", [.confirms("a"), .answers("a", .confirmed, .succeeded)], ["a": .authorized]),
        Line("5: in whatever field", [.confirms("a"), .answers("a", .declined, .succeeded)], ["a": .authorized]),
        Line("5: a reading says so", [.confirms("a"), .losesAnswer("a"), .reads(.requiresCapture)], ["a": .authorized]),
        Line(
            "5: the backend says so", [.confirms("a"), .losesAnswer("a"), .status(.submitted(order: IntentStory.order))],
            ["a": .taken(IntentStory.order)]),
        Line(
            "5: the only attempt bears it while its answer is still awaited",
            [.confirms("a"), .passes(3_000), .reads(.succeeded)], ["a": .authorized]),
        Line(
            "5: its own confirmation before all others",
            [.confirms("a"), .losesAnswer("a"), .confirms("b"), .confirms("c"), .answers("b", .confirmed, .succeeded)],
            ["a": .superseded(by: b), "b": .authorized, "c": .cartPaid(by: b)]),
        Line(
            "5: nobody while another confirm is awaited",
            [.confirms("a"), .losesAnswer("a"), .confirms("b"), .reads(.succeeded)], ["a": .unknown, "b": .unknown]),
        Line(
            "5: else the newest whose answer was no refusal",
            [.confirms("a"), .losesAnswer("a"), .confirms("b"), .answers("b", .declined, .succeeded)],
            ["a": .authorized, "b": .cartPaid(by: a)]),
        Line(
            "5: else the newest",
            [.confirms("a"), .answers("a", .error, nil), .confirms("b"), .answers("b", .error, nil), .reads(.succeeded)],
            ["a": .superseded(by: b), "b": .authorized]),
        Line(
            "5: of two lost answers the newest",
            [.confirms("a"), .losesAnswer("a"), .confirms("b"), .losesAnswer("b"), .reads(.succeeded)],
            ["a": .superseded(by: b), "b": .authorized]),
        Line(
            "5: the one whose card was charged, where that is told",
            [.confirms("a"), .losesAnswer("a"), .confirms("b"), .losesAnswer("b"), .readsCard(.succeeded, last4: "a")],
            ["a": .authorized, "b": .cartPaid(by: a)]),
        Line(
            "5: not one that confirmed after it was known",
            [.confirms("a"), .losesAnswer("a"), .reads(.succeeded), .confirms("b"), .losesAnswer("b")],
            ["a": .authorized, "b": .cartPaid(by: a)]),
        Line(
            "5: not one that a row above has cleared",
            [
                .confirms("a"), .losesAnswer("a"), .confirms("b"), .answers("b", .declined, .requiresPaymentMethod), .reads(.succeeded),
            ], ["a": .authorized, "b": .declined]),
        Line(
            "5: who comes too late for somebody else's charge",
            [.status(.submitted(order: nil)), .confirms("a"), .answers("a", .error, nil)], ["a": .cartPaid(by: nil)]),
        // Row 6.
        Line(
            "6: failed at every asking for as long as status_s",
            [
                .confirms("a"), .answers("a", .confirmed, .succeeded), .status(.failed(error: nil)), .passes(60_000),
                .status(.failed(error: nil)), .passes(60_000), .status(.failed(error: nil)),
            ], ["a": .orderFailed]),
        Line(
            "6: until then failed is no news",
            [
                .confirms("a"), .answers("a", .confirmed, .succeeded), .status(.failed(error: nil)), .passes(100_000),
                .status(.failed(error: nil)),
            ], ["a": .authorized]),
        // Row 7.
        Line(
            "7: its answer asks to be confirmed again", [.confirms("a"), .answers("a", .error, .requiresConfirmation)],
            ["a": .confirmAgain]),
        // Row 8.
        Line("8: a technician says taken", [.confirms("a"), .losesAnswer("a"), .technician("a", paid: true)], ["a": .said(paid: true)]),
        Line(
            "8: a technician says not taken", [.confirms("a"), .losesAnswer("a"), .technician("a", paid: false)], ["a": .said(paid: false)]),
        Line(
            "8: taken ends the others",
            [.confirms("a"), .losesAnswer("a"), .confirms("b"), .losesAnswer("b"), .technician("a", paid: true)],
            ["a": .said(paid: true), "b": .superseded(by: a)]),
        Line(
            "8: also of what is held",
            [.confirms("a"), .answers("a", .confirmed, .requiresCapture), .technician("a", paid: false)], ["a": .said(paid: false)]),
        // Row 9.
        Line("9: no answer yet", [.confirms("a")], ["a": .unknown]),
        Line("9: the answer is lost", [.confirms("a"), .losesAnswer("a")], ["a": .unknown]),
        Line("9: processing, by reading", [.confirms("a"), .losesAnswer("a"), .reads(.processing)], ["a": .unknown]),
        Line("9: processing, by answer", [.confirms("a"), .answers("a", .confirmed, .processing)], ["a": .unknown]),
        Line(
            "9: processing, and back", [.confirms("a"), .answers("a", .confirmed, .processing), .reads(.requiresPaymentMethod)],
            ["a": .unknown]),
        Line("9: failed alone", [.confirms("a"), .losesAnswer("a"), .status(.failed(error: nil))], ["a": .unknown]),
        Line(
            "9: failed for ever",
            [.confirms("a"), .losesAnswer("a"), .status(.failed(error: nil)), .passes(9_000_000), .status(.failed(error: nil))],
            ["a": .unknown]),
        Line("9: refused for a state that is not told", [.confirms("a"), .answers("a", .error, nil)], ["a": .unknown]),
        Line("9: a state that nobody knows", [.confirms("a"), .answers("a", .declined, .other("odd"))], ["a": .unknown]),
    ]

    @Test(arguments: table)
    func `each row says what the design says`(line: Line) {
        let story = IntentStory(line.steps)
        for (name, verdict) in line.says { #expect(story[name] == verdict, "of \(name)") }
    }

    /// Once told, a verdict stays over a restart; what was unknown has only lost its answers.
    @Test(arguments: table)
    func `a restart changes no end, and makes nobody's money another's`(line: Line) {
        var story = IntentStory(line.steps)
        var before: [String: Verdict] = [:]
        for name in line.says.keys { before[name] = story[name] }
        story.happens(.restarts)
        for (name, verdict) in before {
            let after = story[name]
            switch verdict {
            case .confirmAgain: #expect(after == .unknown, "it was sent once: never again after a restart")
            case .authorized: #expect(after == .authorized)
            case .unknown:
                // What was awaited then is lost now: only then the charge may be somebody's. Nobody is cleared by that.
                switch after {
                case .unknown?, .authorized?, .superseded?, .cartPaid?: break
                default: Issue.record("\(name) is \(String(describing: after))")
                }
            default: #expect(after == verdict)
            }
        }
        #expect(line.says.keys.count { story[$0]?.bears == true } <= 1)
    }

    /// Everything that can be learnt of two attempts, in every order in which it can come.
    @Test func `the order in which words arrive changes nothing`() {
        let words: [[IntentStory.Step]] = [
            [.readsLate(.requiresPaymentMethod, askedAgo: 5_000), .readsLate(.processing, askedAgo: 0), .statusLate(.open, askedAgo: 0)],
            [.readsLate(.succeeded, askedAgo: 100), .statusLate(.failed(error: nil), askedAgo: 0), .losesAnswer("b"), .idle("a")],
            [.readsLate(.canceled, askedAgo: 0), .readsLate(.succeeded, askedAgo: 0), .losesAnswer("b"), .statusLate(.open, askedAgo: 9)],
            [
                .losesAnswer("b"), .status(.submitted(order: nil)), .readsLate(.requiresCapture, askedAgo: 50), .idle("a"),
                .reads(.processing),
            ],
        ]
        for group in words {
            var seen: Set<[Verdict?]> = []
            for order in Self.orders(group) {
                let story = IntentStory([.confirms("a"), .losesAnswer("a"), .confirms("b"), .passes(10_000)] + order)
                seen.insert([story["a"], story["b"]])
            }
            #expect(seen.count == 1, "\(group): \(seen)")
        }
    }

    static func orders<Element>(_ elements: [Element]) -> [[Element]] {
        guard elements.count > 1 else { return [elements] }
        return elements.indices.flatMap { index -> [[Element]] in
            var rest = elements
            let first = rest.remove(at: index)
            return orders(rest).map { [first] + $0 }
        }
    }
}
