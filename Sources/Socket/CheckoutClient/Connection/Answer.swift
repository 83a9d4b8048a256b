import CheckoutAPI
import FoundationEssentials
import NIOCore
import NIOHTTP1

/// A whole answer.
struct Answer: Sendable {
    var head: HTTPResponseHead
    var body: ByteBuffer

    var text: String { String(buffer: body) }

    /// The problem that a status of 400 and above carries.
    func throwProblem() throws(ClientError) {
        let status = Int(head.status.code)
        guard status >= 300 else { return }
        guard status >= 400 else { throw .invalidAnswer(reason: "HTTP \(status)") }
        do {
            throw ClientError.problem(try JSONDecoder().decode(Problem.self, from: Data(body.readableBytesView)))
        } catch let error as ClientError {
            throw error
        } catch {
            throw .invalidAnswer(reason: "HTTP \(status) without a readable problem")
        }
    }

    func decoded<Value: Decodable>(_ type: Value.Type) throws(ClientError) -> Value { try body.decoded("\(type)") }
}

extension ByteBuffer {
    /// - Parameter what: names it in the error.
    func decoded<Value: Decodable>(_ what: String) throws(ClientError) -> Value {
        do {
            return try JSONDecoder().decode(Value.self, from: Data(readableBytesView))
        } catch let error as DecodingError {
            throw .invalidAnswer(reason: "\(what): \(error.place)")
        } catch {
            throw .invalidAnswer(reason: "\(what) could not be read")
        }
    }
}

extension DecodingError {
    /// Which field is wrong and how, without its value.
    var place: String {
        func path(_ context: Context, _ last: (any CodingKey)? = nil) -> String {
            (context.codingPath + (last.map { [$0] } ?? [])).map(\.stringValue).joined(separator: ".")
        }
        return switch self {
        case .keyNotFound(let key, let context): "the field \(path(context, key)) is missing"
        case .typeMismatch(_, let context), .valueNotFound(_, let context): "the field \(path(context)) has another type"
        case .dataCorrupted(let context) where context.codingPath.isEmpty: "not JSON"
        case .dataCorrupted(let context): "the field \(path(context)) cannot be read"
        @unknown default: "it cannot be read"
        }
    }
}
