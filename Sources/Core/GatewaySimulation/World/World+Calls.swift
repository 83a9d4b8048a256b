internal import GatewayCore
import GatewayModel
import Moments

/// The network between the agent and the others: a call may be lost, slow, answered oddly or twice. It always ends within its time.
extension World {
    mutating func send(_ id: CallID, _ call: Call, timeout: Int64, trace name: String) {
        let index = calls.count
        let payment = Self.number(in: name, after: 1).flatMap {
            name.utf8.first == UInt8(ascii: "p") && payments.indices.contains($0) ? $0 : nil
        }
        let setup = name.utf8.first == UInt8(ascii: "s") ? Self.number(in: name, after: 7) : nil
        calls.append(
            OpenCall(id: id, call: call, generation: generation, payment: payment, setup: setup, sentAt: now, deadline: now + timeout))
        trace.note(now, 40, id.value, text: "→ \(Self.line(call)) [\(name)]")
        countCalls()
        switch call {
        case .append:
            plans(.commits(index), after: !isClosed && dice.chance(plan.slowDisk) ? dice.within(10...3_000) : dice.within(1...8))
            return
        case .reader(let reader, _, let command, _):
            judgeSending(command, to: reader, by: payment)
            if case .confirmReusable = command, let setup, setups[setup].cancelSent {
                fail(.neverAGuess, "the card of \(setups[setup].id) is kept after its cancel")
            }
            if let number = Reader.index(of: reader) { readers[number].open += 1 }
        case .paymentIntent(let cart, _, _, _): judgeAsking(cart)
        case .stripeReaders, .configuration, .connectionToken, .paymentStatus, .setupIntent, .storeCard, .backendReaders, .readIntent,
            .terminals, .registerTerminal, .updateTerminal, .deregisterTerminal:
            break
        case .networks, .lookAtLAN, .lookAtUSB: return looks(index)
        }
        guard violation == nil else { return }
        decideFate(index, call, timeout: timeout)
    }

    private mutating func decideFate(_ index: Int, _ call: Call, timeout: Int64) {
        if Self.waitsForIssuer(call) { plans(.callTimesOut(index), after: timeout) }
        guard !isClosed else { return plans(.callActs(index), after: dice.within(5...60)) }
        if dice.chance(plan.refusedConnections) {
            return plans(.callAnswers(index, Self.failed(call, sent: false), isCopy: false), after: dice.within(1...200))
        }
        if dice.chance(plan.lostRequests) { return plans(.callTimesOut(index), after: timeout) }
        if dice.chance(plan.errorAnswers) {
            if case .reader = call {
            } else if dice.chance(300) {
                // The error comes after the call took effect.
                calls[index].losesAnswer = true
                plans(.callActs(index), after: dice.within(5...60))
            }
            let answer = oddAnswer(call)
            return plans(.callAnswers(index, answer, isCopy: false), after: dice.within(60...400))
        }
        if dice.chance(Self.isConfirm(call) ? plan.lostConfirms : plan.lostAnswers) {
            calls[index].losesAnswer = true
            // There is silence until the time is over, or a cut that is noticed at once.
            let isCut = dice.chance(500)
            plans(.callTimesOut(index), after: isCut ? dice.within(100...min(timeout, 5_000)) : timeout)
        }
        let slow = dice.chance(plan.slowAnswers)
        plans(.callActs(index), after: slow ? dice.within(100...max(101, timeout * 9 / 10)) : dice.within(5...60))
    }

    /// Lets a call reach the other side.
    mutating func acts(_ index: Int) {
        guard !calls[index].hasActed, calls[index].generation == generation || dice.chance(500) else { return }
        calls[index].hasActed = true
        let call = calls[index].call
        if case .paymentIntent(let cart, _, _, _) = call { passesOver(cart, before: index) }
        var answer: Answer?
        switch call {
        case .reader(let reader, let route, let command, let session):
            answer = readerActs(reader, route, command, session: session, call: index).map { Answer.reader($0) }
        case .append, .networks, .lookAtLAN, .lookAtUSB: return
        case .readIntent(let id, _, let secret): answer = .intent(stripeReads(id, secret))
        case .stripeReaders(let token): answer = .stripeReaders(stripeLists(token).map { listed($0) })
        case .configuration, .connectionToken, .paymentIntent, .paymentStatus, .setupIntent, .storeCard, .backendReaders,
            .terminals, .registerTerminal, .updateTerminal, .deregisterTerminal:
            answer = backendActs(call)
        }
        if let answer, !calls[index].losesAnswer {
            let slow = !isClosed && dice.chance(plan.slowAnswers)
            let left = max(61, calls[index].deadline - now - 1)
            plans(.callAnswers(index, answer, isCopy: false), after: slow ? dice.within(60...left) : dice.within(5...60))
        }
    }

    /// Drops earlier calls. The backend takes up the calls about a cart in the order in which they were sent, or not at all.
    private mutating func passesOver(_ cart: CartID, before index: Int) {
        for earlier in 0..<index where !calls[earlier].hasActed {
            if case .paymentIntent(cart, _, _, _) = calls[earlier].call {
                calls[earlier].hasActed = true
                if !calls[earlier].isAnswered { agenda.add(.callTimesOut(earlier), at: calls[earlier].deadline) }
            }
        }
    }

    mutating func answers(_ index: Int, _ answer: Answer, isCopy: Bool) {
        guard machine != nil, calls[index].generation == generation, isCopy || !calls[index].isAnswered else { return }
        if !isCopy {
            close(index)
            if case .paymentIntent(.success(let intent)) = answer, let number = Stripe.index(of: intent.id) { secretsKnown.insert(number) }
        }
        if !isClosed, dice.chance(plan.doubledAnswers) {
            // Another answer may come second, and counts as little as a copy.
            let second = dice.chance(odds.oddReplies) ? Self.failed(calls[index].call, sent: true) : answer
            if second != answer { trace.note(now, 43, calls[index].id.value, text: "a second answer to it will be another one") }
            plans(.callAnswers(index, second, isCopy: true), after: dice.within(1...2_000))
        }
        if case .reader(_, _, .collect, _) = calls[index].call, case .reader(.failure) = answer, let payment = calls[index].payment {
            payments[payment].hasLostCollect = true
        }
        trace.note(
            now, 41, calls[index].id.value, text: "← \(Self.line(answer))\(isCopy ? " (again)" : "") [\(Self.line(calls[index].call))]")
        feed(.answer(calls[index].id, answer))
    }

    mutating func timesOut(_ index: Int) {
        guard machine != nil, calls[index].generation == generation, !calls[index].isAnswered else { return }
        answers(index, Self.failed(calls[index].call, sent: true), isCopy: false)
    }

    /// Lets the journal write the whole append, or nothing, and then answer.
    mutating func commits(_ index: Int) {
        guard machine != nil, calls[index].generation == generation, !calls[index].hasActed,
            case .append(let entries) = calls[index].call
        else { return }
        if now < disk.hangsUntil, !isClosed { return agenda.add(.commits(index), at: disk.hangsUntil + dice.within(1...50)) }
        calls[index].hasActed = true
        let fails = disk.isFull || (!isClosed && dice.chance(plan.oddAppends))
        if !fails { writes(entries) }
        guard violation == nil else { return }
        if !isClosed, dice.chance(plan.killsInBatch) { return kill(restartAfter: dice.within(100...20_000)) }
        calls[index].isAnswered = true
        trace.note(now, 42, calls[index].id.value, text: fails ? "the journal could not be written" : "journaled")
        feed(.answer(calls[index].id, .append(fails ? .failure(JournalTrouble(detail: "no space left")) : .success(()))))
    }

    mutating func diskHangs(for span: Int64) {
        guard !isClosed else { return }
        trace.note(now, 73, text: "the disk hangs for \(span / 1000) s")
        disk.hangsUntil = now + span
    }

    private mutating func close(_ index: Int) {
        calls[index].isAnswered = true
        if case .reader(let id, _, _, _) = calls[index].call, let reader = Reader.index(of: id) { readers[reader].open -= 1 }
    }

    private mutating func countCalls() {
        if now / 60_000 != minute {
            minute = now / 60_000
            callsInMinute = 0
        }
        callsInMinute += 1
        if callsInMinute > 1_500 { fail(.bounded, "1500 calls in a minute") }
    }

    // MARK: Odd answers

    private mutating func oddAnswer(_ call: Call) -> Answer {
        if case .reader = call { return .reader(.failure(oddReaderFailure())) }
        let failure: CallFailure = dice.of([
            .unauthorized(detail: "401"), .forbidden(detail: "403"), .rejected(status: 422, detail: "422"), .invalidAnswer(detail: "odd"),
            .unavailable(detail: "500", mayHaveActed: true), .unavailable(detail: "429", mayHaveActed: true),
        ])
        return Self.failed(call, failure)
    }

    private mutating func oddReaderFailure() -> ReaderFailure {
        let rpc: [RPCErrorCode] = [
            .networkUnavailable, .serverUnresolvable, .serverUnreachable, .timeout, .retry, .serverBusy, .rpcError, .unknownRPCError,
            .badRequest, .badResponse, .other("ODD"),
        ]
        let app: [AppErrorCode] = [
            .invalidSessionToken, .authenticationFailure, .unauthorized, .shortLivedSession, .illegalState, .lockResourcesException,
            .interrupted, .invalidRequest, .invalidResponse, .illegalVersion, .invalidConfig, .serverError, .healthFailure,
            .unreachableEndpoint, .persisterFailure, .unknownApplicationError, .other("ODD"),
        ]
        switch dice.below(8) {
        case 0: return .invalidAnswer(detail: "odd")
        case 1: return .untrusted(.expired(notAfter: 0))
        case 2...4: return .rpc(dice.of(rpc), detail: "rpc")
        default: return .app(dice.of(app), detail: "app")
        }
    }

    static func failed(_ call: Call, sent: Bool) -> Answer {
        if case .reader = call { return .reader(.failure(sent ? .lost(detail: "no answer") : .unreachable(detail: "no connection"))) }
        return failed(call, .unavailable(detail: sent ? "no answer" : "no connection", mayHaveActed: sent))
    }

    static func failed(_ call: Call, _ failure: CallFailure) -> Answer {
        switch call {
        case .configuration: .configuration(.failure(failure))
        case .connectionToken: .connectionToken(.failure(failure))
        case .setupIntent: .setupIntent(.failure(failure))
        case .storeCard: .storedCard(.failure(failure))
        case .paymentIntent: .paymentIntent(.failure(failure))
        case .paymentStatus: .paymentStatus(.failure(failure))
        case .backendReaders, .terminals: .backendReaders(.failure(failure))
        case .registerTerminal, .updateTerminal, .deregisterTerminal: .terminalChanged(.failure(failure))
        case .stripeReaders: .stripeReaders(.failure(failure))
        case .readIntent: .intent(.failure(failure))
        case .reader: .reader(.failure(.lost(detail: failure.detail)))
        case .append: .append(.failure(JournalTrouble(detail: failure.detail)))
        case .networks: .networks(.failure(LookTrouble(detail: failure.detail)))
        case .lookAtLAN: .lookedAtLAN(LANFindings(sightings: [], looked: []))
        case .lookAtUSB: .lookedAtUSB(.failure(LookTrouble(detail: failure.detail)))
        }
    }

    /// The digits that follow so many characters.
    static func number(in text: String, after skipped: Int) -> Int? {
        var number: Int?
        for byte in text.utf8.dropFirst(skipped) {
            guard (48...57).contains(byte) else { break }
            number = (number ?? 0) * 10 + Int(byte - 48)
        }
        return number
    }

    // MARK: In words

    static func line(_ call: Call) -> String {
        switch call {
        case .configuration(let cart): "configuration \(cart)"
        case .connectionToken(let cart): "connection_token \(cart)"
        case .setupIntent(let user): "setup_intent \(user)"
        case .storeCard(let request, let method): "store_payment_method \(request.user) \(method)"
        case .paymentIntent(let cart, let amount, _, let type): "payment_intent \(cart) \(amount.text) \(type.rawValue)"
        case .paymentStatus(let cart): "payment_status \(cart)"
        case .backendReaders, .terminals: "terminal_readers"
        case .registerTerminal: "register_terminal"
        case .updateTerminal(let id, _): "update_terminal \(id)"
        case .deregisterTerminal(let id): "deregister_terminal \(id)"
        case .stripeReaders: "Stripe: list readers"
        case .readIntent(let id, _, _): "Stripe: read \(id)"
        case .reader(let id, _, .collect(let context, let amount, _, _), _):
            "\(id) collectPaymentMethod \(amount) (\(context.transactionID))"
        case .reader(let id, _, .confirm(let context, let intent, _), _): "\(id) confirmPayment \(intent) (\(context.transactionID))"
        case .reader(let id, _, let command, _): "\(id) \(command.name)"
        case .append(let entries): "append \(entries.map(\.kind.rawValue))"
        case .networks: "networks"
        case .lookAtLAN(let look): "look at \(look.addresses.count) addresses"
        case .lookAtUSB: "look at USB"
        }
    }

    static func line(_ answer: Answer) -> String {
        switch answer {
        case .paymentStatus(.success(let status)): "\(status)"
        case .intent(.success(let facts)): "\(facts.id) \(facts.status) \(facts.amountMinor)"
        case .paymentIntent(.success(let intent)): "\(intent.id)"
        case .reader(.success(.confirmed(let answer))):
            "\(answer.field) \(answer.intent?.text ?? "-") \(answer.status.map { "\($0)" } ?? "-") \(answer.code ?? "")"
        case .reader(.success(let reply)): String("\(reply)".prefix(40))
        case .reader(.failure(let failure)): "\(failure)"
        case .configuration(.failure(let failure)), .connectionToken(.failure(let failure)), .paymentIntent(.failure(let failure)),
            .paymentStatus(.failure(let failure)), .backendReaders(.failure(let failure)), .stripeReaders(.failure(let failure)),
            .intent(.failure(let failure)):
            "\(failure)"
        case .configuration(.success), .connectionToken(.success), .backendReaders(.success), .stripeReaders(.success), .setupIntent,
            .storedCard, .terminalChanged, .append, .networks, .lookedAtLAN, .lookedAtUSB:
            "ok"
        }
    }
}
