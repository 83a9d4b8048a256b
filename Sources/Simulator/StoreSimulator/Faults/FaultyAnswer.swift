import JSON

extension FaultEffect {
    /// Carries a call out as this fault requires.
    ///
    /// - Parameter carryOut: carries out what the call asks for and makes the honest answer.
    /// - Parameter replacing: puts another content into an honest answer.
    /// - Parameter refusing: makes a reader's answer with an error code and no effect. It is nil for hosts that have none.
    func apply(
        replacing: @escaping @Sendable (HTTPReply, JSONValue) -> HTTPReply,
        refusing: (_ rpcCode: String, _ appCode: String, _ message: String) -> HTTPReply?,
        _ carryOut: @escaping @Sendable () -> Disposition
    ) -> Disposition {
        switch self {
        case .delay(let milliseconds): return .after(milliseconds: milliseconds, carryOut)
        case .delayAnswer(let milliseconds):
            return carryOut().mapEnd { end in .after(milliseconds: milliseconds) { end } }
        case .roundTrip(let milliseconds):
            return .after(milliseconds: milliseconds / 2) {
                carryOut().mapEnd { end in .after(milliseconds: milliseconds - milliseconds / 2) { end } }
            }
        case .close: return .close
        case .status(let status, let body):
            return .reply(HTTPReply(status: status, contentType: "application/json", body: Array(body.utf8)))
        case .silence: return .silence
        case .actThenSilence: return carryOut().mapEnd { _ in .silence }
        case .loseAnswer: return carryOut().mapEnd { _ in .close }
        case .truncate:
            return carryOut().mapEnd { end in
                guard case .reply(let reply) = end else { return end }
                let wire = reply.wire(date: nil)
                return .raw(Array(wire.prefix(wire.count - max(1, reply.body.count / 2))))
            }
        case .garbage:
            return carryOut().mapEnd { _ in
                .reply(HTTPReply(status: 200, contentType: "application/json", body: Array("<<\u{1}{\"never\": closed".utf8)))
            }
        case .garbageBytes:
            return carryOut().mapEnd { _ in .raw([0x16, 0x03, 0x00, 0xFF, 0x00] + Array("SMTP 220 hello\r\n\r\n".utf8)) }
        case .huge:
            return carryOut().mapEnd { _ in
                // The padding is a whole array: a sequence of so many bytes would hold up every other connection of a debug build for
                // seconds.
                let padding = [UInt8](repeating: UInt8(ascii: "x"), count: 10_000_000)
                let body = Array("{\"padding\":\"".utf8) + padding + Array("\"}".utf8)
                return .reply(HTTPReply(status: 200, contentType: "application/json", body: body))
            }
        case .answer(let text):
            return carryOut().mapEnd { end in
                guard case .reply(let reply) = end else { return end }
                do {
                    return .reply(replacing(reply, try JSONValue.parse(text)))
                } catch {
                    return .reply(HTTPReply(status: 200, contentType: "application/json", body: Array(text.utf8)))
                }
            }
        case .rpcError(let code):
            return refusing(code, "OK", "made to fail").map(Disposition.reply) ?? carryOut()
        case .appError(let code, let message):
            return refusing("RPC_OK", code, message).map(Disposition.reply) ?? carryOut()
        }
    }
}
