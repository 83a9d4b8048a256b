import CheckoutAPI
import NIOCore

/// Reads requests from a stream of bytes, one after the other. After it has thrown, nothing sensible can follow on the connection.
struct RequestParser {
    enum Step: Equatable {
        case needsMore
        /// The head is whole and a body is to come.
        case head(RequestHead)
        case request(Request)
    }

    private enum Stage {
        case head(HeadParser)
        /// The head is known; how its body is delimited is looked at next, so that a refusal of the body can name the request.
        case framing(RequestHead)
        case body(RequestHead, BodyParser)
    }

    private var stage = Stage.head(HeadParser())

    /// Whether nothing of a next request has come yet.
    var isEmpty: Bool {
        if case .head(let parser) = stage { parser.isEmpty } else { false }
    }

    /// Bytes that are kept of a body that is not whole yet.
    var keptBytes: Int {
        if case .body(_, let parser) = stage { parser.body.count } else { 0 }
    }

    /// Throws away what has come of the body and what is still to come: the request ends as if it had none.
    mutating func discardBody() {
        guard case .body(let head, var parser) = stage else { return }
        parser.discard()
        stage = .body(head, parser)
    }

    /// Takes bytes from the front until something is whole.
    mutating func next(_ buffer: inout ByteBuffer) throws(Problem) -> Step {
        switch stage {
        case .head(var parser):
            while let byte: UInt8 = buffer.readInteger() {
                guard let head = try parser.take(byte) else { continue }
                guard head.announcesBody else { return finish(head, []) }
                stage = .framing(head)
                return .head(head)
            }
            stage = .head(parser)
            return .needsMore
        case .framing(let head):
            let body = try BodyParser(head)
            if body.isDone { return finish(head, []) }
            stage = .body(head, body)
            return try next(&buffer)
        case .body(let head, var parser):
            stage = .head(HeadParser())  // so that the body's bytes are not copied below
            if try parser.take(&buffer) { return finish(head, parser.body) }
            stage = .body(head, parser)
            return .needsMore
        }
    }

    private mutating func finish(_ head: RequestHead, _ body: [UInt8]) -> Step {
        stage = .head(HeadParser())
        return .request(Request(head: head, body: body))
    }
}
