import CheckoutAPI
import Glibc
import NIOCore
import NIOHTTP1

extension Connection {
    /// What an error of the transport means to the caller.
    static func clientError(_ error: any Error, path: String) -> ClientError {
        switch error {
        case let error as ClientError: error
        case is CancellationError: .canceled
        case let error as IOError: clientError(errno: error.errnoCode, path: path)
        case HTTPParserError.invalidEOFState: .connectionLost(reason: "the answer broke off")
        case is HTTPParserError: .invalidAnswer(reason: "it is not HTTP")
        // The agent answers unasked in one case only: a connection that is one too many, before its request has come.
        case let error as NIOHTTPDecoderError where error == .unsolicitedResponse:
            .problem(
                Problem(.overloaded, "The agent has too many connections, and refused this one unheard.", remedy: "Ask again in a moment."))
        case ChannelError.connectTimeout: .connectionLost(reason: "nobody accepted it")
        case is ChannelError: .connectionLost(reason: "it was closed")
        case is SocketAddressError: .noSocket(path: path)
        default: .connectionLost(reason: "\(type(of: error))")
        }
    }

    private static func clientError(errno code: CInt, path: String) -> ClientError {
        switch code {
        case ENOENT, ENOTDIR, ECONNREFUSED, ELOOP, ENAMETOOLONG, ENOTSOCK, EPROTOTYPE: .noSocket(path: path)
        case EACCES, EPERM: .noPermission(path: path)
        case EAGAIN: .connectionLost(reason: "too many programs wait for it")
        default: .connectionLost(reason: String(cString: strerror(code)))
        }
    }
}
