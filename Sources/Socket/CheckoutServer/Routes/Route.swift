import CheckoutAPI

/// One method of one path: who may call it, and what it does.
struct Route: Sendable {
    enum BodyUse: Sendable {
        case none, optional, required
    }

    enum Segment: Sendable, Hashable {
        case word(String)
        case parameter(String)
    }

    let method: String
    /// The path as the contract writes it: `/v1/payments/{id}/cancel`.
    let pattern: String
    /// What the OpenAPI document says of it.
    let document: OperationDocument
    let segments: [Segment]
    let role: Role
    let work: Work
    let body: BodyUse
    /// Whether the answer holds a secret: nobody may keep it then.
    let holdsSecret: Bool
    /// What the service may refuse it with; the server's own refusals are not among them.
    let problems: [Problem.Code]
    let operation: @Sendable (Call) async throws(Problem) -> Reply

    init(
        _ method: String, _ pattern: String, _ document: OperationDocument, _ role: Role, _ work: Work, body: BodyUse = .none,
        holdsSecret: Bool = false,
        problems: [Problem.Code] = [], operation: @escaping @Sendable (Call) async throws(Problem) -> Reply
    ) {
        self.method = method
        self.pattern = pattern
        self.document = document
        self.segments = pattern.split(separator: "/").map { segment in
            segment.hasPrefix("{") ? .parameter(String(segment.dropFirst().dropLast())) : .word(String(segment))
        }
        self.role = role
        self.work = work
        self.body = body
        self.holdsSecret = holdsSecret
        self.problems = problems
        self.operation = operation
    }

    /// The values of the path's parameters when the (decoded) segments are of this route.
    func match(_ path: [String]) -> [String: String]? {
        guard path.count == segments.count else { return nil }
        var parameters: [String: String] = [:]
        for (segment, text) in zip(segments, path) {
            switch segment {
            case .word(let word): guard word == text else { return nil }
            case .parameter(let name): parameters[name] = text
            }
        }
        return parameters
    }
}

extension [Problem.Code] {
    /// What a call that asks the backend may end with.
    static let backend: Self = [
        .backendRejected, .backendUnauthorized, .backendForbidden, .backendInvalidAnswer, .backendUnavailable,
    ]
}

/// What a route answers with.
enum Reply: Sendable {
    case answer(Response)
    /// Not made into text yet: that takes its time, and where it is done depends on what it is for.
    case value(@Sendable () throws(Problem) -> Response)
    case stream(EventStream)
    case lines(EncodedLines)
}

extension Reply {
    static func json(_ status: Int, _ value: some Encodable & Sendable) -> Reply {
        .value { () throws(Problem) in try .json(status, value) }
    }
}
