"""The mutants: each takes one thing away that keeps a promise, or turns it round.

`within` is the text that stands exactly once in the core; `old` is the part of it that is replaced by `new` (all of it where `old` is not given).
An expression is replaced by an expression; `statements` are whole statements, and none in their place where `new` is empty.
`seed` is a store in which the loss shows, `test` a test that shows it where no store does. What nothing can miss says why in `equivalent`.
"""

import dataclasses


@dataclasses.dataclass(frozen=True)
class Mutant:
    name: str
    within: str
    new: str
    old: str = ""
    seed: int | None = None
    options: tuple = ()
    statements: bool = False
    equivalent: str = ""
    # The test of the core that misses it, where no store does.
    test: str = ""
    # Further expressions of the same mistake, where one rule stands in two places: (within, old, new).
    also: tuple = ()


def expression(name, within, old, new, seed=None, options=(), equivalent="", also=()):
    return Mutant(name, within, new, old or within, seed, options, False, equivalent, "", also)


def statement(name, old, new="", seed=None, options=(), equivalent="", within=""):
    return Mutant(name, within or old, new, old, seed, options, True, equivalent)


MUTANTS = [
    # What was a list of safety rules once: confirms and rows.
    statement(
        "the confirm does not wait for its row", "journal(.confirming, snapshot, waiter: .confirming(id), at: now)",
        "journal(.confirming, snapshot, at: now)\nchange(id, at: now) { $0.confirmingWritten(at: now) }"),
    statement(
        "an intent is asked for ahead of the disk", "waiter: .intentAhead(payment, terms))",
        "waiter: .intentAhead(payment, terms))\nintentAheadWritten(payment, terms)"),
    expression(
        "a form opens beside an intent that may be charged", "guard let intent = facts.intent, isBound(intent, at: now.mono) else { return nil }",
        "isBound(intent, at: now.mono)", "now.mono < .min"),
    statement(
        "a row that failed is taken for one that is there", "change(payment, at: now) { $0.confirmingFailed(at: now) }",
        "change(payment, at: now) { $0.confirmingWritten(at: now) }"),
    expression(
        "a confirmed intent is replaced at will", "{ intent.everConfirmed && !isKnownNotCharged(intent, at: now) }",
        "intent.everConfirmed && !isKnownNotCharged(intent, at: now)", "false"),
    statement(
        "a reader is free although nobody saw it idle", "state = .freeing(holder, confirmSentAt == nil ? .clears : .proves)",
        "state = .free"),
    statement(
        "a token is given twice", "if now - since < age { return [.give(token, to: claimant)] + fill(at: now) }",
        "if now - since < age {\nstate = .held(token, since: since)\nreturn [.give(token, to: claimant)]\n}"),
    expression("idle is taken for granted", "var idle = last.at + terms.absence", "last.at + terms.absence", "last.at"),
    expression("no window", "readFree >= idle + terms.window", "idle + terms.window", "idle"),
    statement("a cancel is not heard before the confirm", "active.stop(.checkout)"),
    expression(
        "a canceled payment is confirmed", "return machine.isSendingConfirm && !machine.record.cancelRequested",
        "!machine.record.cancelRequested", "true",
        also=(("active.stop(.checkout)", "active.stop(.checkout)", "()"),)),
    expression(
        "the intent's amount is not compared", "if whole.overflow || whole.partialValue != facts.amountMinor {",
        "whole.overflow || whole.partialValue != facts.amountMinor", "false"),
    expression(
        "other amounts beside an unresolved payment", "guard item.terms == terms else {", "item.terms == terms", "true",
        equivalent="the second of two looks, the first for who is told at once: an intent that may be charged is bound to its amount all the same"),
    expression(
        "a Failed is believed at once", "failed.last >= max(failed.first, charge.knownAt) + terms.patience", "", "true"),
    expression("a paid cart is paid again", "if facts.paid || isPaidBySomebodyElse {", "facts.paid || isPaidBySomebodyElse", "false"),
    expression("the same id is another payment", "if let known = payments.record(payment) ?? recall.payment {",
               "payments.record(payment) ?? recall.payment", "nil"),
    expression("silence is taken for nothing sent", "fate = .lost", ".lost", ".notSent"),
    expression("a restart forgets the confirm", "guard record.confirmingAt != nil else {\n            end(", "record.confirmingAt != nil", "false"),
    statement(
        "a payment is answered before it is on disk",
        "guard payments.acceptance.reserve(payment, record, for: id) else { return refuse(id, .fateUnknown(\"payment \\(payment.text)\")) }",
        "guard payments.acceptance.reserve(payment, record, for: id) else { return refuse(id, .fateUnknown(\"payment \\(payment.text)\")) }\n"
        "respond(id, .payment(record, created: true))"),
    expression("two requests at a reader at once", "guard !isAsking, !pending.isEmpty else { return nil }", "!isAsking", "true"),
    expression(
        "a heartbeat beside a payment", "case .live where around.isLeaseFree && !around.isAsking && now >= lastContact + heartbeatInterval",
        "around.isLeaseFree", "true",
        also=(("case .live: isLeaseFree && !isAsking ? lastContact + heartbeatInterval() : .max", "isLeaseFree", "true"),)),
    expression("keyed entry beside a payment", "if let item = open.first {", "open.first", "nil"),
    expression(
        "a payment beside keyed entry", "if facts.keyedEntry, !request.afterKeyedEntry || handingOut > 0 {",
        "!request.afterKeyedEntry || handingOut > 0", "false"),
    expression("old news are fresh", "readFree = max(readFree ?? .min, asked)", "asked", "answered"),
    expression("every attempt takes the money", "guard attempt.payment == bearer else {", "attempt.payment == bearer", "true"),
    statement(
        "a cancel needs no acknowledgement",
        "active.reader = .canceling\n                actions.append(.command(.cancelCollect(active.context)))",
        "finish(stop, reader: .idle, at: now, &actions)\nreturn",
        within="active.reader = .canceling\n                actions.append(.command(.cancelCollect(active.context)))\n"
        "            case .displaying, .collecting, .querying, .canceling, .clearing: break\n            }\n            state = .active(active)"),
    expression(
        "an end is shown before it is on disk", "guard isOnItsWay, outbox.trouble == nil else { return respond(id, .payment(record, created: false)) }",
        "isOnItsWay", "false"),
    expression("readers are taken over unasked", ".activate(token: token, failIfInUse: !tookOver)", "!tookOver", "false"),

    # The verdicts, clause by clause.
    expression("row 1: a canceled intent is none", "if isCanceled { return .intentCanceled }", "isCanceled", "false"),
    expression("row 2: one send that left is enough", "if attempt.sends.allSatisfy({ $0.fate == .notSent }) { return .notConfirmed }",
               "attempt.sends.allSatisfy({ $0.fate == .notSent })", "attempt.sends.contains { $0.fate == .notSent }"),
    expression("row 3: an answer about another intent declines", "if let answer = attempt.answer, answer.intent == intent, answer.status == .requiresPaymentMethod,",
               "answer.intent == intent", "true",
               equivalent="no reader of these stores answers about another intent than the one that it was asked to confirm"),
    expression("row 3: an earlier send may be without an answer", r"attempt.sends.dropLast().allSatisfy(\.hasAnswer)", "", "true"),
    expression("row 4: a reading clears without an idle reader", "guard let last = sends.last(where: { $0.fate != .notSent }), last.fate != .waiting else { return nil }",
               "last.fate != .waiting", "true",
               equivalent="a confirm waits for its answer ten minutes at most, and no reader that was not seen counts as idle before an hour is over"),
    expression("row 5: a refusal bears like an approval", "return (open.last { !$0.isRefused } ?? open.last)?.payment", "open.last { !$0.isRefused } ?? open.last", "open.last"),
    expression("row 5: a confirm under way is not waited for", "guard isAlone || !isWaiting else { return nil }", "isAlone || !isWaiting", "true"),
    expression("row 5: who came after the charge bears it", "let candidates = left.filter { charge.among.contains($0.payment) }",
               "left.filter { charge.among.contains($0.payment) }", "left"),
    expression("row 5: older and newer are taken for each other", "return index < place ? .superseded(by: bearer) : .cartPaid(by: bearer)",
               "index < place", "index > place",
               equivalent="both say that another attempt took the money; which words a cashier reads is held by the table of verdicts"),
    expression("row 5: a charge is not one", "case .succeeded, .requiresCapture: noteCharge(at: answered)", "noteCharge(at: answered)", "()"),
    expression("row 6: one Failed is an unbroken run", "failed = run.last > asked ? FailedRun(first: run.last, last: run.last) : nil",
               "run.last > asked ? FailedRun(first: run.last, last: run.last) : nil", "run"),
    expression("row 7: confirmed a third time", "answer.status == .requiresConfirmation, attempt.sends.count == 1,", "attempt.sends.count == 1", "true",
               equivalent="the payment's own count of its sends stands behind it"),
    expression("row 7: confirmed again after a cancel", "            !attempt.isCancelRequested\n", "!attempt.isCancelRequested", "true",
               equivalent="the payment's own look at the cancel stands behind it"),
    expression("row 9: processing is a charge", "case .processing, .other: break", "break", "noteCharge(at: answered)"),
    expression("a technician's word lets another intent be made at once", "return clears(attempt, under: terms) != nil || attempt.idleSince(terms).map { now >= $0 + terms.window } == true",
               "clears(attempt, under: terms) != nil || attempt.idleSince(terms).map { now >= $0 + terms.window } == true", "true"),
    expression("a charge of an earlier life is forgotten", "if let among = facts.chargedAmong { known.recoverCharge(among: among, at: now.mono) }",
               "known.recoverCharge(among: among, at: now.mono)", "()"),

    # The cart.
    expression("Submitted is not taken for paid", "if case .submitted(let order) = status { submitted = .init(order: order ?? submitted?.order) }",
               "submitted = .init(order: order ?? submitted?.order)", "()"),
    expression("another intent of the backend is confirmed", "if let intent = facts.intent, intent.id != made.id, isBound(intent, at: now.mono) {",
               "isBound(intent, at: now.mono)", "false"),
    expression("who has not confirmed goes on beside a charge", "for item in open where item.payment != bearer && attempt(item.payment) == nil {",
               "item.payment != bearer && attempt(item.payment) == nil", "false"),
    expression("a hold is never lifted", "let lifted = heldIntent == intent.id ? facts.held : nil", "heldIntent == intent.id ? facts.held : nil", "nil"),
    expression("a tip that stayed locks the cart", "if tip > 0 { facts.intent?.tipLeft = tip }", "tip > 0", "false"),
    expression("a typed card in the bank's app is no matter", "looks[cart]?.failure = CartMachine.keyedRefusal(status)",
               "CartMachine.keyedRefusal(status)", "nil"),
    expression("a payment that ended keeps its cart", "open.removeAll { $0.payment == payment }\n        told[payment] = nil", "open.removeAll { $0.payment == payment }", "()"),
    expression("a hold is no matter", "return facts.held.map { .held(by: $0) }", "facts.held.map { .held(by: $0) }", "nil"),
    expression("spellings of one cart are several", "remember(request.cart, recalled: recall.cart, at: now)\n        if let refusal = refusesCart(request, at: now) {",
               "refusesCart(request, at: now)", "nil"),

    # Acceptance and the outbox.
    expression("a late row begins all the same", "case .refused: .late(entry.reserved)", ".late(entry.reserved)", ".inTime(entry.reserved, .nobody)"),
    expression("the id is free although its row's fate is unknown", "entries[id]?.state = .refused", "entries[id]?.state = .refused", "entries[id] = nil"),
    expression("a disk may hang for ever", "return now >= since + Self.deadline", "now >= since + Self.deadline", "false"),
    expression("what could not be written is forgotten", "queue = kept + queue", "kept + queue", "queue"),
    expression("later rows overtake earlier ones", "queue = kept + queue", "kept + queue", "queue + kept"),
    expression("two appends at once", "guard !isWriting, !queue.isEmpty else { return nil }", "!isWriting", "true"),
    expression("who repeats a PUT is not told", "change(id) { $0.askers.append(Asker(request: request, created: false)) }",
               "$0.askers.append(Asker(request: request, created: false))", "_ = $0"),
    expression("a cancel before the row is lost", "change(id) { $0.cancels.append(request) }", "$0.cancels.append(request)", "_ = $0"),

    # The flat queue.
    expression("what is begun goes on for a payment that has ended", "guard let machine = payments[id], machine.epoch == epoch, !machine.isEnded else { return }",
               "machine.epoch == epoch, !machine.isEnded".split(", ")[1], "true",
               equivalent="an ended payment leaves the machine in the same drain, and the state of each payment asks once more"),
    expression("the door lets every confirm out", "return machine.isSendingConfirm && !machine.record.cancelRequested",
               "machine.isSendingConfirm && !machine.record.cancelRequested", "true",
               equivalent="the last of several looks: the payment itself has not been canceled when it asks"),

    # Readers and tokens.
    expression(
        "a lease is never freed", "} else {\n                state = .free\n            }", "state = .free", "()",
        also=(("guard isFreeing else { return false }\n        state = .free", "state = .free", "()"),)),
    expression(
        "after a restart every reader is taken over", "if case .freeing(_, let way) = state { return way == .takesOver }", "way == .takesOver", "way != .clears || true"),
    expression("a session that is gone is kept", "if failure.endsSession { carry(session.failed(", "failure.endsSession", "false"),
    expression("who waits for a reader waits for ever", "if let next = lease.grantNext() { begin(next, &actions) }", "lease.grantNext()", "Optional<LeaseHolder>.none"),
    expression("the queue has no end", "guard waiting.count < limit else { return .full }", "waiting.count < limit", "true",
               equivalent="no promise: the request is refused with 429 before, and tests of the machine hold the number"),
    expression("who connects is told twice", "let gone = requests.filter(goes)\n        requests.removeAll(where: goes)", "requests.removeAll(where: goes)", "()"),
    expression("a token that was refused is waited for", "var actions: [Action] = claimants.map { .refuse($0, failure) }\n        claimants = []",
               "claimants = []", "()"),
    expression("a dropped cart keeps its token", "if case .held = state { state = .empty }", "state = .empty", "()",
               equivalent="a token that was not given is spent by nobody; it grows old and is asked for anew"),
    expression("the card is waited for without end", "if case .polling = active.reader, now.mono >= active.cardDeadline { active.stop(.cardTimeout) }",
               "now.mono >= active.cardDeadline", "false"),
    expression("the reader is waited for without end", "if now.mono >= until {\n                end(\n                    .failed, money: .notTaken,\n                    failure: PaymentFailure(\n                        code: .queueTimeout",
               "now.mono >= until", "false"),
    expression("nobody wakes a payment", "wake = min(wake, payments.nextWake)", "payments.nextWake", "MonoTime.max"),
    expression("a card that was read after the cancel is charged", "if let stop = active.stopping {\n            switch active.reader {", "active.stopping",
               "{ () -> Active.Stop? in if case .cardRead = active.reader { return nil } else { return active.stopping } }()"),

    # What is told.
    expression("an end is told twice", "waiting.removeValue(forKey: id) ?? []", "waiting.removeValue(forKey: id) ?? []", "waiting[id] ?? []"),
    expression("the list of readers is told twice", "defer { waiting = [] }\n        return waiting", "waiting = []", "()"),
    expression("a request that waited waits on", "items.removeAll { $0.reason == reason }", "items.removeAll { $0.reason == reason }", "()"),
    expression("a decline says taken", "failure.code == .cardDeclined ? .declined : .failed, money: .notTaken, failure: failure, note: note, at: now, &actions)",
               ".notTaken", "failure.code == .cardDeclined ? .taken : .notTaken"),
    expression("an unknown outcome says not taken", "            $0.money = .unknown\n            $0.confirmingAt = now.wall", "            $0.money = .unknown",
               "$0.money = .notTaken"),
    expression("what was charged is not compared with what was shown", "if expected.overflow || charged != expected.partialValue {",
               "expected.overflow || charged != expected.partialValue", "false"),
    expression("what was asked for is told as charged", "if let charged { edit { $0.amountChargedMinor = charged } }", "$0.amountChargedMinor = charged",
               "$0.amountChargedMinor = $0.amountMinor"),
    expression("a code is told in the log", "\"a reader is being registered with the label \\(ReaderFacts.cleaned(label))\"", "",
               "\"\\(code.secret.reveal()) is being registered\""),
    expression("a trace is kept for ever", "calls.forget(.payment(id))", "calls.forget(.payment(id))", "()"),
    expression("the row of a reader that was left says leased", "        edit { $0.leased = false }\n        show(state, at: now)", "edit { $0.leased = false }", "()"),

    # What a technician says and does.
    expression("a reader that owes an answer is released by hand", "guard !owesAnswer(to: holder), lease.releaseByHand(of: holder) else { return false }",
               "!owesAnswer(to: holder)", "true", also=(("guard !machine.owesAnswer(to: holder) else {", "!machine.owesAnswer(to: holder)", "true"),)),
    expression("nobody proves what a technician has said", "for id in carts[cart]?.money.unproved ?? [] where !id.text.isEmpty {",
               "carts[cart]?.money.unproved ?? []", "[] as [ReaderID]"),
    expression("money that was let go is charged for ever", "guard let charge, !isCanceled, submitted == nil else { return false }",
               "submitted == nil", "false"),
    expression("money that was let go frees the cart at once", "if let intent = facts.intent, let known = evidence[intent.id], known.isLetGo, isBound(intent, at: now.mono) {",
               "isBound(intent, at: now.mono)", "false"),
    expression("a hold that was acknowledged holds on", "facts.held = nil\n        lettingGo = LettingGo(", "facts.held = nil", "()"),
    expression("the loss of a journal is no matter", "guard !names.isEmpty else { return nil }", "!names.isEmpty", "false"),
    statement("who acknowledges sees an end before it is on disk", "if recall.cart?.held != payment { return answer(id, with: record) }",
              "if recall.cart?.held != payment { return respond(id, .payment(record, created: false)) }"),
    expression("who acknowledges again is answered before the first", "if standing.warnings.join(payment, id) { return }",
               "standing.warnings.join(payment, id)", "false"),
    expression("a reader that owes a proof is anybody's when its holder leaves", "if let owed = proofIsAbout {", "proofIsAbout",
               "Optional<LeaseHolder>.none"),
    expression("a second form is opened unread", "if carts[cart]?.money.hasKeyedToRead == true, !isRead {",
               "carts[cart]?.money.hasKeyedToRead == true", "false"),
    expression("a retry is charged whatever an earlier attempt has left on the intent",
               "let looksOnceMore = book?.facts.keyedEntry == true || book?.money.isFollowed(beside: payment) == true",
               "book?.money.isFollowed(beside: payment) == true", "false",
               also=(("known.amountMinor != facts.amountMinor else { return }", "known.amountMinor != facts.amountMinor", "false"),)),
    expression("a cancel of what waits is not kept", "if let reason = waiting.reason(of: payment) {", "waiting.reason(of: payment)",
               "Optional<WaitingRequests.Reason>.none"),
    expression("an entry in no list is held where no cart can be opened", "case .notListed, .noCart: true", "true", "kind == .notListed"),

    # Card set-ups.
    expression("a card is stored before its row", "[.release(.idle), .writeMethod(record)]", "[.release(.idle), .writeMethod(record)]",
               "[.release(.idle), .writeMethod(record), .store(paymentMethod: method)]"),
    expression("a card is kept after a cancel", "guard stopping == nil else {\n                state = .canceling\n                return [.command(.cancelReusable)]\n            }\n            record.card",
               "stopping == nil", "true"),
]

# Stores in which each showed when it was made last; where what decides has changed since, a search finds another.
SEEDS = {
    "the confirm does not wait for its row": 2,
    "a row that failed is taken for one that is there": 80,
    "a confirmed intent is replaced at will": 204,
    "a reader is free although nobody saw it idle": 11,
    "a token is given twice": 3,
    "idle is taken for granted": 3,
    "no window": 369,
    "a cancel is not heard before the confirm": 26,
    "the intent's amount is not compared": 16,
    "a Failed is believed at once": 117,
    "a paid cart is paid again": 2,
    "the same id is another payment": 2,
    "silence is taken for nothing sent": 3,
    "a restart forgets the confirm": 27,
    "a payment is answered before it is on disk": 1,
    "two requests at a reader at once": 10,
    "a heartbeat beside a payment": 2601,
    "keyed entry beside a payment": 31,
    "a payment beside keyed entry": 291,
    "every attempt takes the money": 4,
    "a cancel needs no acknowledgement": 7,
    "an end is shown before it is on disk": 239,
    "readers are taken over unasked": 1,
    "row 1: a canceled intent is none": 35,
    "row 5: a charge is not one": 943,
    "another intent of the backend is confirmed": 204,
    "who has not confirmed goes on beside a charge": 1100,
    "a tip that stayed locks the cart": 1347,
    "a payment that ended keeps its cart": 124,
    "spellings of one cart are several": 2,
    "a late row begins all the same": 55,
    "the id is free although its row's fate is unknown": 55,
    "a disk may hang for ever": 30,
    "what could not be written is forgotten": 92,
    "two appends at once": 3,
    "who repeats a PUT is not told": 10,
    "who waits for a reader waits for ever": 7,
    "a token that was refused is waited for": 49,
    "the card is waited for without end": 9,
    "the reader is waited for without end": 3,
    "an end is told twice": 18,
    "the list of readers is told twice": 15,
    "a request that waited waits on": 3,
    "a decline says taken": 9,
    "an unknown outcome says not taken": 2,
    "what was charged is not compared with what was shown": 76,
    "what was asked for is told as charged": 15,
    "a trace is kept for ever": 1,
    "the row of a reader that was left says leased": 2,
    "a card is stored before its row": 28,
    "a card is kept after a cancel": 1023,
    "row 9: processing is a charge": 50,
    "a charge of an earlier life is forgotten": 3230,
    "a hold is no matter": 642,
    "a cancel before the row is lost": 324,
    "a lease is never freed": 9,
    "after a restart every reader is taken over": 1,
    "a session that is gone is kept": 3854,
    "who connects is told twice": 10,
    "nobody wakes a payment": 51,
    "a card that was read after the cancel is charged": 147,
    "a code is told in the log": 2176,
    "a reader that owes an answer is released by hand": 39,
    "a hold that was acknowledged holds on": 642,
    "the loss of a journal is no matter": 178,
    "who acknowledges sees an end before it is on disk": 808,
    "who acknowledges again is answered before the first": 708749,
    "a reader that owes a proof is anybody's when its holder leaves": 831468,
    "a second form is opened unread": 819721,
    "a retry is charged whatever an earlier attempt has left on the intent": 675614,
    "an entry in no list is held where no cart can be opened": 530623,
    "a form opens beside an intent that may be charged": 3126195,
    "a canceled payment is confirmed": 26,
    "later rows overtake earlier ones": 510,
}
# What takes a rarer order of things than these stores meet, and the test of the core that misses it.
TESTED = {
    "Submitted is not taken for paid":
        'a cart of which the backend says Submitted is refused at the till, with its order, in this life and the next',
    "a cancel of what waits is not kept":
        'a payment that is canceled while it waits for the list is canceled, and is not told to be unknown',
    'old news are fresh':
        'row 4 needs the reading to be asked, not only answered, after the window',
    'row 2: one send that left is enough':
        'row 2 needs every send to have stayed here',
    'row 3: an earlier send may be without an answer':
        'row 3 needs every earlier send to be answered',
    'row 5: a refusal bears like an approval':
        'row 5 takes a refusal that carries the charge for no own confirmation',
    'row 5: a confirm under way is not waited for':
        'row 5 waits for the last answer before it chooses',
    'row 5: who came after the charge bears it':
        'row 5 chooses none that confirmed after the first word',
    'row 6: one Failed is an unbroken run':
        'row 6 is broken by every other word',
    "a technician's word lets another intent be made at once":
        'rows of an older agent are taken up as they are, and nothing is charged beside them',
    "a typed card in the bank's app is no matter":
        "while the customer is asked in the bank's app nothing is taken on the reader",
    'nobody proves what a technician has said':
        'money that was let go, as a technician says, holds the cart for the window and not for ever',
    'money that was let go is charged for ever':
        'money that was let go, as a technician says, holds the cart for the window and not for ever',
    'money that was let go frees the cart at once':
        'money that was let go, as a technician says, holds the cart for the window and not for ever',
}
MUTANTS = [dataclasses.replace(mutant, seed=SEEDS.get(mutant.name), test=TESTED.get(mutant.name, "")) for mutant in MUTANTS]
