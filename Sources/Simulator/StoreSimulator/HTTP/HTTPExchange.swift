import JSON
import NIOCore

/// One request as a simulated server received it.
package struct HTTPRequest: Sendable {
    package var method: String
    /// The path without the query.
    package var path: String
    /// The query's names and values, decoded, in order.
    package var query: [(name: String, value: String)]
    /// The headers by their names in lower case.
    package var headers: [String: String]
    package var body: [UInt8]
    /// The number of the connection that carried it. Each connection has a new one.
    package var connection: Int

    package func queryValue(_ name: String) -> String? { query.first { $0.name == name }?.value }

    /// The media type of the body in lower case, without parameters.
    package var contentType: String? {
        headers["content-type"]?.split(separator: ";").first.map { $0.trimmed.lowercased() }
    }

    /// Whether the client takes JSON.
    package var acceptsJSON: Bool {
        guard let accept = headers["accept"]?.lowercased() else { return true }
        return accept.split(separator: ",").contains { entry in
            let type = entry.split(separator: ";").first?.trimmed ?? ""
            return type == "*/*" || type == "application/*" || type == "application/json"
        }
    }

    /// The credential of `Authorization: Bearer …`.
    package var bearer: String? {
        guard let value = headers["authorization"], value.hasPrefix("Bearer ") else { return nil }
        return String(value.dropFirst("Bearer ".count))
    }
}

/// One whole answer.
package struct HTTPReply: Sendable, Equatable {
    package var status: Int
    package var contentType: String?
    package var headers: [String: String]
    package var body: [UInt8]

    package init(status: Int, contentType: String? = nil, headers: [String: String] = [:], body: [UInt8] = []) {
        self.status = status
        self.contentType = contentType
        self.headers = headers
        self.body = body
    }

    package static func json(_ status: Int, _ value: JSONValue) -> HTTPReply {
        HTTPReply(status: status, contentType: "application/json", body: value.bytes())
    }

    package static let noContent = HTTPReply(status: 204)

    /// The bytes on the wire, head and body.
    func wire(date: String?) -> [UInt8] {
        var head = "HTTP/1.1 \(status) \(Self.reason(status))\r\n"
        if let date { head += "Date: \(date)\r\n" }
        if let contentType { head += "Content-Type: \(contentType)\r\n" }
        for (name, value) in headers.sorted(by: { $0.key < $1.key }) { head += "\(name): \(value)\r\n" }
        if status != 204 { head += "Content-Length: \(body.count)\r\n" }
        return Array((head + "\r\n").utf8) + body
    }

    private static func reason(_ status: Int) -> String {
        switch status {
        case 200: "OK"
        case 204: "No Content"
        case 400: "Bad Request"
        case 401: "Unauthorized"
        case 402: "Payment Required"
        case 403: "Forbidden"
        case 404: "Not Found"
        case 405: "Method Not Allowed"
        case 406: "Not Acceptable"
        case 413: "Content Too Large"
        case 415: "Unsupported Media Type"
        case 421: "Misdirected Request"
        case 422: "Unprocessable Content"
        case 429: "Too Many Requests"
        case 500: "Internal Server Error"
        case 502: "Bad Gateway"
        case 503: "Service Unavailable"
        case 504: "Gateway Timeout"
        default: "Status"
        }
    }
}

/// A server's reaction to a request: it answers or misbehaves, at once or after a while.
package indirect enum Disposition: Sendable {
    case reply(HTTPReply)
    /// The server sends exactly these bytes, then closes the connection.
    case raw([UInt8])
    /// The server hangs up without an answer.
    case close
    /// The server sends nothing. The connection stays open until the client or the store closes it.
    case silence
    /// The server decides when so many milliseconds have passed, whether or not the client is still there.
    case after(milliseconds: Int, @Sendable () -> Disposition)
    /// The server does what the future brings.
    case whenReady(EventLoopFuture<Disposition>)

    /// The same disposition with its end changed, however late that end comes.
    func mapEnd(_ change: @escaping @Sendable (Disposition) -> Disposition) -> Disposition {
        switch self {
        case .after(let milliseconds, let next): .after(milliseconds: milliseconds) { next().mapEnd(change) }
        case .whenReady(let future): .whenReady(future.map { $0.mapEnd(change) })
        case .reply, .raw, .close, .silence: change(self)
        }
    }
}

extension StringProtocol {
    /// The text without spaces and tabs at both ends.
    var trimmed: String {
        var text = self[...]
        while let first = text.first, first == " " || first == "\t" { text = text.dropFirst() }
        while let last = text.last, last == " " || last == "\t" { text = text.dropLast() }
        return String(text)
    }
}
