import AsyncHTTPClient
import GatewayCore
import NIOConcurrencyHelpers
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL

/// HTTPS calls to the backend and to Stripe: each bounded in time and in size, each tried once.
///
/// TLS is always verified, to the name in the address. Redirects are not followed, no proxy is taken from the environment, and nothing is
/// repeated: whether a call may be made again is not for a transport to say. One client serves all hosts; it must be shut down.
package final class WebClient: Sendable {
    /// Load balancers commonly drop a quiet connection after 60 s. Letting go well before that keeps a call from going out on a connection
    /// that is being closed at that moment, which would leave open whether it acted.
    private static let idleTime = TimeAmount.seconds(30)
    /// How many connections one host gets; further calls wait for one, within their deadline.
    private static let connectionsPerHost = 4

    /// Why a client cannot be made.
    package typealias Problem = TrustRoots.Problem

    private let client: HTTPClient
    private let group: any EventLoopGroup
    private let names = NameCheck()
    private let connectTimeout: Duration
    private let clocks = NIOLockedValueBox<[String: ClockSample]>([:])
    private let isShutDown = NIOLockedValueBox(false)
    private let observe: (@Sendable (WebExchange) -> Void)?

    /// - Parameters:
    ///   - trustRoots: a PEM file of authorities that count beside the system's.
    ///   - connectTimeout: for resolving, connecting and the TLS handshake together.
    ///   - observe: is shown every call that got as far as the transport, secrets and all, when it has ended.
    package init(
        trustRoots: String? = nil, connectTimeout: Duration = .seconds(5),
        group: any EventLoopGroup = MultiThreadedEventLoopGroup.singleton, observe: (@Sendable (WebExchange) -> Void)? = nil
    ) throws(Problem) {
        self.observe = observe
        var tls = TLSConfiguration.makeClientConfiguration()
        tls.minimumTLSVersion = .tlsv12
        if let trustRoots {
            tls.additionalTrustRoots = [.certificates(try TrustRoots.load(trustRoots))]
        }

        var configuration = HTTPClient.Configuration(tlsConfiguration: tls, redirectConfiguration: .disallow)
        configuration.httpVersion = .http1Only
        configuration.timeout.connect = TimeAmount(connectTimeout)
        configuration.connectionPool = .init(
            idleTimeout: Self.idleTime, concurrentHTTP1ConnectionsPerHostSoftLimit: Self.connectionsPerHost)
        // Else a refused certificate is tried again and again until the connect time-out, and looks like one.
        configuration.connectionPool.retryConnectionEstablishment = false
        configuration.http1_1ConnectionDebugInitializer = { [names] in names.run(on: $0) }
        client = HTTPClient(eventLoopGroupProvider: .shared(group), configuration: configuration)
        self.group = group
        self.connectTimeout = connectTimeout
    }

    /// Cuts what is under way and closes every connection. Later calls fail. May be called again.
    package func shutdown() async {
        let first = isShutDown.withLockedValue { done in
            defer { done = true }
            return !done
        }
        guard first else { return }
        do {
            try await client.shutdown()
        } catch {
            // It can only say that it was shut down before or that a connection broke while it was closed: either way it is closed.
        }
    }

    /// What the clock of a host said last, by ``WebBase/place``.
    package func clockSample(of base: WebBase) -> ClockSample? {
        clocks.withLockedValue { $0[base.place] }
    }

    /// One call, one answer. Fails with the vocabulary's reasons; a failure's text names the host and the port, never the query.
    package func send(_ request: WebRequest) async throws(CallFailure) -> WebAnswer {
        let place = request.base.place
        guard request.deadline > .zero else {
            throw .unavailable(detail: "\(request.name): no time was left to call \(place)", mayHaveActed: false)
        }
        let message: HTTPClient.Request
        do {
            message = try Self.message(request)
        } catch {
            throw .unavailable(detail: "\(request.name): no request to \(place) can be made of that", mayHaveActed: false)
        }

        names.expect(request.base)
        let begun = ContinuousClock.now
        let end = NIODeadline.now() + TimeAmount(min(request.deadline, .seconds(86400)))
        let collector = AnswerCollector(limit: max(0, request.maxBytes), takesAnyStatus: request.takesAnyStatus)
        let task = client.execute(request: message, delegate: collector, eventLoop: .indifferent, deadline: end)
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
            clocks.withLockedValue { $0[place] = ClockSample(server: date, own: HTTPDate.now()) }
        }
        if let head = collected.head {
            let status = Int(head.status.code)
            if failure == nil || !(200...299).contains(status) || collected.overflowed {
                observe?(WebExchange(request, begun: begun, .answer(status: status, .init(Array(collected.body.readableBytesView)))))
            }
            if !(200...299).contains(status), !request.takesAnyStatus { throw Self.refusal(request, status: status, collected: collected) }
            if collected.overflowed {
                throw .invalidAnswer(detail: "\(request.name): the answer of \(place) is longer than \(request.maxBytes) bytes")
            }
            if failure == nil, collected.complete {
                return WebAnswer(status: status, body: Array(collected.body.readableBytesView), date: date)
            }
        }
        let problem = await transportFailure(request, failure ?? HTTPClientError.remoteConnectionClosed, sent: collected.sent, end: end)
        observe?(WebExchange(request, begun: begun, .failure(problem.detail, sent: collected.sent)))
        throw problem
    }

    private func transportFailure(_ request: WebRequest, _ error: any Error, sent: Bool, end: NIODeadline) async -> CallFailure {
        let place = request.base.place
        var error = error
        // A call that still waits for its connection at the deadline is told that it was canceled.
        if let known = error as? HTTPClientError, known == .cancelled, NIODeadline.now() >= end { error = HTTPClientError.deadlineExceeded }
        let reason = TransportReason(error, place: place, sent: sent, connectTimeout: connectTimeout, deadline: request.deadline)
        var sentence = reason.sentence
        if reason.isCertificate, !sent {
            let time = min(end - .now(), TimeAmount(connectTimeout))
            if time > .zero, let problem = await CertificateLook.problem(of: request.base, group: group, within: time) {
                sentence = CertificateLook.sentence(problem, place: place, now: HTTPDate.now())
            }
        }
        return .unavailable(detail: "\(request.name): \(sentence)", mayHaveActed: sent)
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

    /// What a status outside of 200 to 299 means.
    private static func refusal(_ request: WebRequest, status: Int, collected: AnswerCollector.Collected) -> CallFailure {
        let body = Array(collected.body.readableBytesView)
        let explained = request.explain?(body).map { ShownText.of($0, hiding: request.secrets) }
        let text = explained ?? ShownText.of(body, hiding: request.secrets)
        var detail = "\(request.name): \(request.base.place) answered \(status)" + (text.isEmpty ? "" : ": \(text)")
        switch status {
        case 401: return .unauthorized(detail: detail)
        case 403: return .forbidden(detail: detail)
        // 408 and 425 ask for the call to be made again; 429 and 503 may say when.
        case 408, 425, 429, 500...:
            if let wait = collected.head?.headers.first(name: "retry-after").flatMap({ Int($0) }), (0...86400).contains(wait) {
                detail += " (it asks to wait \(wait) s)"
            }
            return .unavailable(detail: detail, mayHaveActed: true)
        case 400...499: return .rejected(status: status, detail: detail)
        default:
            return .invalidAnswer(
                detail:
                    "\(request.name): \(request.base.place) answered \(status), which is no answer to this call; redirects are not followed"
            )
        }
    }
}
