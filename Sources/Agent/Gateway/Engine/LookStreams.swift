internal import GatewayCore
internal import GatewayModel

/// Those who look for devices, and what they are told: a line for each piece of news, and one at the end.
struct LookStreams {
    enum Line: Sendable {
        case news(LookNews)
        case ended(LookSummary)
        case refused(Refusal)
    }

    typealias Lines = AsyncStream<Line>

    private var open: [RequestID: Lines.Continuation] = [:]
    /// A look that was refused in the very step in which it was asked for.
    private var refused: (id: RequestID, refusal: Refusal)?

    /// - Parameter onCancel: is called when the caller lets go of the lines, and not when they end.
    mutating func begin(_ id: RequestID, onCancel: @escaping @Sendable () -> Void) -> Lines {
        let (lines, continuation) = Lines.makeStream()
        open[id] = continuation
        refused = nil
        continuation.onTermination = { end in
            if case .cancelled = end { onCancel() }
        }
        return lines
    }

    func tell(_ id: RequestID, _ news: LookNews) { open[id]?.yield(.news(news)) }

    mutating func end(_ id: RequestID, _ response: Response) {
        guard let look = open.removeValue(forKey: id) else { return }
        if case .discovered(let summary) = response { look.yield(.ended(summary)) }
        if case .refused(let refusal) = response {
            refused = (id, refusal)
            look.yield(.refused(refusal))
        }
        look.finish()
    }

    mutating func endAll(_ refusal: Refusal) {
        for id in open.keys { end(id, .refused(refusal)) }
    }

    mutating func takeRefusal(of id: RequestID) -> Refusal? {
        guard let refused, refused.id == id else { return nil }
        self.refused = nil
        return refused.refusal
    }

    /// False when it has ended already.
    mutating func forget(_ id: RequestID) -> Bool { open.removeValue(forKey: id) != nil }
}
