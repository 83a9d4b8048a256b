/// A fault that strikes a named call, a number of times.
package struct Fault: Sendable, Codable, Equatable {
    /// The name of the call: `backend.payment_intent`, `backend.token` (OAuth), `stripe.readers`, `stripe.payment_intent`,
    /// `reader.confirmPayment`, …. The names `backend.*`, `stripe.*`, `reader.*` or `*` stand for all of a host's. The names
    /// `backend.connect`, `stripe.connect` and `reader.connect` stand for the connection itself, where only `close` and `silence` make
    /// sense.
    package var call: String
    /// The only reader whose calls it strikes, by serial number, `tmr_` id or label. Nil means any reader.
    package var reader: String?
    package var effect: FaultEffect
    /// The number of calls that it strikes. Nil means that it strikes until it is cleared.
    package var times: Int?
    /// The number of matching calls that pass unharmed before it begins.
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

/// The effect of a fault.
package enum FaultEffect: Sendable, Codable, Equatable {
    /// The request waits this long, then takes effect and is answered: a late effect.
    case delay(milliseconds: Int)
    /// The request takes effect at once, and the answer is late.
    case delayAnswer(milliseconds: Int)
    /// The network has a distance: half of the time passes before the request takes effect, and half before the answer leaves.
    case roundTrip(milliseconds: Int)
    /// The request has no effect, and the connection is dropped.
    case close
    /// The request has no effect, and is answered with this status and body.
    case status(Int, body: String)
    /// The request has no effect and no answer. The connection stays open.
    case silence
    /// The request takes effect and gets no answer. The connection stays open.
    case actThenSilence
    /// The request takes effect. The answer is lost, and the connection is dropped.
    case loseAnswer
    /// The request takes effect. Half of the answer comes, then the connection is dropped.
    case truncate
    /// The request takes effect. The answer is status 200 and a body that is no JSON.
    case garbage
    /// The request takes effect. The answer is bytes that are no HTTP.
    case garbageBytes
    /// The request takes effect. The answer is status 200 and ten megabytes.
    case huge
    /// The request takes effect. The answer's content (for readers: the message in the envelope) is this JSON text instead.
    case answer(String)
    /// A reader's request has no effect, and is answered with this `rpc_error_code`.
    case rpcError(String)
    /// A reader's request has no effect, and is answered with this `app_error_code`.
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
