import CheckoutAPI

/// How a payment stands, told once: the outcome, the money, the failure and its remedy.
struct Outcome {
    let payment: Payment

    init(_ payment: Payment) { self.payment = payment }

    func tell(_ output: Output) throws {
        try output.tell(payment, or: lines(output))
    }

    func lines(_ output: Output) -> [String] {
        let words = PaymentWords(payment)
        let headline = wrapped(words.doing(payment.state))
        var lines: [String]
        switch ExitStatus(payment) {
        case .ok: lines = [output.good(headline)]
        case .unknown, .heldWithoutOrder, .chargedLess: lines = [output.doubtful(headline)]
        default: lines = [output.bad(headline)]
        }
        if payment.state != .succeeded && payment.state != .unresolved { lines.append(wrapped(words.money)) }
        lines += words.failure.map { wrapped($0) }
        for warning in words.warnings { lines.append(output.doubtful(wrapped(warning))) }
        if !payment.state.isEnd { lines.append("Follow it: readerctl payments show \(shown(payment.id))") }
        return lines
    }
}
