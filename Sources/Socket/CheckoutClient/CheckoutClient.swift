import CheckoutAPI

/// The agent, as a program on the same box speaks to it: HTTP and JSON over a Unix socket.
///
/// A value without state: every call opens a connection of its own, and any number of calls may run at once. Every call has a deadline, and
/// cancelling its task closes its connection. Cancelling never cancels what was asked for: a payment goes on until
/// ``cancelPayment(_:)`` has been answered and it has ended.
///
/// ```swift
/// let agent = CheckoutClient()
/// let payment = try await agent.payUntilEnded(
///     id: "till-1-000123", body: PaymentBody(cart: "123", amount: "56.78"), deadline: .now + .seconds(600))
/// ```
public struct CheckoutClient: Sendable {
    /// Where the agent's socket is unless the settings say otherwise.
    public static let defaultSocketPath = "/run/readerd/checkout.sock"

    /// The longest that an answer can be held back for a payment's end (`wait`).
    public static let longestWait: Duration = .seconds(120)

    /// The agent's socket.
    public let socketPath: String
    /// How long a call may take, from connecting to the last byte; a call with a `wait` may take that much longer.
    public let timeout: Duration
    /// How long a stream may be silent. The agent sends a heartbeat at least every 15 seconds.
    public let silenceLimit: Duration
    /// How many bytes an answer, or one line of a stream, may have.
    public let maximumAnswerBytes: Int

    /// Opens nothing yet: each call makes its own connection.
    public init(
        socketPath: String = CheckoutClient.defaultSocketPath, timeout: Duration = .seconds(15), silenceLimit: Duration = .seconds(45),
        maximumAnswerBytes: Int = 8 << 20
    ) {
        self.socketPath = socketPath
        self.timeout = timeout
        self.silenceLimit = silenceLimit
        self.maximumAnswerBytes = maximumAnswerBytes
    }

    var connection: Connection { Connection(path: socketPath, limit: maximumAnswerBytes) }

    /// Sends a request whose answer is a resource.
    func call<Value: Decodable>(
        _ method: Message.Method, _ target: Target, body: (any Encodable & Sendable)? = nil, wait: Duration = .zero
    ) async throws(ClientError) -> Value {
        try await send(method, target, body: body, wait: wait).decoded(Value.self)
    }

    /// Sends a request; a refusal is thrown.
    @discardableResult
    func send(
        _ method: Message.Method, _ target: Target, body: (any Encodable & Sendable)? = nil, wait: Duration = .zero,
        accept: String = "application/json"
    ) async throws(ClientError) -> Answer {
        var message = Message(method: method, target: target, accept: accept)
        if let body { message.body = try Self.written(body) }
        let answer = try await connection.answer(to: message, within: timeout + wait)
        try answer.throwProblem()
        return answer
    }

    /// A repeated request is the same, byte for byte.
    static func written(_ body: some Encodable) throws(ClientError) -> [UInt8] {
        do {
            return try JSONLine.bytes(body)
        } catch {
            throw .invalidAnswer(reason: "the request cannot be written as JSON")
        }
    }
}
