import Moments

/// Why a call to the backend or to Stripe brought no usable answer.
///
/// The texts come from outside or describe what did. They are bounded, free of control characters, and never carry a secret or a URL's
/// query.
package enum CallFailure: Error, Sendable, Equatable {
    /// 401: the credential is missing, wrong or expired.
    case unauthorized(detail: String)
    /// 403: the credential is known and may not do this.
    case forbidden(detail: String)
    /// 422, or another 4xx that a repeated call does not mend.
    case rejected(status: Int, detail: String)
    /// A 2xx answer lacks what the call needs: it is not JSON, is too large, or misses a field. The detail names the call and the field.
    case invalidAnswer(detail: String)
    /// The call met no answer in time, no connection, a refused certificate, a 5xx or a 429. `mayHaveActed` is false only when nothing was
    /// sent.
    case unavailable(detail: String, mayHaveActed: Bool)
    /// Nothing was sent, because too many of the agent's own calls came before. That says nothing about the server.
    case overloaded(detail: String)

    package var detail: String {
        switch self {
        case .unauthorized(let detail), .forbidden(let detail), .rejected(_, let detail), .invalidAnswer(let detail),
            .unavailable(let detail, _), .overloaded(let detail):
            detail
        }
    }
}

/// What is wrong with a reader's certificate. It is `Equatable` so that tests can name the reason.
package enum CertificateProblem: Sendable, Equatable {
    /// The certificate names other hosts. The list of names is bounded.
    case wrongName(expected: String, presented: [String])
    /// Its last day was before today (wall time in milliseconds).
    case expired(notAfter: WallTime)
    /// Its first day has not come, so this box's clock is probably wrong.
    case notYetValid(notBefore: WallTime)
    /// No authority that this box trusts has signed it.
    case unknownAuthority(issuer: String)
    /// Another flaw with its own remedy: an expired or missing intermediate, a purpose, or a limit of an authority.
    case flawed(words: String, remedy: String)
    case other(detail: String)
}

/// Why a call to a reader brought no usable answer.
package enum ReaderFailure: Error, Sendable, Equatable {
    /// There was no connection, so nothing was sent.
    case unreachable(detail: String)
    /// The reader did not prove its identity, so nothing was sent.
    case untrusted(CertificateProblem)
    /// The request was, or may have been, sent, and no whole answer came: the reader was silent, cut the connection, or did not answer in
    /// HTTP.
    case lost(detail: String)
    /// The envelope says that the call did not reach the reader's application.
    case rpc(RPCErrorCode, detail: String)
    /// The reader's application refused.
    case app(AppErrorCode, detail: String)
    /// Both codes say OK, but the content does not fit the method.
    case invalidAnswer(detail: String)
    /// The reader has proved its identity and says that it does not know the request. It did nothing.
    case unsupported(detail: String)
}

/// The field `rpc_error_code` of the reader's envelope (reader-protocol, section 5.1: values observed in a client).
package enum RPCErrorCode: Sendable, Hashable {
    case networkUnavailable, serverUnresolvable, serverUnreachable, timeout, retry, serverBusy, rpcError, unknownRPCError, badRequest,
        badResponse
    case other(String)
}

/// The field `app_error_code` of the reader's envelope (reader-protocol, section 5.2: values observed in a client).
package enum AppErrorCode: Sendable, Hashable {
    case invalidSessionToken, authenticationFailure, unauthorized, shortLivedSession, illegalState, lockResourcesException, interrupted
    case invalidRequest, invalidResponse, illegalVersion, invalidConfig, serverError, healthFailure, unreachableEndpoint, persisterFailure
    case unknownApplicationError
    case other(String)

    /// Whether the session is over. The next one needs a fresh connection token and an activation.
    package var endsSession: Bool {
        switch self {
        case .invalidSessionToken, .authenticationFailure, .unauthorized, .shortLivedSession: true
        case .illegalState, .lockResourcesException, .interrupted, .invalidRequest, .invalidResponse, .illegalVersion, .invalidConfig,
            .serverError, .healthFailure, .unreachableEndpoint, .persisterFailure, .unknownApplicationError, .other:
            false
        }
    }
}
