import CheckoutAPI
import CheckoutClient

/// What the person at the counter, or a script, sees of a running payment.
///
/// A closed standard output stops no payment from being followed: how it ended is still in the exit code.
struct PayScreen: Sendable {
    let id: String
    let output: Output

    func begin() {
        say("Payment \(id)")
        say(wrapped("If this is interrupted, repeat it with --id \(id) and the same values: that takes nothing twice."))
    }

    /// The id had been used before, and that attempt has ended.
    func endedBefore(_ payment: Payment) {
        guard let end = payment.endedAt else { return say("Payment \(id)") }
        say(wrapped("Payment \(id) began at \(Times.dateAndTime(payment.createdAt)) and ended at \(Times.dateAndTime(end))."))
    }

    func says(_ state: Payment.State, of payment: Payment) {
        say(wrapped(PaymentWords(payment).doing(state)))
    }

    func changed(_ payment: Payment) {
        guard output.json else { return }
        do { try output.object(payment) } catch { output.complain("readerctl: \(type(of: error))") }
    }

    func ended(_ payment: Payment) {
        for line in Outcome(payment).lines(output) { say(line) }
    }

    func lost(_ error: ClientError) {
        if output.json { return Complaint(error, payment: id).tell(output) }
        say(wrapped("\(shown(error.description)) Trying again with the same id; nothing is taken twice."))
    }

    func connectedAgain() { say("Connected to the agent again.") }

    func canceling() { say(wrapped("Asking the agent to cancel. Ctrl-C again leaves; the payment then goes on.")) }

    func tooLate() { say("The card is being charged already: waiting for how it ends.") }

    func cannotCancel(_ error: ClientError) { Complaint(error, payment: id).tell(output) }

    /// The agent refused it, or could not be asked at all.
    func refused(_ error: ClientError) {
        Complaint(error).tell(output)
        say("No payment was begun.")
    }

    func neverBegan() { say("Canceled before it began. No money was taken.") }

    /// The command ends before the payment has.
    func left(_ last: Payment?) {
        guard !output.json else { return }
        if last?.money == .unknown {
            say(wrapped(PaymentWords.unknown))
        } else {
            say("Left. The payment goes on.")
        }
        say("Follow it: readerctl payments show \(id)")
        if last?.state.canBeCanceled ?? true { say("Cancel it: readerctl cancel \(id)") }
    }

    /// The agent could not be reached any more.
    func gaveUp(_ error: ClientError) {
        if output.json { return Complaint(.notEnded(last: nil, cause: error), payment: id).tell(output) }
        Complaint(error, payment: id).tell(output)
        say(wrapped(PaymentWords.unknown))
        say("When the agent is back: readerctl payments show \(id)")
        say(wrapped("or repeat this command with --id \(id) and the same values."))
    }

    private func say(_ text: String) {
        guard !output.json else { return }
        do { try output.line(text) } catch {}
    }
}

extension Payment.State {
    /// Whether asking to cancel can still change how it ends: nothing has been charged yet.
    var canBeCanceled: Bool {
        switch self {
        case .queued, .preparing, .waitingForCard: true
        case .authorizing, .finishing, .unresolved, .succeeded, .declined, .canceled, .canceledByCustomer, .timedOut, .failed: false
        }
    }
}
