import GatewayModel
import Moments

extension ReaderCommand {
    /// The command moves nothing at the reader, so that it may be asked any number of times.
    package var onlyAsks: Bool {
        switch self {
        case .heartbeat, .query, .queryReusable: true
        case .activate, .prove, .display, .clearDisplay, .collect, .cancelCollect, .confirm, .collectReusable, .cancelReusable,
            .confirmReusable:
            false
        }
    }
}

extension ReaderCommand {
    var opensSession: Bool {
        switch self {
        case .activate, .prove: true
        case .heartbeat, .query, .queryReusable, .display, .clearDisplay, .collect, .cancelCollect, .confirm, .collectReusable,
            .cancelReusable, .confirmReusable:
            false
        }
    }
}

/// Says when a question whose answer was lost is asked again. One dropped connection must not send a customer away.
struct Questions {
    /// The part of the whole time that one try may take: one in so many.
    static let share = 3
    static let leastShare = Duration.seconds(2)
    /// The number of tries to reach a reader that is not there. The caller has to hear of that, and look for the reader elsewhere.
    static let unreachedLimit = 3
    /// The number of tries at a reader that says that it cannot at the moment.
    static let refusedLimit = 3

    private var lost = 0
    private var unreached = 0
    private var refused = 0

    /// The pause before the next try. Nil means that the failure stands.
    mutating func pause(after failure: ReaderFailure, left: Duration) -> Duration? {
        let pause: Duration
        switch failure {
        case .lost:
            lost += 1
            pause = lost == 1 ? .zero : min(.milliseconds(100) * (1 << min(lost - 2, 8)), .seconds(1))
        case .unreachable:
            unreached += 1
            guard unreached < Self.unreachedLimit else { return nil }
            pause = .milliseconds(150) * unreached
        case .rpc(let code, _) where code.isPassing:
            refused += 1
            guard refused < Self.refusedLimit else { return nil }
            pause = .milliseconds(250) * refused
        case .rpc, .app, .untrusted, .invalidAnswer, .unsupported: return nil
        }
        return pause < left ? pause : nil
    }
}

extension RPCErrorCode {
    /// The failures after which published clients try once more (reader-protocol, section 5.1).
    fileprivate var isPassing: Bool {
        switch self {
        case .networkUnavailable, .serverUnresolvable, .serverUnreachable, .timeout, .retry, .serverBusy: true
        case .rpcError, .unknownRPCError, .badRequest, .badResponse, .other: false
        }
    }
}
