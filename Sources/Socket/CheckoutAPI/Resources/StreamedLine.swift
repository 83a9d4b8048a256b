/// How a line of a stream with a summary is written: what it is in `type`, and its own fields beside.
enum StreamedLine {
    private enum CodingKeys: String, CodingKey { case type, problem }

    /// Reads a line. What later versions add is taken for a sign of life.
    ///
    /// - Parameter known: makes a line of its kind; nil for a kind that it does not know.
    static func read<Line>(
        _ decoder: any Decoder, heartbeat: Line, end: (Problem) -> Line, known: (_ type: String) throws -> Line?
    ) throws -> Line {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        let type = try container.decode(String.self, forKey: .type)
        if type == "end" { return end(try container.decode(Problem.self, forKey: .problem)) }
        return try known(type) ?? heartbeat
    }

    static func write(_ type: String, _ fields: (any Encodable)? = nil, problem: Problem? = nil, to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(type, forKey: .type)
        try container.encodeIfPresent(problem, forKey: .problem)
        try fields?.encode(to: encoder)
    }
}

/// A line of a stream that ends with a summary, for who follows it.
package protocol SummedLine: Sendable, Hashable, Codable {
    associatedtype Summary: Sendable

    static var heartbeat: Self { get }
    /// Why the agent ends the stream before its summary.
    var problem: Problem? { get }
    var conclusion: Summary? { get }
}

extension CheckLine: SummedLine {
    package var problem: Problem? { if case .end(let problem) = self { problem } else { nil } }
    package var conclusion: CheckSummary? { if case .summary(let summary) = self { summary } else { nil } }
}

extension DiscoveryLine: SummedLine {
    package var problem: Problem? { if case .end(let problem) = self { problem } else { nil } }
    package var conclusion: DiscoverySummary? { if case .summary(let summary) = self { summary } else { nil } }
}

extension TrialLine: SummedLine {
    package var problem: Problem? { if case .end(let problem) = self { problem } else { nil } }
    package var conclusion: TrialSummary? { if case .summary(let summary) = self { summary } else { nil } }
}
