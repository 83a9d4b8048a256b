import GatewayModel
import Moments

extension PaymentMachine {
    /// Takes the reader's answer to a command of this payment.
    package mutating func answered(
        _ command: ReaderCommand, _ result: Result<ReaderReply, ReaderFailure>, at now: Now
    ) -> [Action] {
        var actions: [Action] = []
        switch state {
        case .active(let active): answered(active, command, result, at: now, &actions)
        case .confirming(let confirming):
            if case .confirm = command { confirmAnswered(confirming, result, at: now, &actions) }
        case .following:
            // The charge was known without this answer. The payment takes it all the same.
            if case .confirm = command { lateAnswer(result, at: now, &actions) }
        case .queued, .confirmWriting, .ended: break
        }
        return actions
    }

    private mutating func answered(
        _ before: Active, _ command: ReaderCommand, _ result: Result<ReaderReply, ReaderFailure>, at now: Now, _ actions: inout [Action]
    ) {
        var active = before
        switch (active.reader, command, result) {
        case (.displaying, .display, _):
            // The look of the lines is not worth a payment. The payment passes over a refused display, and a lost reader shows at the
            // collect.
            active.reader = .ready
        case (.collecting, .collect, .success):
            active.reader = .polling(next: now.mono)
            active.cardDeadline = now.mono + Int64(record.request.timeoutSeconds ?? policy.defaultCardTimeout) * 1000
            show(.waitingForCard, at: now)
            actions.append(.write(.collecting, record, note: nil))
        case (.collecting, .collect, .failure(let failure)):
            guard active.stopping == nil else {
                state = .active(active)
                if let stop = active.stopping { finish(stop, reader: .unknown, at: now, &actions) }
                return
            }
            if failure.endsSession, !active.reconnected {
                // The session had died since the last sale (the reader restarts every night), so there is one new session and one new
                // collect.
                active.reconnected = true
                active.reader = .waitingForSession
                actions.append(.awaitSession)
            } else {
                state = .active(active)
                finish(.failure(Self.failure(for: failure)), reader: .unknown, at: now, &actions)
                return
            }
        case (.querying, .query, .success(let reply)): queried(&active, reply, at: now, &actions)
        case (.querying, .query, .failure(let failure)):
            active.queryFailures += 1
            if failure.isWorthAnotherQuery, active.queryFailures < 3 {
                active.reader = .polling(next: now.mono + 1_000)
            } else if failure.endsSession {
                state = .active(active)
                finish(active.stopping ?? .failure(Self.failure(for: failure)), reader: .unknown, at: now, &actions)
                return
            } else {
                active.stop(.failure(Self.failure(for: failure)))
                active.reader = .canceling
                actions.append(.command(.cancelCollect(active.context)))
            }
        case (.canceling, .cancelCollect, .success), (.clearing, .clearDisplay, .success):
            state = .active(active)
            if let stop = active.stopping { return finish(stop, reader: .idle, at: now, &actions) }
            // The reader asked by a wrong hint, and now asks for what the intent says.
            active.asksAgain = false
            active.shown = nil
            active.context = active.context.next
            active.reader = .ready
            edit { $0.card = nil }
        case (.canceling, .cancelCollect, .failure(.app(let code, _))) where !code.endsSession:
            active.reader = .clearing
            actions.append(.command(.clearDisplay(active.context)))
        case (.canceling, .cancelCollect, .failure(let failure)), (.clearing, .clearDisplay, .failure(let failure)):
            state = .active(active)
            return finish(active.stopping ?? .failure(Self.failure(for: failure)), reader: .unknown, at: now, &actions)
        case (.waitingForSession, _, _), (.ready, _, _), (.displaying, _, _), (.collecting, _, _), (.polling, _, _), (.querying, _, _),
            (.cardRead, _, _), (.canceling, _, _), (.clearing, _, _):
            actions.append(.alarm("an answer to \(command.name) came when none was awaited; it was dropped"))
        }
        guard case .active = state else { return }
        state = .active(active)
        advance(at: now, &actions)
    }

    private mutating func queried(_ active: inout Active, _ reply: ReaderReply, at now: Now, _ actions: inout [Action]) {
        active.queryFailures = 0
        switch reply {
        case .card(let card):
            edit { $0.card = card.summary }
            active.reader = .cardRead(card)
        case .canceledByCustomer:
            // The customer's word counts even when the till cancels at the same moment, because nothing runs on the reader any more.
            actions.append(.release(.idle))
            if case .failure(let failure)? = active.stopping {
                end(.failed, money: .notTaken, failure: failure, at: now, &actions)
            } else {
                end(
                    .canceledByCustomer, money: .notTaken,
                    failure: PaymentFailure(code: .customerCanceled, message: "The customer canceled on the reader."), at: now, &actions)
            }
        case .done, .activated, .pending, .confirmed, .reusableCard, .createdReusable, .reusableRefused:
            let pause = policy.queryPause(left: active.cardDeadline - now.mono, of: record.request.timeoutSeconds)
            active.reader = .polling(next: now.mono + pause)
        }
    }

    private static func failure(for failure: ReaderFailure) -> PaymentFailure {
        switch failure {
        case .unreachable(let detail), .lost(let detail): .readerLost("The reader was lost: \(detail)")
        case .untrusted(let problem): PaymentFailure(code: .readerLost, message: problem.sentence, remedy: problem.remedy)
        case .rpc(_, let detail) where failure.endsSession: .readerLost("The reader was lost: \(detail)")
        case .app(let code, _) where code.endsSession:
            .readerLost("The reader was restarted, or another point of sale took it over.")
        case .rpc(_, let detail), .app(_, let detail), .invalidAnswer(let detail), .unsupported(let detail):
            PaymentFailure(
                code: .readerError, message: "The reader reported an error: \(detail)",
                remedy: "Nothing was taken. Try again; restart the reader if it goes on.")
        }
    }
}

extension ReaderFailure {
    /// Whether the payment may query again within the same session. A query changes nothing.
    var isWorthAnotherQuery: Bool {
        switch self {
        case .rpc(let code, _): code == .retry || code == .serverBusy
        case .app(let code, _): code == .lockResourcesException || code == .interrupted
        case .unreachable, .untrusted, .lost, .invalidAnswer, .unsupported: false
        }
    }
}
