import CheckoutAPI
import Moments
import NIOCore

/// An answer, except for what every answer carries.
struct Response: Sendable {
    enum Body: Sendable {
        case none
        case bytes([UInt8], type: String)
        /// Bytes that are made once and the same for everybody; they are never copied.
        case shared(ByteBuffer, type: String)
        /// Lines that follow one by one.
        case lines
    }

    var status: Int
    var body: Body
    /// Fields beside the ones that every answer has.
    var fields: [(name: String, value: String)] = []

    static func json(_ status: Int, _ value: some Encodable) throws(Problem) -> Response {
        Response(status: status, body: .bytes(try encoded(value), type: "application/json"))
    }

    static let empty = Response(status: 204, body: .none)

    static func problem(_ problem: Problem) -> Response {
        let bytes: [UInt8]
        do {
            bytes = try encoded(problem)
        } catch {
            bytes = Array(#"{"code":"internal_error","status":500,"title":"The agent failed"}"#.utf8)
        }
        return Response(status: problem.status, body: .bytes(bytes, type: "application/problem+json"))
    }

    /// One JSON text on one line, keys in alphabetical order.
    static func encoded(_ value: some Encodable) throws(Problem) -> [UInt8] {
        do {
            return try JSONLine.bytes(value)
        } catch {
            throw Problem(.internalError, "The answer could not be written as JSON.")
        }
    }
}

/// What an answer's head depends on besides the answer.
struct ResponseContext: Sendable {
    var version: String
    var requestID: String
    /// The x of the request's HTTP/1.x; 1 when the request was not understood.
    var minorVersion = 1
    var isHead = false
    var keepsConnection: Bool
    var now: Timestamp
    /// The text of `now`, if it is known already.
    var date: String?
}

extension Response {
    /// What follows the head's bytes.
    func sharedBytes(_ context: ResponseContext) -> ByteBuffer? {
        guard case .shared(let buffer, _) = body, !context.isHead else { return nil }
        return buffer
    }

    /// The whole answer, or its head when something follows.
    func wireBytes(_ context: ResponseContext) -> ByteBuffer {
        var head = ByteBuffer()
        // All but unusual heads, and the body: it need not grow.
        head.reserveCapacity(Self.usualHead + bodyCount)
        head.writeString("HTTP/1.1 ")
        head.writeString(String(status))
        head.writeString(" ")
        head.writeString(reasonPhrase(status))
        head.writeString("\r\n")
        func add(_ name: String, _ value: String) {
            head.writeString(name)
            head.writeString(": ")
            head.writeString(value)
            head.writeString("\r\n")
        }
        add("Readerd-Version", context.version)
        add("X-Request-Id", context.requestID)
        add("Date", context.date ?? HTTPDate.text(WallTime(context.now.milliseconds)))
        for field in fields { add(field.name, field.value) }
        var content: [UInt8] = []
        switch body {
        case .none:
            if status != 204 { add("Content-Length", "0") }
        case .bytes(let bytes, let type):
            add("Content-Type", type)
            add("Content-Length", String(bytes.count))
            content = context.isHead ? [] : bytes
        case .shared(let buffer, let type):
            add("Content-Type", type)
            add("Content-Length", String(buffer.readableBytes))
        case .lines:
            add("Content-Type", "application/x-ndjson")
            add("Cache-Control", "no-store")
            if context.minorVersion >= 1 { add("Transfer-Encoding", "chunked") }
        }
        if !context.keepsConnection {
            add("Connection", "close")
        } else if context.minorVersion == 0 {
            add("Connection", "keep-alive")
        }
        head.writeString("\r\n")
        head.writeBytes(content)
        return head
    }

    private static let usualHead = 320

    private var bodyCount: Int {
        if case .bytes(let bytes, _) = body { bytes.count } else { 0 }
    }
}

private func reasonPhrase(_ status: Int) -> String {
    switch status {
    case 200: "OK"
    case 201: "Created"
    case 202: "Accepted"
    case 204: "No Content"
    case 400: "Bad Request"
    case 403: "Forbidden"
    case 404: "Not Found"
    case 405: "Method Not Allowed"
    case 408: "Request Timeout"
    case 409: "Conflict"
    case 410: "Gone"
    case 413: "Content Too Large"
    case 415: "Unsupported Media Type"
    case 422: "Unprocessable Content"
    case 424: "Failed Dependency"
    case 429: "Too Many Requests"
    case 431: "Request Header Fields Too Large"
    case 500: "Internal Server Error"
    case 502: "Bad Gateway"
    case 503: "Service Unavailable"
    default: "Unknown"
    }
}
