import JSON

/// Decides which of a recording's answers a call gets. It holds no socket and no clock.
///
/// Calls that act (a collect, a confirm, a new intent) get their answers once each, in the order of the recording. An act that the
/// recording does not have is refused and noted. Calls that only ask may be repeated: the last answer is given again. An answer to such a
/// call that came after an act in the recording is held back until that act has been asked for, so that no order appears before it was paid
/// for.
struct ReplayScript: Sendable {
    enum Choice: Sendable, Equatable {
        case play(RecordedExchange)
        case refuse(String)
    }

    /// The times that an answer is repeated while an act that came before it is missing. After that the present agent does not act as the
    /// recorded one did.
    private static let patience = 60

    private let exchanges: [RecordedExchange]
    private var isUsed: [Bool]
    private var held: [Int: Int] = [:]
    private(set) var repeated = 0
    private(set) var unexpected: [String] = []

    init(_ recording: Recording) {
        exchanges = recording.exchanges
        isUsed = recording.exchanges.map { $0.outcome == .neverSent }
    }

    mutating func choose(_ peer: RecordedExchange.Peer, _ call: String, _ asked: JSONValue) -> Choice {
        let same = exchanges.indices.filter {
            exchanges[$0].peer == peer && exchanges[$0].call == call && exchanges[$0].asked == asked && exchanges[$0].outcome != .neverSent
        }
        let next = same.first { !isUsed[$0] }
        let last = same.last { isUsed[$0] }
        guard let next else {
            if let last, exchanges[last].isLooking {
                repeated += 1
                return .play(exchanges[last])
            }
            return refuse(peer, call, asked)
        }
        if exchanges[next].isLooking, let last, !isOfAnotherAct(last), isEarly(next), held[next, default: 0] < Self.patience {
            held[next, default: 0] += 1
            repeated += 1
            return .play(exchanges[last])
        }
        isUsed[next] = true
        return .play(exchanges[next])
    }

    /// Whether an act is still missing that came before this call in the recording.
    private func isEarly(_ index: Int) -> Bool {
        exchanges.indices.contains { $0 < index && !isUsed[$0] && !exchanges[$0].isLooking }
    }

    /// Whether the answer came before the reader was last told to act. It is then about something else: the card of the last payment is no
    /// answer for this one.
    private func isOfAnotherAct(_ index: Int) -> Bool {
        guard case .reader = exchanges[index].peer else { return false }
        return exchanges.indices.contains {
            $0 > index && isUsed[$0] && !exchanges[$0].isLooking && exchanges[$0].peer == exchanges[index].peer
        }
    }

    private mutating func refuse(_ peer: RecordedExchange.Peer, _ call: String, _ asked: JSONValue) -> Choice {
        let others = exchanges.indices.filter { exchanges[$0].peer == peer && exchanges[$0].call == call && !isUsed[$0] }
        let sentence: String
        if let other = others.first {
            sentence =
                "\(call) was asked of \(peer) with \(asked.text()); line \(exchanges[other].line) has \(exchanges[other].asked.text())"
        } else {
            sentence = "\(call) was asked of \(peer) with \(asked.text()); the recording has no such call left"
        }
        if unexpected.count < 200 { unexpected.append(sentence) }
        return .refuse(sentence)
    }

    var report: ReplayReport {
        let acts = exchanges.indices.filter { !exchanges[$0].isLooking && exchanges[$0].outcome != .neverSent }
        return ReplayReport(
            acts: acts.count, played: acts.count { isUsed[$0] },
            missing: acts.filter { !isUsed[$0] }.map { "line \(exchanges[$0].line): \(exchanges[$0].call) of \(exchanges[$0].peer)" },
            unexpected: unexpected, repeated: repeated, neverSent: exchanges.count { $0.outcome == .neverSent })
    }
}

/// The result of a replay.
package struct ReplayReport: Sendable, Codable, Equatable {
    /// The number of the recording's calls that act, and the number of them that were made again.
    package var acts: Int
    package var played: Int
    package var missing: [String]
    /// The calls that the recording does not have.
    package var unexpected: [String]
    /// The number of repeated answers to calls that only ask.
    package var repeated: Int
    /// The number of calls that never left the agent's box then. There is nothing to play for them.
    package var neverSent: Int

    package var isFaithful: Bool { missing.isEmpty && unexpected.isEmpty }

    package var lines: [String] {
        var lines = ["\(played) of \(acts) calls that act were made as recorded; answers repeated to calls that only look: \(repeated)"]
        if neverSent > 0 { lines.append("\(neverSent) calls never left the agent's box when this was recorded, and are not played") }
        lines += missing.map { "missing     \($0)" } + unexpected.map { "unexpected  \($0)" }
        lines.append(isFaithful ? "the agent did as in the recording" : "the agent did not do as in the recording")
        return lines
    }
}
