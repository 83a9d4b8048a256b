import TextSafety
import JSON
import CheckoutAPI
import Logging
import NIOCore
import NIOPosix

/// One request and its answer.
struct Exchange: Sendable {
    private let connection: Connection
    private let server: ServerContext
    private let incoming: Incoming
    private let head: RequestHead?
    private let requestID: String
    private let began = ContinuousClock.now

    init(_ connection: Connection, _ server: ServerContext, _ incoming: Incoming) {
        self.connection = connection
        self.server = server
        self.incoming = incoming
        switch incoming {
        case .request(let head, _): self.head = head
        case .refused(_, let head): self.head = head
        case .unexpected(let head): self.head = head
        }
        requestID = head?.requestID ?? Self.newRequestID()
    }

    /// Answers; true when the connection is good for another request.
    func answer() async -> Bool {
        do throws(Dispatcher.Refusal) {
            return try await served()
        } catch {
            switch error {
            case .problem(let problem, let allow):
                if problem.code == .overloaded { await pause() }
                var response = Response.problem(problem)
                if !allow.isEmpty { response.fields.append(("Allow", allow.joined(separator: ", "))) }
                return await send(response, code: problem.code)
            case .role(let needed): return await send(.problem(await notPermitted(needed)), code: .notPermitted)
            }
        }
    }

    /// Ends early when the server stops.
    private func pause() async {
        do {
            try await Task.sleep(for: server.limits.overloadPause)
        } catch {
            // The answer is due now.
        }
    }

    private func served() async throws(Dispatcher.Refusal) -> Bool {
        switch incoming {
        case .refused(let problem, _): throw .problem(problem)
        case .unexpected(let head):
            _ = try server.dispatcher.admit(head, role: connection.role)
            throw .problem(Problem(.internalError, "The request was refused."))
        case .request(let head, let body):
            let match = try server.dispatcher.admit(head, role: connection.role)
            guard !server.stopping.isFired else {
                throw .problem(
                    Problem(.shuttingDown, "The agent is stopping.", remedy: "Repeat the request when it runs again, in some seconds."))
            }
            do throws(Problem) {
                let work = try admit(match.route)
                return try await server.budgets.with(work, for: connection.role) { () throws(Problem) in
                    try await deliver(try await match.route.operation(try call(head, body, match)), match.route, work)
                }
            } catch {
                noteUndocumented(error, match.route)
                throw .problem(error)
            }
        }
    }

    /// As what kind of work the request counts.
    private func admit(_ route: Route) throws(Problem) -> Work {
        let pays = connection.role.map { $0 >= .checkout } ?? false
        let work: Work = route.work == .sells && !pays ? .looks : route.work
        guard !connection.isReserve || work == .sells else { throw server.tooManyConnections }
        // Whoever only wanted to see something, and has gone, gets nothing done.
        if connection.gone.isFired, route.method == "GET" { throw Problem(.requestTimeout, "The caller has gone.") }
        return work
    }

    /// Makes the text of an answer: of what sells here and now, of anything else where it holds up no payment.
    private func text(
        _ make: @escaping @Sendable () throws(Problem) -> Response, _ work: Work
    ) async throws(Problem) -> Response {
        switch work {
        case .sells, .waits, .prepares: try make()
        case .lists: try await WorkLane.lists.run(make)
        case .looks, .streams, .checks: try await WorkLane.looks.run(make)
        }
    }

    /// The OpenAPI document promises which codes a route has.
    private func noteUndocumented(_ problem: Problem, _ route: Route) {
        guard !route.problems.contains(problem.code), !OpenAPIDocument.commonProblems.contains(problem.code) else { return }
        server.logger.warning(
            "a code that the route does not document",
            metadata: ["route": "\(route.method) \(route.pattern)", "code": "\(problem.code)"])
    }

    private func call(_ head: RequestHead, _ body: ReceivedBody, _ match: Dispatcher.Match) throws(Problem) -> Call {
        guard let peer = connection.peer, let role = connection.role else {
            throw Problem(.notPermitted, "The kernel did not say who is calling.")
        }
        let caller = Caller(pid: peer.pid, uid: peer.uid, gid: peer.gid, groups: peer.groups, role: role, requestID: requestID)
        return Call(
            service: server.service, caller: caller, parameters: match.parameters, query: head.query,
            body: try understood(body.take(), match.route), accept: head.value(of: "accept"), gone: connection.gone,
            stopping: server.stopping, budgets: server.budgets)
    }

    private func understood(_ bytes: [UInt8], _ route: Route) throws(Problem) -> JSONValue? {
        if bytes.isEmpty {
            guard route.body == .required else { return nil }
            throw .invalid([Problem.Field(field: "body", message: "is required")])
        }
        guard route.body != .none else { throw .invalid([Problem.Field(field: "body", message: "must be empty: this request has none")]) }
        do {
            return try JSONParser.parse(bytes)
        } catch {
            throw .malformed("The body is not JSON: \(error.message), at byte \(error.offset).")
        }
    }

    private func deliver(_ reply: Reply, _ route: Route, _ work: Work) async throws(Problem) -> Bool {
        var response: Response
        switch reply {
        case .answer(let made): response = made
        case .value(let make): response = try await text(make, work)
        case .stream(let events): return await LineStream(connection, server, self, .events(events)).send()
        case .lines(let lines): return await LineStream(connection, server, self, .lines(lines)).send()
        }
        if route.holdsSecret { response.fields.append(("Cache-Control", "no-store")) }
        return await send(response)
    }

    private func notPermitted(_ needed: Role) async -> Problem {
        guard let peer = connection.peer else {
            return Problem(.notPermitted, "The kernel did not say who is calling.")
        }
        let policy = server.policy
        let role = connection.role
        do {
            return try await NIOThreadPool.singleton.runIfActive { policy.refusal(of: peer, has: role, needs: needed) }
        } catch {
            return Problem(.notPermitted, "This needs the role \(needed.rawValue).")
        }
    }

    private func send(_ response: Response, code: Problem.Code? = nil) async -> Bool {
        let context = context(keeping: true)
        log(response.status, code)
        do {
            try await connection.write(response.wireBytes(context), response.sharedBytes(context))
            return context.keepsConnection
        } catch {
            return false
        }
    }

    /// What the answer's head depends on. `keeping` is what the answer itself would allow.
    func context(keeping: Bool) -> ResponseContext {
        var keeps = keeping && !server.stopping.isFired
        if case .request(let head, _) = incoming { keeps = keeps && head.keepsConnection && !connection.isReserve } else { keeps = false }
        return ResponseContext(
            version: server.version, requestID: requestID, minorVersion: head?.minorVersion ?? 1, isHead: head?.method == "HEAD",
            keepsConnection: keeps, now: server.now())
    }

    func visible(_ event: Event) -> Event {
        guard let role = connection.role, role >= .checkout else {
            var event = event
            event.payment = event.payment?.forMonitor
            return event
        }
        return event
    }

    func log(_ status: Int, _ code: Problem.Code? = nil) {
        Self.log(server, connection.peer?.uid, head, requestID, status, code, since: began)
    }

    static func log(
        _ server: ServerContext, _ uid: UInt32?, _ head: RequestHead?, _ requestID: String, _ status: Int, _ code: Problem.Code? = nil,
        since began: ContinuousClock.Instant
    ) {
        let level: Logger.Level = status >= 500 ? .warning : .debug
        // What nobody reads is not put together.
        guard server.logger.logLevel <= level else { return }
        var metadata: Logger.Metadata = [
            "request_id": "\(requestID)", "status": "\(status)", "uid": "\(uid.map { String($0) } ?? "?")",
            "duration": "\(ContinuousClock.now - began)",
        ]
        if let head { metadata["request"] = "\(Shown.line(head.method, limit: 100)) \(Shown.line(head.path))" }
        if let code { metadata["code"] = "\(code)" }
        server.logger.log(level: level, "answered", metadata: metadata)
    }

    static func newRequestID() -> String { requestID(UInt64.random(in: .min ... .max)) }

    /// Sixteen hexadecimal digits.
    static func requestID(_ number: UInt64) -> String {
        let digits = String(number, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }
}
