import CheckoutAPI
import NIOCore

/// Sends events line by line, with heartbeats between, until they end, the caller leaves or the agent stops.
struct LineStream: Sendable {
    private let connection: Connection
    private let server: ServerContext
    private let exchange: Exchange
    private let content: Content

    /// What is sent.
    enum Content: Sendable {
        case events(EventStream)
        case lines(EncodedLines)
    }

    init(_ connection: Connection, _ server: ServerContext, _ exchange: Exchange, _ content: Content) {
        self.connection = connection
        self.server = server
        self.exchange = exchange
        self.content = content
    }

    private enum End: Sendable {
        /// The end, with the reason if there is one to tell.
        case ended(Problem?)
        case lost
    }

    /// True when the connection is good for another request.
    func send() async -> Bool {
        defer { if case .events(let events) = content { events.close() } }
        let response = Response(status: 200, body: .lines)
        // Without chunks only the end of the connection can end the stream.
        let chunked = exchange.context(keeping: true).minorVersion >= 1
        let context = exchange.context(keeping: chunked)
        exchange.log(200)
        do {
            var first = response.wireBytes(context)
            guard !context.isHead else {
                try await connection.write(first)
                return context.keepsConnection
            }
            first.writeImmutableBuffer(try line(.heartbeat, chunked: chunked))
            try await connection.write(first)
            guard case .ended(let problem) = await pump(chunked: chunked) else { return false }
            var last = ByteBuffer()
            if let problem { last.writeImmutableBuffer(try line(.end(problem), chunked: chunked)) }
            if chunked { last.writeString("0\r\n\r\n") }
            if last.readableBytes > 0 { try await connection.write(last) }
            // What was promised in the head is kept unless the agent stops now.
            return context.keepsConnection && !server.stopping.isFired
        } catch {
            return false
        }
    }

    /// Whatever comes first of: the events' end, a failed write, the caller leaving, the agent stopping.
    private func pump(chunked: Bool) async -> End {
        await withTaskGroup(of: End.self) { group in
            group.addTask {
                switch content {
                case .events(let events): await self.send(events, chunked: chunked)
                case .lines(let lines): await self.send(lines, chunked: chunked)
                }
            }
            group.addTask { await self.sendHeartbeats(chunked: chunked) }
            group.addTask {
                await connection.gone.wait()
                return .lost
            }
            group.addTask {
                await server.stopping.wait()
                return .ended(Problem(.shuttingDown, "The agent is stopping.", remedy: "Go on from the last cursor when it runs again."))
            }
            let first = await group.next() ?? .lost
            group.cancelAll()
            return first
        }
    }

    private func send(_ lines: EncodedLines, chunked: Bool) async -> End {
        do {
            try await lines.deliver { try await connection.write(framed($0, chunked: chunked)) }
            return .ended(nil)
        } catch let problem as Problem {
            return .ended(problem)
        } catch {
            // Whatever is thrown beside problems comes from the connection.
            return .lost
        }
    }

    /// The next events are asked for when the last ones have been taken.
    private func send(_ events: EventStream, chunked: Bool) async -> End {
        do throws(Problem) {
            while let some = try await events.next() {
                let bytes = try await WorkLane.streams.run { () throws(Problem) in
                    var bytes = ByteBuffer()
                    for event in some { bytes.writeImmutableBuffer(try line(.event(exchange.visible(event)), chunked: chunked)) }
                    return bytes
                }
                do {
                    try await connection.write(bytes)
                } catch {
                    return .lost
                }
            }
            return .ended(nil)
        } catch {
            return .ended(error)
        }
    }

    private func sendHeartbeats(chunked: Bool) async -> End {
        do {
            while true {
                try await Task.sleep(for: server.limits.heartbeat)
                try await connection.write(try line(.heartbeat, chunked: chunked))
            }
        } catch {
            return .lost
        }
    }

    private func line(_ line: StreamLine, chunked: Bool) throws(Problem) -> ByteBuffer {
        framed(try Response.encoded(line), chunked: chunked)
    }

    private func framed(_ text: [UInt8], chunked: Bool) -> ByteBuffer {
        var buffer = ByteBuffer()
        if chunked { buffer.writeString(String(text.count + 1, radix: 16) + "\r\n") }
        buffer.writeBytes(text)
        buffer.writeString("\n")
        if chunked { buffer.writeString("\r\n") }
        return buffer
    }
}
