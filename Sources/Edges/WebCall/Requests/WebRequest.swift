import GatewayModel

/// One call, as it will be sent. Its description shows no secret.
package struct WebRequest: Sendable, CustomStringConvertible {
    package enum Method: String, Sendable {
        case get = "GET"
        case post = "POST"
    }

    package enum HeaderValue: Sendable {
        case text(String)
        /// The header `Authorization: Bearer …`.
        case bearer(Secret)
    }

    package struct Header: Sendable {
        package var name: String
        package var value: HeaderValue

        package init(_ name: String, _ value: HeaderValue) {
            self.name = name
            self.value = value
        }
    }

    package struct QueryItem: Sendable {
        package var name: String
        package var value: Secret

        package init(_ name: String, _ value: Secret) {
            self.name = name
            self.value = value
        }
    }

    /// Bytes whose description is their number alone.
    package struct Body: Sendable, CustomStringConvertible, CustomReflectable {
        package let bytes: [UInt8]
        package init(_ bytes: [UInt8]) { self.bytes = bytes }
        package var description: String { "\(bytes.count) bytes" }
        package var customMirror: Mirror { Mirror(self, children: []) }
    }

    /// The call's name in errors: `connection_token`, `terminal/readers`.
    package var name: String
    package var method: Method
    package var base: WebBase
    /// The path begins with a slash, is already percent-encoded, and has no query.
    package var path: String
    /// The query is never shown. The names must be plain letters, digits and underscores.
    package var query: [QueryItem] = []
    package var headers: [Header] = []
    package var body: Body?
    /// The trace goes out as `X-Request-Id`.
    package var trace: String?
    /// The time for the whole call, connecting and the answer's last byte included.
    package var deadline: Duration
    /// The most bytes that an answer may have.
    package var maxBytes: Int = 1 << 20
    /// Secrets in the body, so that a server that repeats them in an error is not quoted.
    package var alsoSecret: [Secret] = []
    /// Makes the sentence from the body of a refusal. Nil shows the body's text as it is.
    package var explain: (@Sendable ([UInt8]) -> String?)?
    /// The urgency decides which call goes first when there are many.
    package var urgency = Urgency.prepares
    /// Whether the call is made again when its answer is lost.
    package var repeats = Repeats.never
    /// Every whole answer is handed back, whatever its status. It serves the calls where a refusal needs more than a sentence.
    package var takesAnyStatus = false

    package init(name: String, method: Method, base: WebBase, path: String, deadline: Duration) {
        self.name = name
        self.method = method
        self.base = base
        self.path = path
        self.deadline = deadline
    }

    package var description: String { "\(method.rawValue) \(base.place) (\(name))" }

    /// The address in full. It carries the query's secrets, and is for the transport alone.
    var fullAddress: String {
        var address = "https://\(base.bracketedHost):\(base.port)\(base.prefix)\(path)"
        var separator = "?"
        for item in query {
            address += "\(separator)\(item.name)=\(item.value.reveal().percentEncoded)"
            separator = "&"
        }
        return address
    }

    /// Everything in this request that must not be quoted back.
    var secrets: [Secret] {
        var all = alsoSecret + query.map(\.value)
        for header in headers {
            if case .bearer(let secret) = header.value { all.append(secret) }
        }
        return all
    }
}
