import CheckoutAPI

extension CheckoutClient {
    /// What happens at the agent, as it happens (`GET /v1/events`).
    ///
    /// The stream ends with a ``ClientError`` when the connection is lost, when not even a heartbeat comes, or when the agent says why it ends
    /// it; go on with a new one after the last event's `cursor`. Letting go of the stream, or cancelling the task that reads it, closes the
    /// connection. One task may read it.
    ///
    /// - Parameters:
    ///   - topics: Nothing means all.
    ///   - cursor: Replays what came after it; from now on without one. One that is too old: `cursor_gone`.
    public func events(topics: [Event.Topic] = [], after cursor: String? = nil) -> AsyncThrowingStream<Event, any Error> {
        let list = topics.isEmpty ? nil : topics.map(\.rawValue).joined(separator: ",")
        return stream(Target("events").with("after", cursor).with("topics", list))
    }

    /// What happened to one payment, from its beginning or after a cursor, until it has ended (`GET /v1/payments/{id}/events`).
    public func paymentEvents(_ id: String, after cursor: String? = nil) -> AsyncThrowingStream<Event, any Error> {
        stream(Target("payments", id, "events").with("after", cursor))
    }

    private func stream(_ target: Target) -> AsyncThrowingStream<Event, any Error> {
        lines(Message(target: target, accept: Self.lineType)) { (line: StreamLine) throws(ClientError) in
            switch line {
            case .heartbeat: nil
            case .event(let event): event
            case .end(let problem): throw .problem(problem)
            }
        }
    }
}
