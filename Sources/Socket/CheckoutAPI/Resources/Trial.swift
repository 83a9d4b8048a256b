/// One step of a reader's trial: what was sent, what came, what was expected. Secrets and card data are out of all of it.
public struct TrialStep: Sendable, Hashable, Codable {
    public enum Name: String, Sendable, Hashable, Codable, CaseIterable {
        /// Its address is known, and somebody answers there.
        case reach
        /// Who answers proves to be this reader.
        case certificate
        /// It opens a session.
        case activate
        /// It answers in the session.
        case heartbeat
        /// It shows a cart that costs nothing, and takes it off.
        case display, clear
        /// It asks for a card, and stops asking.
        case collectCancel = "collect_cancel"
        /// It reads a card.
        case collectRead = "collect_read"
        /// It authorises a test payment.
        case confirm
    }

    public enum Status: String, Sendable, Hashable, Codable { case pass, fail, skipped }

    public var step: Name
    public var status: Status
    /// What happened, in a sentence.
    public var detail: String
    /// Calls and messages, one a line.
    public var sent: String?
    public var received: String?
    public var expected: String
    public var remedy: String?
    public var durationSeconds: Double

    public init(
        step: Name, status: Status, detail: String, sent: String? = nil, received: String? = nil, expected: String, remedy: String? = nil,
        durationSeconds: Double
    ) {
        self.step = step
        self.status = status
        self.detail = detail
        self.sent = sent
        self.received = received
        self.expected = expected
        self.remedy = remedy
        self.durationSeconds = durationSeconds
    }

    enum CodingKeys: String, CodingKey {
        case step, status, detail, sent, received, expected, remedy
        case durationSeconds = "duration_s"
    }
}

/// What a trial came to.
public struct TrialSummary: Sendable, Hashable, Codable {
    public var pass: Int
    public var fail: Int
    public var skipped: Int
    /// Where every message of it was written down, for `readersim replay`; nil where that could not be done.
    public var recording: String?
    /// The payments that were made for it.
    public var payments: [String]
    public var durationSeconds: Double

    public init(pass: Int, fail: Int, skipped: Int, recording: String?, payments: [String], durationSeconds: Double) {
        self.pass = pass
        self.fail = fail
        self.skipped = skipped
        self.recording = recording
        self.payments = payments
        self.durationSeconds = durationSeconds
    }

    enum CodingKeys: String, CodingKey {
        case pass, fail, skipped, recording, payments
        case durationSeconds = "duration_s"
    }
}

/// A trial in one object: the answer to a caller that does not take a stream.
public struct TrialReport: Sendable, Hashable, Codable {
    public var steps: [TrialStep]
    public var summary: TrialSummary

    public init(steps: [TrialStep], summary: TrialSummary) {
        self.steps = steps
        self.summary = summary
    }
}

/// One line of a trial: `{"type": "step", …}` and `{"type": "summary", …}` with their own fields beside.
public enum TrialLine: Sendable, Hashable, Codable {
    case heartbeat
    case step(TrialStep)
    case summary(TrialSummary)
    /// The agent ends the stream and says why.
    case end(Problem)

    public init(from decoder: any Decoder) throws {
        self = try StreamedLine.read(decoder, heartbeat: .heartbeat, end: TrialLine.end) { type in
            switch type {
            case "step": .step(try TrialStep(from: decoder))
            case "summary": .summary(try TrialSummary(from: decoder))
            default: nil
            }
        }
    }

    public func encode(to encoder: any Encoder) throws {
        switch self {
        case .heartbeat: try StreamedLine.write("heartbeat", to: encoder)
        case .step(let step): try StreamedLine.write("step", step, to: encoder)
        case .summary(let summary): try StreamedLine.write("summary", summary, to: encoder)
        case .end(let problem): try StreamedLine.write("end", problem: problem, to: encoder)
        }
    }
}
