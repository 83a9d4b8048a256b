/// How readerctl ends. Scripts decide by these numbers: one that stands here keeps its meaning.
enum ExitStatus: Int32, CaseIterable {
    case ok = 0
    case declined = 10
    case canceled = 11
    case notTaken = 12
    case unknown = 13
    case heldWithoutOrder = 14
    case chargedLess = 15
    case notRunning = 20
    case notPermitted = 21
    case refused = 22
    case connectionLost = 23
    case checkFailed = 30
    case usage = 64

    /// One line for `--help`.
    var meaning: String {
        switch self {
        case .ok: "done; a payment: paid"
        case .declined: "the card was declined; no money was taken"
        case .canceled: "canceled, or the customer took too long; no money was taken"
        case .notTaken: "failed; no money was taken"
        case .unknown: "not known yet whether money was taken: do not retry with a new id"
        case .heldWithoutOrder: "money is held or taken, but the order failed"
        case .chargedLess: "paid, but less was charged than was shown: the rest is still to be paid"
        case .notRunning: "the agent is not running, or its socket is elsewhere"
        case .notPermitted: "not permitted: by the socket, or by your role"
        case .refused: "the agent refused, and said why"
        case .connectionLost: "no usable answer came; pay: repeat it with the same id"
        case .checkFailed: "check: something is wrong, and it was said what"
        case .usage: "the command line is wrong"
        }
    }

    static var help: String {
        "Exit codes:\n"
            + allCases.map { status in
                let number = String(status.rawValue)
                return "  " + number + String(repeating: " ", count: max(1, 4 - number.count)) + status.meaning
            }.joined(separator: "\n")
    }
}
