import Moments

/// Why a call to the backend or to Stripe brought no usable answer.
///
/// Texts in here came from outside or describe it: they are bounded, free of control characters, and never carry a secret or a URL's query.
package enum CallFailure: Error, Sendable, Equatable {
    /// 401: the credential is missing, wrong or expired.
    case unauthorized(detail: String)
    /// 403: the credential is known and may not do this.
    case forbidden(detail: String)
    /// 422, or another 4xx that repeating does not mend.
    case rejected(status: Int, detail: String)
    /// A 2xx answer that is not what the call needs: not JSON, too large, a field missing. Names the call and the field.
    case invalidAnswer(detail: String)
    /// No answer in time, no connection, a refused certificate, a 5xx, a 429. `mayHaveActed` is false only when nothing was sent.
    case unavailable(detail: String, mayHaveActed: Bool)
    /// Nothing was sent: too many calls of our own came before it. That says nothing of the other side.
    case overloaded(detail: String)

    package var detail: String {
        switch self {
        case .unauthorized(let detail), .forbidden(let detail), .rejected(_, let detail), .invalidAnswer(let detail),
            .unavailable(let detail, _), .overloaded(let detail):
            detail
        }
    }
}

/// What is wrong with the certificate that a reader showed. `Equatable` so that tests can name the reason.
package enum CertificateProblem: Sendable, Equatable {
    /// It names others: the names, bounded.
    case wrongName(expected: String, presented: [String])
    /// Its last day was before today (wall time, milliseconds).
    case expired(notAfter: WallTime)
    /// Its first day has not come: this box's clock is probably wrong.
    case notYetValid(notBefore: WallTime)
    /// No authority that this box trusts has signed it.
    case unknownAuthority(issuer: String)
    /// Something else, with its own remedy: an expired or missing intermediate, a purpose, a limit of an authority's.
    case flawed(words: String, remedy: String)
    case other(detail: String)
}

/// Why a call to a reader brought no usable answer.
package enum ReaderFailure: Error, Sendable, Equatable {
    /// No connection; nothing was sent.
    case unreachable(detail: String)
    /// The reader did not prove that it is the one it should be; nothing was sent.
    case untrusted(CertificateProblem)
    /// The request was, or may have been, sent, and no whole answer came: silence, a cut, an answer that is not HTTP.
    case lost(detail: String)
    /// The envelope says that the call did not reach the reader's application.
    case rpc(RPCErrorCode, detail: String)
    /// The reader's application refused.
    case app(AppErrorCode, detail: String)
    /// Both codes say OK, and the content is not what the method answers.
    case invalidAnswer(detail: String)
    /// The reader has proved who it is, and says that it does not know what was asked of it; nothing was done.
    case unsupported(detail: String)
}

/// `rpc_error_code` of the reader's envelope (reader-protocol, section 5.1: values observed in a client).
package enum RPCErrorCode: Sendable, Hashable {
    case networkUnavailable, serverUnresolvable, serverUnreachable, timeout, retry, serverBusy, rpcError, unknownRPCError, badRequest,
        badResponse
    case other(String)
}

/// `app_error_code` of the reader's envelope (reader-protocol, section 5.2: values observed in a client).
package enum AppErrorCode: Sendable, Hashable {
    case invalidSessionToken, authenticationFailure, unauthorized, shortLivedSession, illegalState, lockResourcesException, interrupted
    case invalidRequest, invalidResponse, illegalVersion, invalidConfig, serverError, healthFailure, unreachableEndpoint, persisterFailure
    case unknownApplicationError
    case other(String)

    /// The session is over; a fresh connection token and an activation are needed.
    package var endsSession: Bool {
        switch self {
        case .invalidSessionToken, .authenticationFailure, .unauthorized, .shortLivedSession: true
        case .illegalState, .lockResourcesException, .interrupted, .invalidRequest, .invalidResponse, .illegalVersion, .invalidConfig,
            .serverError, .healthFailure, .unreachableEndpoint, .persisterFailure, .unknownApplicationError, .other:
            false
        }
    }
}
