/// Something that goes wrong with a named call, so many times.
package struct Fault: Sendable, Codable, Equatable {
    /// The call: `backend.payment_intent`, `backend.token` (OAuth), `stripe.readers`, `stripe.payment_intent`, `reader.confirmPayment`, …;
    /// `backend.*`, `stripe.*`, `reader.*` or `*` for all of a host's; `backend.connect`, `stripe.connect` and `reader.connect` for the
    /// connection itself (only `close` and `silence` make sense there).
    package var call: String
    /// Only this reader's calls: serial number, `tmr_` id or label.
    package var reader: String?
    package var effect: FaultEffect
    /// How many calls it strikes; nil until it is cleared.
    package var times: Int?
    /// How many matching calls pass unharmed before it begins.
    package var after: Int

    package init(_ call: String, _ effect: FaultEffect, reader: String? = nil, times: Int? = 1, after: Int = 0) {
        self.call = call
        self.effect = effect
        self.reader = reader
        self.times = times
        self.after = after
    }

    package init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        call = try values.decode(String.self, forKey: .call)
        reader = try values.decodeIfPresent(String.self, forKey: .reader)
        effect = try values.decode(FaultEffect.self, forKey: .effect)
        times = try values.decodeIfPresent(Int.self, forKey: .times)
        after = try values.decodeIfPresent(Int.self, forKey: .after) ?? 0
    }

    func strikes(_ name: String) -> Bool {
        if call == name { return true }
        if name.hasSuffix(".connect") { return false }
        if call == "*" { return true }
        return call.hasSuffix(".*") && name.hasPrefix(call.dropLast())
    }
}

/// What goes wrong.
package enum FaultEffect: Sendable, Codable, Equatable {
    /// The request lies about for so long, then takes effect and is answered: a late effect.
    case delay(milliseconds: Int)
    /// It takes effect at once, the answer is late.
    case delayAnswer(milliseconds: Int)
    /// A network with distance: half of it passes before it takes effect, and half before the answer leaves.
    case roundTrip(milliseconds: Int)
    /// No effect; the connection is dropped.
    case close
    /// No effect; this status and body.
    case status(Int, body: String)
    /// No effect; never answered, the connection stays open.
    case silence
    /// It takes effect; never answered, the connection stays open.
    case actThenSilence
    /// It takes effect; the answer is lost, the connection is dropped.
    case loseAnswer
    /// It takes effect; half of the answer comes, then the connection is dropped.
    case truncate
    /// It takes effect; status 200 and a body that is no JSON.
    case garbage
    /// It takes effect; bytes that are no HTTP.
    case garbageBytes
    /// It takes effect; status 200 and ten megabytes.
    case huge
    /// It takes effect; the answer's content (for readers: the message in the envelope) is this JSON text instead.
    case answer(String)
    /// Readers: no effect; this `rpc_error_code`.
    case rpcError(String)
    /// Readers: no effect; this `app_error_code`.
    case appError(String, message: String)

    private enum CodingKeys: String, CodingKey {
        case kind, milliseconds, status, body, code, message
    }

    package init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        let kind = try values.decode(String.self, forKey: .kind)
        switch kind {
        case "delay": self = .delay(milliseconds: try values.decode(Int.self, forKey: .milliseconds))
        case "delay_answer": self = .delayAnswer(milliseconds: try values.decode(Int.self, forKey: .milliseconds))
        case "round_trip": self = .roundTrip(milliseconds: try values.decode(Int.self, forKey: .milliseconds))
        case "close": self = .close
        case "status":
            self = .status(try values.decode(Int.self, forKey: .status), body: try values.decodeIfPresent(String.self, forKey: .body) ?? "")
        case "silence": self = .silence
        case "act_then_silence": self = .actThenSilence
        case "lose_answer": self = .loseAnswer
        case "truncate": self = .truncate
        case "garbage": self = .garbage
        case "garbage_bytes": self = .garbageBytes
        case "huge": self = .huge
        case "answer": self = .answer(try values.decode(String.self, forKey: .body))
        case "rpc_error": self = .rpcError(try values.decode(String.self, forKey: .code))
        case "app_error":
            self = .appError(
                try values.decode(String.self, forKey: .code), message: try values.decodeIfPresent(String.self, forKey: .message) ?? "")
        default:
            throw DecodingError.dataCorruptedError(forKey: .kind, in: values, debugDescription: "no such kind of fault: \(kind)")
        }
    }

    package func encode(to encoder: any Encoder) throws {
        var values = encoder.container(keyedBy: CodingKeys.self)
        try values.encode(kind, forKey: .kind)
        switch self {
        case .delay(let milliseconds), .delayAnswer(let milliseconds), .roundTrip(let milliseconds):
            try values.encode(milliseconds, forKey: .milliseconds)
        case .status(let status, let body):
            try values.encode(status, forKey: .status)
            try values.encode(body, forKey: .body)
        case .answer(let body): try values.encode(body, forKey: .body)
        case .rpcError(let code): try values.encode(code, forKey: .code)
        case .appError(let code, let message):
            try values.encode(code, forKey: .code)
            try values.encode(message, forKey: .message)
        case .close, .silence, .actThenSilence, .loseAnswer, .truncate, .garbage, .garbageBytes, .huge: break
        }
    }

    /// The kind's name in JSON and on the command line.
    package var kind: String {
        switch self {
        case .delay: "delay"
        case .delayAnswer: "delay_answer"
        case .roundTrip: "round_trip"
        case .close: "close"
        case .status: "status"
        case .silence: "silence"
        case .actThenSilence: "act_then_silence"
        case .loseAnswer: "lose_answer"
        case .truncate: "truncate"
        case .garbage: "garbage"
        case .garbageBytes: "garbage_bytes"
        case .huge: "huge"
        case .answer: "answer"
        case .rpcError: "rpc_error"
        case .appError: "app_error"
        }
    }
}
