import CheckoutAPI
import CheckoutClient
import UnixSignals

/// One payment from the command line: begun, followed through lost connections, canceled on Ctrl-C.
actor LivePayment {
    private let agent: CheckoutClient
    private let id: String
    private let body: PaymentBody
    private let patience: Duration
    private let screen: PayScreen

    private var last: Payment?
    private var cursor: String?
    /// A request was sent whose answer is not known, or the payment was seen.
    private var mayExist = false
    private var cancelWanted = false
    private var hasBegun = false
    private var outageSince: ContinuousClock.Instant?

    private enum Ending: Sendable {
        case ended(Payment)
        /// The person left before the payment had ended.
        case left
        case gaveUp(ClientError)
        case neverBegan
    }

    init(agent: CheckoutClient, id: String, body: PaymentBody, patience: Duration, screen: PayScreen) {
        self.agent = agent
        self.id = id
        self.body = body
        self.patience = patience
        self.screen = screen
    }

    func run() async throws -> ExitStatus {
        let interrupts = await UnixSignalsSequence(trapping: .sigint)
        let (cancels, askCancel) = AsyncStream<Void>.makeStream(bufferingPolicy: .bufferingOldest(1))
        let ending: Ending
        do {
            ending = try await end(interrupts, cancels, askCancel)
        } catch ClientError.notEnded(_, let cause) {
            ending = .gaveUp(cause ?? .canceled)
        } catch let error as ClientError {
            screen.refused(error)
            return Complaint(error).status
        }
        switch ending {
        case .ended(let payment):
            screen.ended(payment)
            return ExitStatus(payment)
        case .left:
            screen.left(last)
            return .unknown
        case .gaveUp(let error):
            screen.gaveUp(error)
            return last?.money == .unknown ? .unknown : .connectionLost
        case .neverBegan:
            screen.neverBegan()
            return .canceled
        }
    }

    private func end(
        _ interrupts: UnixSignalsSequence, _ cancels: AsyncStream<Void>, _ askCancel: AsyncStream<Void>.Continuation
    ) async throws -> Ending {
        try await withThrowingTaskGroup(of: Ending?.self) { group in
            defer { group.cancelAll() }
            group.addTask { try await self.follow() }
            group.addTask { await self.waitUndecided() }
            group.addTask {
                for await _ in cancels { await self.cancel() }
                return nil
            }
            group.addTask {
                for await _ in interrupts {
                    guard await self.interrupted() else { return .left }
                    askCancel.yield()
                }
                return nil
            }
            while let ending = try await group.next() {
                if let ending { return ending }
            }
            return .left
        }
    }
}

// MARK: - Following

extension LivePayment {
    /// Asks for the payment, reads its events, and begins again when they break off, until it has ended.
    private func follow() async throws -> Ending {
        var pause: Duration = .milliseconds(100)
        while true {
            do throws(ClientError) {
                guard let payment = try await asked() else { return .neverBegan }
                connected()
                if see(payment) { return .ended(payment) }
            } catch {
                if let ending = try await failed(error) { return ending }
            }
            if outageSince == nil {
                if cancelWanted, last?.cancelRequested == false { await cancel() }
                let seen = cursor
                if let payment = try await watched() { return .ended(payment) }
                if cursor != seen { pause = .milliseconds(100) }
            }
            try await Task.sleep(for: pause)
            pause = min(pause * 2, .seconds(2))
        }
    }

    /// Reads the payment's events to its end; nil when they break off before. Why they did matters little: the payment is asked for again.
    private func watched() async throws -> Payment? {
        do {
            for try await event in agent.paymentEvents(id, after: cursor) {
                cursor = event.cursor
                if let payment = event.payment, see(payment) { return payment }
            }
        } catch ClientError.canceled {
            throw CancellationError()
        } catch ClientError.problem {
            cursor = nil
        } catch let error as ClientError {
            _ = lost(error)
        }
        return nil
    }

    /// The payment, begun if it was not. Nil: it never began, and it is not wanted any more.
    private func asked() async throws(ClientError) -> Payment? {
        guard cancelWanted, last == nil else { return try await agent.pay(id, body) }
        do throws(ClientError) {
            return try await agent.payment(id)
        } catch .problem(let problem) where problem.code == .paymentNotFound {
            return nil
        } catch {
            throw error
        }
    }

    /// Tells what is new in it. True when it has ended.
    private func see(_ payment: Payment) -> Bool {
        mayExist = true
        // What is replayed from before is not news. An end always is: the agent's clock may have been set back meanwhile.
        if let last, !payment.state.isEnd,
            (payment.timeline.count, payment.updatedAt) < (last.timeline.count, last.updatedAt)
        {
            return false
        }
        for state in news(payment) { screen.says(state, of: payment) }
        if payment != last { screen.changed(payment) }
        last = payment
        return payment.state.isEnd
    }

    /// The states to tell. One that is met as it ended, or while nobody knows, is told by how it stands and not by its story.
    private func news(_ payment: Payment) -> [Payment.State] {
        guard let last else {
            if payment.state.isEnd {
                screen.endedBefore(payment)
                return []
            }
            begin()
            return payment.state == .unresolved ? [.unresolved] : payment.timeline.map(\.state)
        }
        return payment.timeline.dropFirst(last.timeline.count).map(\.state).filter { !$0.isEnd }
    }

    /// Says the id and what it is for, once there is something that may go on without this command.
    private func begin() {
        guard !hasBegun else { return }
        hasBegun = true
        screen.begin()
    }

    /// How the command ends for this error; nil to try again.
    private func failed(_ error: ClientError) async throws -> Ending? {
        if case .canceled = error { throw CancellationError() }
        mayExist = try await agent.mayExist(after: error, id: id, last: last, before: mayExist)
        if mayExist { begin() }
        return lost(error)
    }

    /// How the command ends for this error; nil to try again.
    private func lost(_ error: ClientError) -> Ending? {
        let since = outageSince ?? .now
        if outageSince == nil {
            outageSince = since
            screen.lost(error)
        }
        return since.duration(to: .now) >= patience ? .gaveUp(error) : nil
    }

    private func connected() {
        if outageSince != nil { screen.connectedAgain() }
        outageSince = nil
    }

    /// Ends when nobody has known for so long where the money is that the person should be let go.
    private func waitUndecided() async -> Ending? {
        var since: ContinuousClock.Instant?
        do {
            while true {
                try await Task.sleep(for: .milliseconds(250))
                since = last?.state == .unresolved ? since ?? .now : nil
                if let since, since.duration(to: .now) >= patience { return .left }
            }
        } catch {
            return nil
        }
    }
}

// MARK: - Canceling

extension LivePayment {
    /// Notes that the payment is to be canceled; false on the second Ctrl-C.
    private func interrupted() -> Bool {
        guard !cancelWanted else { return false }
        cancelWanted = true
        screen.canceling()
        return true
    }

    /// A lost connection is not told here: whoever follows the payment notices too, and asks again afterwards.
    private func cancel() async {
        do throws(ClientError) {
            let payment = try await agent.cancelPayment(id)
            if payment.state == .authorizing || payment.state == .finishing || payment.state == .unresolved { screen.tooLate() }
        } catch {
            switch error {
            case .problem(let problem) where problem.code == .alreadyEnded || problem.code == .paymentNotFound: break
            case .problem: screen.cannotCancel(error)
            default: break
            }
        }
    }
}
