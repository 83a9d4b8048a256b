import Certificates
import TextSafety
import AsyncHTTPClient
import GatewayModel
import Moments
import NIOConcurrencyHelpers
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL

/// Makes HTTPS calls to the backend and to Stripe, each bounded in time and in size.
///
/// TLS is always verified, to the name in the address. Redirects are not followed, no proxy is taken from the environment, and nothing is
/// repeated but a call that says that it may be (``Repeats``). One client serves all hosts. Its owner must shut it down.
package final class WebClient: Sendable {
    /// The time after which a quiet connection is closed. Load balancers commonly drop one after 60 s. Closing well before that keeps a
    /// call from going out on a connection that is being closed at that moment, which would leave open whether it acted.
    private static let idleTime = TimeAmount.seconds(30)
    /// The limit is higher than what ``CallGate`` lets through, so that no call waits for a connection without a turn. Connections are
    /// opened as they are needed.
    private static let connectionsPerHost = CallGate.places * 2

    /// The reason why a client cannot be made.
    package typealias Problem = TrustRoots.Problem

    private let clients: DialledClients
    let book: HostBook
    private let group: any EventLoopGroup
    private let gate: CallGate
    private let names = NameCheck()
    private let connectTimeout: Duration
    private let trustRoots: String?
    private let clocks = NIOLockedValueBox<[String: ClockSample]>([:])
    private let isShutDown = NIOLockedValueBox(false)
    private let observe: (@Sendable (WebExchange) -> Void)?

    /// - Parameters:
    ///   - trustRoots: a PEM file of authorities that count besides the system's.
    ///   - connectTimeout: the time for connecting and the TLS handshake together. Finding the host's address has a time of its own
    ///     (``HostBook``).
    ///   - observe: gets every call that reached the transport when it has ended, its secrets included.
    package convenience init(
        trustRoots: String? = nil, connectTimeout: Duration = .seconds(5),
        group: any EventLoopGroup = MultiThreadedEventLoopGroup.singleton, observe: (@Sendable (WebExchange) -> Void)? = nil
    ) throws(Problem) {
        try self.init(trustRoots: trustRoots, connectTimeout: connectTimeout, group: group, resolver: NameResolver(), observe: observe)
    }

    init(
        trustRoots: String?, connectTimeout: Duration, group: any EventLoopGroup = MultiThreadedEventLoopGroup.singleton,
        resolver: NameResolver, observe: (@Sendable (WebExchange) -> Void)? = nil
    ) throws(Problem) {
        self.observe = observe
        self.trustRoots = trustRoots
        var tls = TLSConfiguration.makeClientConfiguration()
        tls.minimumTLSVersion = .tlsv12
        tls.trustRoots = SystemRoots.trusted
        if let trustRoots {
            tls.additionalTrustRoots = [.certificates(try TrustRoots.load(trustRoots))]
        }

        var configuration = HTTPClient.Configuration(tlsConfiguration: tls, redirectConfiguration: .disallow)
        configuration.httpVersion = .http1Only
        configuration.timeout.connect = TimeAmount(connectTimeout)
        configuration.connectionPool = .init(
            idleTimeout: Self.idleTime, concurrentHTTP1ConnectionsPerHostSoftLimit: Self.connectionsPerHost)
        // Otherwise a refused certificate is tried again and again until the connect time-out, and looks like one.
        configuration.connectionPool.retryConnectionEstablishment = false
        configuration.http1_1ConnectionDebugInitializer = { [names] in names.run(on: $0) }
        clients = DialledClients(configuration, group: group)
        book = HostBook(resolver: resolver, group: group)
        gate = CallGate(group: group)
        self.group = group
        self.connectTimeout = connectTimeout
    }

    /// Cuts what is under way and closes every connection. Later calls fail. A second call does nothing.
    package func shutdown() async {
        let first = isShutDown.withLockedValue { done in
            defer { done = true }
            return !done
        }
        guard first else { return }
        await clients.shutdown()
    }

    /// The last sample of a host's clock, by ``WebBase/place``.
    package func clockSample(of base: WebBase) -> ClockSample? {
        clocks.withLockedValue { $0[base.place] }
    }

    /// Makes one call and returns its answer. It fails with the vocabulary's reasons. A failure's text names the host and the port, never
    /// the query.
    package func send(_ request: WebRequest) async throws(CallFailure) -> WebAnswer {
        do throws(FailedAttempt) {
            switch request.repeats {
            case .never: return try await attempt(request)
            case .once, .question: return try await Asking(request: request, attempt: attempt).answer()
            }
        } catch {
            throw error.failure
        }
    }

    /// Makes one try at a call, when its turn has come.
    private func attempt(_ request: WebRequest) async throws(FailedAttempt) -> WebAnswer {
        let place = request.base.place
        let end = NIODeadline.now() + TimeAmount(min(max(request.deadline, .zero), .seconds(86_400)))
        switch await gate.enter(place, request.urgency, until: end) {
        case .entered: break
        case .crowded:
            throw FailedAttempt(
                failure: .overloaded(detail: "\(request.name): too many calls to \(place) were before this one"), worth: .nothing)
        case .canceled:
            throw FailedAttempt(
                failure: .unavailable(detail: "\(request.name): the call to \(place) was given up", mayHaveActed: false), worth: .nothing)
        }
        defer { gate.leave(place, request.urgency) }
        return try await call(request, place: place, until: end)
    }

    private func call(_ request: WebRequest, place: String, until end: NIODeadline) async throws(FailedAttempt) -> WebAnswer {
        var request = request
        request.deadline = .nanoseconds(max(0, (end - .now()).nanoseconds))
        guard request.deadline > .zero else {
            throw FailedAttempt(
                failure: .unavailable(detail: "\(request.name): no time was left to call \(place)", mayHaveActed: false), worth: .nothing)
        }
        let message: HTTPClient.Request
        do {
            message = try Self.message(request)
        } catch {
            throw FailedAttempt(
                failure: .unavailable(detail: "\(request.name): no request to \(place) can be made of that", mayHaveActed: false),
                worth: .nothing)
        }

        names.expect(request.base)
        let begun = ContinuousClock.now
        let deadline = begun + min(request.deadline, .seconds(86_400))
        guard request.base.hasNameToFind else {
            return try await exchange(request, message, at: nil, begun: begun, until: deadline)
        }
        for anew in [false, true] {
            let found = try await find(request, anew: anew, until: deadline)
            do {
                let answer = try await exchange(request, message, at: found.address, begun: begun, until: deadline)
                book.worked(request.base, found.address)
                return answer
            } catch {
                guard error.isAboutTheWay else {
                    // A host that answers, however unwelcome the answer, is there.
                    if error.wasAnswered { book.worked(request.base, found.address) }
                    throw error
                }
                book.failed(request.base, found.address)
                guard found.isRemembered, ContinuousClock.now < deadline else { throw error }
            }
        }
        throw FailedAttempt(
            failure: .unavailable(detail: "\(request.name): no connection to \(place)", mayHaveActed: false), worth: .another)
    }

    /// Finds the host's address. That takes half of the time at the most: the rest is the connection's and the answer's.
    private func find(
        _ request: WebRequest, anew: Bool, until deadline: ContinuousClock.Instant
    ) async throws(FailedAttempt) -> HostBook.Place {
        do {
            return try await book.place(
                of: request.base, anew: anew, connectTimeout: connectTimeout, within: (deadline - ContinuousClock.now) / 2)
        } catch {
            throw FailedAttempt(
                failure: .unavailable(
                    detail: "\(request.name): the address of \(request.base.host) cannot be found out (DNS): \(error.words)",
                    mayHaveActed: false), worth: .another)
        }
    }

    private func exchange(
        _ request: WebRequest, _ message: HTTPClient.Request, at address: String?, begun: ContinuousClock.Instant,
        until deadline: ContinuousClock.Instant
    ) async throws(FailedAttempt) -> WebAnswer {
        let place = request.base.place
        let end = NIODeadline.now() + TimeAmount(deadline - ContinuousClock.now)
        guard let dialled = clients.take(request.base.host, at: address) else {
            throw FailedAttempt(
                failure: .unavailable(detail: "\(request.name): readerd is shutting down", mayHaveActed: false), worth: .nothing)
        }
        defer { clients.giveBack(dialled) }
        let collector = AnswerCollector(limit: max(0, request.maxBytes), takesAnyStatus: request.takesAnyStatus)
        let task = dialled.client.execute(request: message, delegate: collector, eventLoop: .indifferent, deadline: end)
        var failure: (any Error)?
        do {
            try await withTaskCancellationHandler {
                try await task.get()
            } onCancel: {
                task.cancel()
            }
        } catch {
            failure = error
        }

        let collected = collector.collected
        let date = collected.head?.headers.first(name: "date").flatMap { HTTPDate.parse($0) }
        if let date {
            clocks.withLockedValue { $0[place] = ClockSample(server: date, own: BoxClock.now()) }
        }
        if let head = collected.head {
            let status = Int(head.status.code)
            if failure == nil || !(200...299).contains(status) || collected.overflowed {
                observe?(WebExchange(request, begun: begun, .answer(status: status, .init(Array(collected.body.readableBytesView)))))
            }
            if !(200...299).contains(status), !request.takesAnyStatus { throw Self.refusal(request, status: status, collected: collected) }
            if collected.overflowed {
                throw FailedAttempt(
                    failure: .invalidAnswer(detail: "\(request.name): the answer of \(place) is longer than \(request.maxBytes) bytes"),
                    worth: .nothing, wasAnswered: true)
            }
            if failure == nil, collected.complete {
                return WebAnswer(status: status, body: Array(collected.body.readableBytesView), date: date)
            }
        }
        let problem = await transportFailure(
            request, failure ?? HTTPClientError.remoteConnectionClosed, at: address, sent: collected.sent, end: end)
        observe?(WebExchange(request, begun: begun, .failure(problem.failure.detail, sent: collected.sent)))
        throw problem
    }

    private func transportFailure(
        _ request: WebRequest, _ error: any Error, at address: String?, sent: Bool, end: NIODeadline
    ) async -> FailedAttempt {
        let place = request.base.place
        var error = error
        // The library reports a call that still waits for its connection at the deadline as cancelled.
        if let known = error as? HTTPClientError, known == .cancelled, NIODeadline.now() >= end { error = HTTPClientError.deadlineExceeded }
        let reason = TransportReason(error, place: place, sent: sent, connectTimeout: connectTimeout, deadline: request.deadline)
        var sentence = reason.sentence
        if reason.isCertificate, !sent {
            let time = min(end - .now(), TimeAmount(connectTimeout))
            if time > .zero,
                let problem = await CertificateLook.problem(
                    of: request.base, at: address, trustRoots: trustRoots, group: group, within: time)
            {
                sentence = CertificateLook.sentence(problem, place: place, now: BoxClock.now())
            }
        }
        let isOver = isShutDown.withLockedValue { $0 } || (error as? HTTPClientError) == .cancelled
        return FailedAttempt(
            failure: .unavailable(detail: "\(request.name): \(sentence)", mayHaveActed: sent),
            worth: isOver || reason.isCertificate ? .nothing : sent ? .more : .another, isAboutTheWay: !sent && !isOver)
    }

    private static func message(_ request: WebRequest) throws -> HTTPClient.Request {
        var headers = HTTPHeaders()
        headers.add(name: "User-Agent", value: "readerd")
        headers.add(name: "Accept", value: "application/json")
        if let trace = request.trace { headers.add(name: "X-Request-Id", value: trace) }
        for header in request.headers {
            switch header.value {
            case .text(let text): headers.add(name: header.name, value: text)
            case .bearer(let secret): headers.add(name: header.name, value: "Bearer \(secret.reveal())")
            }
        }
        return try HTTPClient.Request(
            url: request.fullAddress, method: request.method == .get ? .GET : .POST, headers: headers,
            body: request.body.map { .byteBuffer(ByteBuffer(bytes: $0.bytes)) })
    }

    /// The meaning of a status outside of 200 to 299.
    private static func refusal(_ request: WebRequest, status: Int, collected: AnswerCollector.Collected) -> FailedAttempt {
        let (failure, worth) = meaning(request, status: status, collected: collected)
        return FailedAttempt(failure: failure, worth: worth, wasAnswered: true)
    }

    private static func meaning(
        _ request: WebRequest, status: Int, collected: AnswerCollector.Collected
    ) -> (CallFailure, FailedAttempt.Worth) {
        let body = Array(collected.body.readableBytesView)
        let secrets = request.secrets.map { $0.reveal() }
        let explained = request.explain?(body).map { Shown.line($0, hiding: secrets) }
        let text = explained ?? Shown.body(body, hiding: secrets)
        // `TransportWords.ownTrouble` recognises these words, and advice is given by them.
        var detail = "\(request.name): \(request.base.place) answered \(status)" + (text.isEmpty ? "" : ": \(text)")
        switch status {
        case 401: return (.unauthorized(detail: detail), .nothing)
        case 403: return (.forbidden(detail: detail), .nothing)
        // 408 and 425 ask for the call to be made again; 429 and 503 may say when.
        case 408, 425, 429, 500...:
            if let wait = collected.head?.headers.first(name: "retry-after").flatMap({ Int($0) }), (0...86400).contains(wait) {
                detail += " (it asks to wait \(wait) s)"
                return (.unavailable(detail: detail, mayHaveActed: true), .moreAfter(.seconds(wait)))
            }
            // A host with too much to do is not helped by more calls.
            return (.unavailable(detail: detail, mayHaveActed: true), status == 429 ? .moreAfter(.seconds(1)) : .more)
        case 400...499: return (.rejected(status: status, detail: detail), .nothing)
        default:
            let words = "\(request.base.place) answered \(status), which is no answer to this call; redirects are not followed"
            return (.invalidAnswer(detail: "\(request.name): \(words)"), .nothing)
        }
    }
}
