import GatewayModel

/// What a reader's refusals mean for its session.
extension ReaderFailure {
    /// Whether the session is to be given up (reader-protocol, sections 4 and 5: transport failures and unauthenticated codes end it).
    package var endsSession: Bool {
        switch self {
        case .unreachable, .untrusted, .lost: true
        case .rpc(let code, _):
            switch code {
            case .networkUnavailable, .serverUnresolvable, .serverUnreachable, .timeout: true
            case .retry, .serverBusy, .rpcError, .unknownRPCError, .badRequest, .badResponse, .other: false
            }
        case .app(let code, _): code.endsSession
        case .invalidAnswer, .unsupported: false
        }
    }

    /// A reader's words to an activation when it does not serve this interface; nil when the failure is another one.
    ///
    /// It is inferred that a reader would say so by such codes (reader-protocol, sections 5.1, 5.2 and 14).
    var speaksAnotherLanguage: String? {
        switch self {
        case .unsupported(let detail): return detail
        case .rpc(let code, let detail):
            switch code {
            case .badRequest: return "it calls the request a bad one (\(detail))"
            case .other(let word): return Self.meansUnknown(word) ? "\(word) (\(detail))" : nil
            case .networkUnavailable, .serverUnresolvable, .serverUnreachable, .timeout, .retry, .serverBusy, .rpcError,
                .unknownRPCError, .badResponse:
                return nil
            }
        case .app(let code, let detail):
            switch code {
            case .illegalVersion: return "it takes another version (\(detail))"
            case .other(let word): return Self.meansUnknown(word) ? "\(word) (\(detail))" : nil
            case .invalidSessionToken, .authenticationFailure, .unauthorized, .shortLivedSession, .illegalState, .lockResourcesException,
                .interrupted, .invalidRequest, .invalidResponse, .invalidConfig, .serverError, .healthFailure, .unreachableEndpoint,
                .persisterFailure, .unknownApplicationError:
                return nil
            }
        case .unreachable, .untrusted, .lost, .invalidAnswer: return nil
        }
    }

    private static func meansUnknown(_ word: String) -> Bool {
        [
            "UNIMPLEMENTED", "NOT_IMPLEMENTED", "NOT_FOUND", "UNKNOWN_METHOD", "METHOD_NOT_FOUND", "UNKNOWN_SERVICE", "UNSUPPORTED",
            "UNSUPPORTED_METHOD", "UNSUPPORTED_VERSION",
        ].contains(word)
    }
}

extension AppErrorCode {
    /// Whether the code refuses a takeover. Which code does is not public, so a code that is about neither the token nor the message's form
    /// counts as "in use".
    var refusesTakeover: Bool {
        switch self {
        case .lockResourcesException, .illegalState, .interrupted, .other: true
        case .invalidSessionToken, .authenticationFailure, .unauthorized, .shortLivedSession, .invalidRequest, .invalidResponse,
            .illegalVersion, .invalidConfig, .serverError, .healthFailure, .unreachableEndpoint, .persisterFailure,
            .unknownApplicationError:
            false
        }
    }
}

extension ReaderFailure {
    /// Whether it refuses an activation because the reader is at work, for this point of sale or another one.
    var saysInUse: Bool {
        guard speaksAnotherLanguage == nil, case .app(let code, _) = self else { return false }
        return code.refusesTakeover
    }
}

extension ReaderTrouble {
    /// Whether the reader was not found at the place that was tried. Another place may have it.
    var isLoss: Bool { kind == .unreachable || kind == .untrusted }

    /// Whether the reader cannot be used while it lasts.
    var preventsUse: Bool {
        switch kind {
        case .unreachable, .untrusted, .inUseElsewhere, .notListed, .vendorSDKOnly, .softwareUnsupported: true
        case .refused, .backend, .stripe, .noCart: false
        }
    }

    /// Whether nothing more can be tried with an entry that is in no list: it was not found there, or no cart can be opened on it to search
    /// for it.
    var endsWithTheList: Bool {
        switch kind {
        case .notListed, .noCart: true
        case .unreachable, .untrusted, .inUseElsewhere, .vendorSDKOnly, .softwareUnsupported, .refused, .backend, .stripe: false
        }
    }
}

extension ReaderTrouble.Kind {
    /// Whether the trouble says anything of the reader. A cart that gets no connection token, because it is paid or is no cart, does not.
    var isOfReader: Bool {
        switch self {
        case .noCart, .backend(.rejected), .backend(.overloaded): false
        case .unreachable, .untrusted, .inUseElsewhere, .notListed, .vendorSDKOnly, .softwareUnsupported, .refused, .stripe,
            .backend(.unauthorized), .backend(.forbidden), .backend(.invalidAnswer), .backend(.unavailable):
            true
        }
    }
}
