/// One call that came in.
package struct CallEntry: Sendable, Codable, Equatable {
    /// The call's name: `backend.payment_intent`, `stripe.readers`, `reader.confirmPayment`, …
    package var call: String
    /// The reader's serial number.
    package var reader: String?
    /// The cart or intent that the call is about, where there is one.
    package var subject: String?
    /// The trace: `X-Request-Id`, or `parent_trace_id` for readers.
    package var requestID: String?
    /// The moment of the call, in milliseconds since the store opened.
    package var at: Int
    /// The moment of the answer, in the same unit. It is nil while there is none, or when there was none.
    package var answeredAt: Int?
    /// The answer: a status, for readers the codes, or the fault that struck the call.
    package var answer: String?
}

/// How often a call came.
package struct CallCount: Sendable, Codable, Equatable {
    package var count: Int
    package var lastAt: Int
    package var lastRequestID: String?
}

/// The log of the calls that came in. It counts all of them, and keeps the last ones.
struct CallLog: Sendable {
    static let kept = 2000

    private(set) var counts: [String: CallCount] = [:]
    private var entries: [CallEntry] = []
    private var firstNumber = 0

    var recent: [CallEntry] { entries }

    /// Notes a call.
    ///
    /// - Returns: the call's number, for `answer`.
    mutating func note(_ entry: CallEntry) -> Int {
        var entry = entry
        entry.requestID = entry.requestID.map { String($0.prefix(200)) }
        entry.subject = entry.subject.map { String($0.prefix(200)) }
        counts[entry.call] = CallCount(
            count: (counts[entry.call]?.count ?? 0) + 1, lastAt: entry.at,
            lastRequestID: entry.requestID ?? counts[entry.call]?.lastRequestID)
        if entries.count >= Self.kept {
            entries.removeFirst(Self.kept / 2)
            firstNumber += Self.kept / 2
        }
        entries.append(entry)
        return firstNumber + entries.count - 1
    }

    mutating func answer(_ number: Int, _ answer: String, at now: Int) {
        let index = number - firstNumber
        guard entries.indices.contains(index) else { return }
        entries[index].answer = answer
        entries[index].answeredAt = now
    }

    mutating func subject(_ number: Int, _ subject: String) {
        let index = number - firstNumber
        guard entries.indices.contains(index) else { return }
        entries[index].subject = subject
    }
}
