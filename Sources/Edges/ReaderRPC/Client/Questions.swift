import GatewayModel
import Moments

extension ReaderCommand {
    /// Moves nothing at the reader, so that it may be asked as often as one likes.
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
    /// What part of the whole time one try may take.
    static let share = 3
    static let leastShare = Duration.seconds(2)
    /// How often it is tried to reach a reader that is not there: whoever waits for it has to hear of that, and look for it elsewhere.
    static let unreachedLimit = 3
    /// How often a reader is asked again that says it cannot just now.
    static let refusedLimit = 3

    private var lost = 0
    private var unreached = 0
    private var refused = 0

    /// The pause before the next try; nil: the failure stands.
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
    /// What published clients try once more (reader-protocol, section 5.1).
    fileprivate var isPassing: Bool {
        switch self {
        case .networkUnavailable, .serverUnresolvable, .serverUnreachable, .timeout, .retry, .serverBusy: true
        case .rpcError, .unknownRPCError, .badRequest, .badResponse, .other: false
        }
    }
}
