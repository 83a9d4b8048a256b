internal import GatewayCore
import GatewayModel
import Moments

/// Cards that are kept: the tills' requests, the reader's actions, and the truth about them.
struct SetupTruth: Sendable {
    var id: CardSetupID
    var request: CardSetupRequest
    var wasAcknowledged = false
    var customerCanceled = false
    var wasRefused = false
    var cancelSent = false
    /// The payment method that the reader made.
    var method: String?
    var isStored = false
    var shownEnd: CardSetupRecord?
    var steps = 0
}

extension Request {
    var isCancelOfCardSetup: Bool {
        if case .cancelCardSetup = self { return true }
        return false
    }
}

extension World {
    /// Lets a cashier have a customer's card kept, from the first PUT to the last status request.
    mutating func cardDesk(_ known: Int?) {
        guard !isClosed, (known.map { setups[$0].steps } ?? 0) < 20 else { return }
        let number: Int
        if let known {
            number = known
        } else {
            number = setups.count
            let request = CardSetupRequest(
                user: "u\(number)", partner: "1", postalCode: "04109", reader: Reader.id(dice.below(readers.count)).text,
                timeoutSeconds: dice.of([nil, 5, 8]))
            // Ids of payments and of card set-ups are separate, so that one text may be both.
            setups.append(SetupTruth(id: CardSetupID(unchecked: "p\(number)"), request: request))
        }
        setups[number].steps += 1
        plans(.cardDesk(number), after: dice.within(200...8_000))
        guard machine != nil else { return }
        let truth = setups[number]
        if truth.wasAcknowledged, dice.chance(plan.cancels) {
            return ask(Self.technician, .cancelCardSetup(truth.id, Recall()), payment: nil, text: "cancel card set-up \(truth.id)")
        }
        if !truth.wasAcknowledged || dice.chance(300) {
            return ask(Self.technician, .keepCard(truth.id, truth.request, Recall()), payment: nil, text: "PUT card set-up \(truth.id)")
        }
        if let record = seen(truth.id) { shows(record) }
    }

    func seen(_ id: CardSetupID) -> CardSetupRecord? { visibleSetups[id] ?? disk.cardSetups[id] }

    static func line(_ record: CardSetupRecord) -> String {
        "card set-up \(record.id) \(record.state.rawValue)\(record.failure.map { " (\($0.code.rawValue))" } ?? "")"
    }

    private func index(_ id: CardSetupID) -> Int? { setups.firstIndex { $0.id == id } }

    // MARK: The reader

    /// The result is nil when the answer comes only after the card's bank has been asked.
    mutating func keepsCard(_ index: Int, _ command: ReaderCommand, call: Int) -> Result<ReaderReply, ReaderFailure>? {
        let wrong: Result<ReaderReply, ReaderFailure> = .failure(.app(.illegalState, detail: "wrong order: \(command.name)"))
        switch (command, readers[index].state) {
        case (.collectReusable, .idle):
            guard !readers[index].isForeignBusy, let setup = calls[call].setup else { return wrong }
            readers[index].collections += 1
            readers[index].customerCanceledSetup = false
            readers[index].state = .keeping(Reader.Keeping(setup: setup, number: readers[index].collections))
            if !dice.chance(plan.neverPresents) {
                plans(
                    .keptCard(index, number: readers[index].collections, canceled: dice.chance(plan.customerCancels)),
                    after: dice.within(100...6_000))
            }
            return .success(.done)
        case (.queryReusable, .keeping(let keeping)):
            guard keeping.isRead else { return .success(.pending) }
            return .success(
                .reusableCard(
                    echo: Secret("echo_secret"), summary: CardSummary(brand: "visa", last4: "4242", entry: dice.of([nil, "contactless"]))))
        case (.queryReusable, .idle) where readers[index].customerCanceledSetup: return .success(.canceledByCustomer)
        case (.cancelReusable, .keeping(let keeping)) where keeping.call == nil:
            readers[index].state = .idle
            return .success(.done)
        case (.confirmReusable, .keeping(var keeping)) where keeping.isRead && keeping.call == nil:
            keeping.call = call
            readers[index].state = .keeping(keeping)
            plans(.madeMethod(index, number: keeping.number), after: dice.within(300...8_000))
            return nil
        case (.collectReusable, _), (.queryReusable, _), (.cancelReusable, _), (.confirmReusable, _), (.activate, _), (.prove, _),
            (.heartbeat, _), (.display, _), (.clearDisplay, _), (.collect, _), (.query, _), (.cancelCollect, _), (.confirm, _):
            return wrong
        }
    }

    mutating func keptCard(_ index: Int, number: Int, canceled: Bool) {
        guard case .keeping(var keeping) = readers[index].state, keeping.number == number, readers[index].isOn, keeping.call == nil else {
            return
        }
        trace.note(now, 60, UInt64(index), text: "customer at reader \(index): \(canceled ? "cancels" : "inserts a card to be kept")")
        if canceled {
            setups[keeping.setup].customerCanceled = true
            readers[index].customerCanceledSetup = true
            readers[index].state = .idle
        } else {
            keeping.isRead = true
            readers[index].state = .keeping(keeping)
        }
    }

    mutating func madeMethod(_ index: Int, number: Int) {
        guard case .keeping(let keeping) = readers[index].state, keeping.number == number, let call = keeping.call else { return }
        readers[index].state = .idle
        guard readers[index].isOn else { return }
        let reply: ReaderReply
        if dice.chance(odds.oddReplies) {
            reply = dice.chance(500) ? .done : .reusableRefused(code: "lock_timeout", message: nil)
        } else if dice.chance(plan.declines) {
            setups[keeping.setup].wasRefused = true
            reply = .reusableRefused(code: dice.of(["card_declined", "card_not_supported", "api_error"]), message: nil)
        } else {
            setups[keeping.setup].method = "pm_\(keeping.setup)_\(number)"
            reply = .createdReusable(paymentMethod: "pm_\(keeping.setup)_\(number)")
        }
        if !calls[call].losesAnswer { plans(.callAnswers(call, .reader(.success(reply)), isCopy: false), after: dice.within(5...60)) }
    }

    mutating func storesCard(_ request: CardSetupRequest, _ method: String) -> Result<StoredCard, CallFailure> {
        guard let setup = Self.number(in: method, after: 3), setups.indices.contains(setup), setups[setup].method == method else {
            fail(.neverAGuess, "a card is to be kept that no reader has made: \(method)")
            return .failure(.rejected(status: 422, detail: "no such payment method"))
        }
        if setups[setup].isStored { fail(.neverTwice, "\(setups[setup].id): its card is stored twice") }
        setups[setup].isStored = true
        return .success(StoredCard(paymentMethod: method, bankcard: "\(setup)"))
    }

    // MARK: The judge

    mutating func judgeRow(_ record: CardSetupRecord) {
        if let before = disk.cardSetups[record.id], before.state.isEnd, before != record {
            fail(.endIsFinal, "the card set-up \(record.id) had ended \(before.state.rawValue); now a row says \(record.state.rawValue)")
        }
        if record.state.isEnd { judgeEnd(record) }
    }

    mutating func shows(_ record: CardSetupRecord) {
        guard let number = index(record.id) else { return fail(.answered, "an answer about \(record.id), which nobody asked for") }
        if let before = setups[number].shownEnd, before != record {
            fail(.endIsFinal, "the card set-up \(record.id) was shown as \(before.state.rawValue), now as \(record.state.rawValue)")
        }
        guard record.state.isEnd else { return }
        judgeEnd(record)
        if disk.cardSetups[record.id] == record || machine?.journalTrouble == nil { setups[number].shownEnd = record }
    }

    mutating func judgeAnswer(_ record: CardSetupRecord, isCancel: Bool) {
        guard let number = index(record.id) else { return fail(.answered, "an answer about \(record.id), which nobody asked for") }
        if disk.cardSetups[record.id] == nil { fail(.neverLost, "the card set-up \(record.id) was answered and is not on disk") }
        setups[number].wasAcknowledged = true
        if isCancel, record.state == .queued || record.state == .preparing || record.state == .waitingForCard {
            setups[number].cancelSent = true
        }
        shows(record)
    }

    private mutating func judgeEnd(_ record: CardSetupRecord) {
        guard let number = index(record.id) else { return }
        let truth = setups[number]
        switch record.state {
        case .succeeded: if !truth.isStored { fail(.neverAGuess, "the card set-up \(record.id) succeeded, and nothing is stored") }
        case .declined: if !truth.wasRefused { fail(.neverAGuess, "the card set-up \(record.id) ended declined, and nobody declined it") }
        case .canceledByCustomer: if !truth.customerCanceled { fail(.neverAGuess, "the card set-up \(record.id): no customer canceled it") }
        case .unresolved: fail(.neverAGuess, "a card set-up is unresolved")
        case .queued, .preparing, .waitingForCard, .authorizing, .finishing, .canceled, .timedOut, .failed: break
        }
    }

    mutating func judgeSetupsAtTheEnd() {
        for truth in setups where truth.wasAcknowledged {
            guard let record = disk.cardSetups[truth.id] else {
                return fail(.neverLost, "the card set-up \(truth.id) was answered and is not on disk")
            }
            if !record.state.isEnd { return fail(.neverLost, "the card set-up \(truth.id) is \(record.state.rawValue) at the end") }
            if let shown = truth.shownEnd, shown != record { return fail(.endIsFinal, "the card set-up \(truth.id) was shown otherwise") }
        }
    }
}
