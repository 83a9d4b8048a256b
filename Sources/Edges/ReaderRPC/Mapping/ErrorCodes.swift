import TextSafety
import GatewayModel

extension RPCErrorCode {
    /// Reads the wire's word for the code (reader-protocol, section 5.1).
    init(wire: String) {
        self =
            switch wire {
            case "NETWORK_UNAVAILABLE": .networkUnavailable
            case "SERVER_UNRESOLVABLE": .serverUnresolvable
            case "SERVER_UNREACHABLE": .serverUnreachable
            case "TIMEOUT": .timeout
            case "RETRY": .retry
            case "SERVER_BUSY": .serverBusy
            case "RPC_ERROR": .rpcError
            case "UNKNOWN_RPC_ERROR": .unknownRPCError
            case "BAD_REQUEST": .badRequest
            case "BAD_RESPONSE": .badResponse
            default: .other(Shown.line(wire, limit: 64))
            }
    }
}

extension AppErrorCode {
    /// Reads the wire's word for the code (reader-protocol, section 5.2).
    init(wire: String) {
        self =
            switch wire {
            case "INVALID_SESSION_TOKEN": .invalidSessionToken
            case "AUTHENTICATION_FAILURE": .authenticationFailure
            case "UNAUTHORIZED": .unauthorized
            case "SHORT_LIVED_SESSION": .shortLivedSession
            case "ILLEGAL_STATE": .illegalState
            case "LOCK_RESOURCES_EXCEPTION": .lockResourcesException
            case "INTERRUPTED": .interrupted
            case "INVALID_REQUEST": .invalidRequest
            case "INVALID_RESPONSE": .invalidResponse
            case "ILLEGAL_VERSION": .illegalVersion
            case "INVALID_CONFIG": .invalidConfig
            case "SERVER_ERROR": .serverError
            case "HEALTH_FAILURE": .healthFailure
            case "UNREACHABLE_ENDPOINT": .unreachableEndpoint
            case "PERSISTER_FAILURE": .persisterFailure
            case "UNKNOWN_APPLICATION_ERROR": .unknownApplicationError
            default: .other(Shown.line(wire, limit: 64))
            }
    }
}
