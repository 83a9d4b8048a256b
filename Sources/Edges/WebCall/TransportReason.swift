import AsyncHTTPClient
import Certificates
import GatewayModel
import Moments
import Glibc
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL

/// The certificate was signed by a trusted authority, but for another name (see ``CertificateName``).
struct WrongCertificateName: Error {}

/// The reason why the transport failed, for people. It knows the errors of the layers below and shows none of their texts, since they may
/// carry what was sent.
struct TransportReason {
    var sentence: String
    /// The server's certificate was refused, which makes it worth an examination.
    var isCertificate = false

    init(_ error: any Error, place: String, sent: Bool, connectTimeout: Duration, deadline: Duration) {
        switch error {
        case let error as HTTPClientError: self.init(error, place: place, sent: sent, connectTimeout: connectTimeout, deadline: deadline)
        case let error as NIOConnectionError:
            if let first = error.connectionErrors.first?.error {
                self.init(first, place: place, sent: sent, connectTimeout: connectTimeout, deadline: deadline)
            } else if error.dnsAError != nil || error.dnsAAAAError != nil {
                self.init(sentence: "no address is known for \(place): \(TransportWords.nameUnknown)")
            } else {
                self.init(sentence: "no connection to \(place)")
            }
        case ChannelError.connectTimeout: self.init(sentence: "no connection to \(place) within \(Self.seconds(connectTimeout))")
        case let error as IOError: self.init(sentence: Self.sentence(errno: error.errnoCode, place: place))
        case is WrongCertificateName: self.init(sentence: "the certificate of \(place) \(TransportWords.otherName)", isCertificate: true)
        case let flaw as CertificateFlaw: self.init(sentence: "the certificate of \(place) \(flaw.words)", isCertificate: true)
        case let error as NIOSSLExtraError where error == .failedToValidateHostname:
            self.init(sentence: "the certificate of \(place) \(TransportWords.otherName)", isCertificate: true)
        case NIOSSLError.handshakeFailed(let reason): self.init(handshake: String(describing: reason), place: place)
        case let error as BoringSSLError: self.init(handshake: String(describing: error), place: place)
        case is HTTPParserError: self.init(sentence: "what \(place) sent is not HTTP")
        case is ChannelError, is NIOSSLError: self.init(sentence: Self.cut(place: place, sent: sent))
        default: self.init(sentence: "the connection to \(place) failed (\(type(of: error)))")
        }
    }

    private init(sentence: String, isCertificate: Bool = false) {
        self.sentence = sentence
        self.isCertificate = isCertificate
    }

    private init(_ error: HTTPClientError, place: String, sent: Bool, connectTimeout: Duration, deadline: Duration) {
        switch error {
        case .deadlineExceeded, .readTimeout, .writeTimeout, .getConnectionFromPoolTimeout:
            sentence =
                sent
                ? "no answer from \(place) within \(Self.seconds(deadline))" : "no connection to \(place) within \(Self.seconds(deadline))"
        case .connectTimeout: sentence = "no connection to \(place) within \(Self.seconds(min(connectTimeout, deadline)))"
        case .tlsHandshakeTimeout:
            sentence = "\(place) did not finish the TLS handshake within \(Self.seconds(min(connectTimeout, deadline)))"
        case .remoteConnectionClosed, .uncleanShutdown: sentence = Self.cut(place: place, sent: sent)
        case .cancelled: sentence = "the call to \(place) was given up"
        case .alreadyShutdown: sentence = "readerd is shutting down"
        default: sentence = "the call to \(place) failed: \(error.shortDescription.lowercased())"
        }
    }

    private init(handshake detail: String, place: String) {
        if detail.contains("CERTIFICATE_VERIFY_FAILED") {
            self.init(sentence: "the certificate of \(place) \(TransportWords.untrusted)", isCertificate: true)
            return
        }
        // The reason is the library's own word, such as WRONG_VERSION_NUMBER. The rest of its text names its source files.
        let word = detail.firstRange(of: "OPENSSL_internal:").map {
            detail[$0.upperBound...].prefix { $0.isUppercase || $0.isNumber || $0 == "_" }
        }
        self.init(sentence: "the TLS handshake with \(place) failed" + (word.map { ": \($0)" } ?? ""))
    }

    private static func cut(place: String, sent: Bool) -> String {
        sent ? "\(place) closed the connection before its answer was complete" : "\(place) closed the connection before the call was sent"
    }

    private static func sentence(errno code: CInt, place: String) -> String {
        switch code {
        case ECONNREFUSED: "\(TransportWords.refused) \(place)"
        case EHOSTUNREACH, ENETUNREACH, ENETDOWN, EHOSTDOWN: "no route to \(place): \(TransportWords.noRoute)"
        case ETIMEDOUT: "no connection to \(place): it does not answer"
        case ECONNRESET, EPIPE: "\(place) cut the connection"
        default: "no connection to \(place): \(String(cString: strerror(code)))"
        }
    }

    /// A duration as `10 s` or `0.5 s`, to the nearest tenth, since what is left of a deadline is never round.
    static func seconds(_ duration: Duration) -> String {
        let parts = min(max(duration, .zero), .seconds(86400)).components
        let tenths = parts.seconds * 10 + (parts.attoseconds / 10_000_000_000_000_000 + 5) / 10
        return tenths % 10 == 0 ? "\(tenths / 10) s" : "\(tenths / 10).\(tenths % 10) s"
    }
}
