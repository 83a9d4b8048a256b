import JSON
import CheckoutAPI
import NIOCore

@testable import CheckoutServer

/// Requests on the socket: read the same however their bytes are split.
enum RequestTarget {
    @Sendable static func run(_ bytes: [UInt8]) {
        var choices = Choices(bytes)
        let size = Int(choices.byte() % 32) + 1
        let rest = Array(choices.rest)
        let whole = parse([rest])
        var pieces: [[UInt8]] = []
        for start in stride(from: 0, to: rest.count, by: size) { pieces.append(Array(rest[start..<min(start + size, rest.count)])) }
        let split = parse(pieces)
        require(whole == split, "the bytes mean something else when they come in pieces of \(size)")
    }

    private struct Outcome: Equatable {
        var requests: [Request] = []
        var problem: Problem.Code?
    }

    private static func parse(_ pieces: [[UInt8]]) -> Outcome {
        var parser = RequestParser()
        var buffer = ByteBuffer()
        var outcome = Outcome()
        for piece in pieces {
            buffer.writeBytes(piece)
            do throws(Problem) {
                reading: while true {
                    switch try parser.next(&buffer) {
                    case .needsMore: break reading
                    case .head(let head): _ = (head.keepsConnection, head.expectsContinue, head.requestID)
                    case .request(let request): outcome.requests.append(request)
                    }
                }
            } catch {
                outcome.problem = error.code
                return outcome
            }
            require(parser.keptBytes <= 300_000, "a body of \(parser.keptBytes) bytes is kept")
        }
        return outcome
    }
}

/// JSON of callers, and every body that is made of it.
enum JSONTarget {
    @Sendable static func run(_ bytes: [UInt8]) {
        do throws(JSONSyntaxError) {
            let value = try JSONParser.parse(bytes)
            bodies(value)
            bounds(bytes)
            for indent in [false, true] {
                let again = try JSONParser.parse(value.bytes(indent: indent))
                require(again == value, "a value is read otherwise than it was written")
            }
        } catch {
            require(error.offset <= bytes.count, "the fault is said to be behind the end")
        }
    }

    /// Less is never taken for more: what a narrower reader takes is the same value.
    private static func bounds(_ bytes: [UInt8]) {
        do throws(JSONSyntaxError) {
            let narrow = try JSONParser.parse(bytes, bounds: .init(depth: 2, values: 8), repeatedNames: .refused)
            let wide = try JSONParser.parse(bytes)
            require(narrow == wide, "a text means something else to a narrower reader")
        } catch {
            require(error.kind != .malformed, "JSON is said to be none")
        }
    }

    private static func bodies(_ value: JSONValue) {
        body(value, PaymentBody.self)
        body(value, Tip.self)
        body(value, Display.self)
        body(value, ResolveBody.self)
        body(value, AcknowledgeBody.self)
        body(value, CartBody.self)
        body(value, IntentBody.self)
        body(value, SetupIntentBody.self)
        body(value, ConnectionTokenBody.self)
        body(value, ReleaseBody.self)
        body(value, AcceptLossBody.self)
        body(value, ChecksBody.self)
        body(value, CardSetupBody.self)
        body(value, BankcardBody.self)
        body(value, RegisterBody.self)
        body(value, LabelBody.self)
        body(value, ConnectBody.self)
        body(value, DiscoveryBody.self)
    }

    private static func body<Body: StrictBody>(_ value: JSONValue, _: Body.Type) {
        do throws(Problem) {
            _ = try Body(strict: value)
        } catch {
            require(!(error.errors ?? []).isEmpty, "a body is refused without a word")
        }
    }
}
