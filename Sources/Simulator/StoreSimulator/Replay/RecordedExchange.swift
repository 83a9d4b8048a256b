import JSON

/// One message of a recording and its result.
struct RecordedExchange: Sendable, Equatable {
    enum Peer: Sendable, Hashable, CustomStringConvertible {
        case backend, stripe
        /// The reader, by its published name without the port.
        case reader(host: String)

        var description: String {
            switch self {
            case .backend: "the backend"
            case .stripe: "Stripe"
            case .reader: "a reader"
            }
        }
    }

    struct Answer: Sendable, Equatable {
        var status: Int
        /// The body of the backend's and Stripe's messages, and of a reader's message that was no envelope.
        var body: JSONValue?
        var text: String?
        /// The transport's code of a reader's answer.
        var rpc: String?
        var app: String?
        var error: String?
        var message: JSONValue?
    }

    enum Outcome: Sendable, Equatable {
        case answer(Answer)
        /// No whole answer came.
        case lost
        /// The message never left the agent's box, so there is nothing to play.
        case neverSent
    }

    /// The message's line in the file.
    var line: Int
    var peer: Peer
    var call: String
    /// The request, without the members that differ at every run.
    var asked: JSONValue
    var outcome: Outcome
    var milliseconds: Int

    /// Calls that move no money, and may be made more or less often than when they were recorded: those that only ask, and the opening of
    /// sessions, which depends on the moment at which a reader has to be proved idle.
    private static let looking: Set<String> = [
        "configuration", "payment_status", "terminal_readers", "connection_token", "terminal/readers", "payment_intents",
        "activateTerminal", "terminalHeartbeat", "setReaderDisplay", "clearReaderDisplay", "queryPaymentMethod", "queryCollectReusableCard",
    ]

    var isLooking: Bool { Self.looking.contains(call) }

    /// Members of a request that differ at every run: tokens, the transaction's number and time, and what a card reader passes through.
    private static let changing: Set<String> = [
        "transaction_context", "pos_device_id", "pos_activation_token", "pos_software_info", "payment_method", "reusable_card_method",
        "client_secret", "limit",
    ]

    /// The part of a request that is compared.
    static func comparable(_ value: JSONValue?) -> JSONValue {
        guard let members = value?.object else { return value ?? .null }
        return .object(members.filter { !changing.contains($0.name) && $0.value != .null })
    }

    /// The part of a question to Stripe that is compared. Whether a list is asked for the location depends on what the agent knew by then.
    static func comparableQuery(_ value: JSONValue?) -> JSONValue {
        guard let members = comparable(value).object else { return comparable(value) }
        return .object(members.filter { $0.name != "location" && $0.name != "starting_after" })
    }

    init?(_ value: JSONValue, line: Int) throws(SimulatorError) {
        func fault(_ what: String) -> SimulatorError { SimulatorError("line \(line) of the recording \(what)") }
        guard let with = value["with"]?.string, let call = value["call"]?.string else { throw fault("does not say who was asked for what") }
        self.line = line
        self.call = call
        switch with {
        case "backend": peer = .backend
        case "stripe": peer = .stripe
        case "reader":
            guard let host = value["host"]?.string?.split(separator: ":").first else { throw fault("names no reader") }
            peer = .reader(host: String(host))
        // This is the renewal of the backend's token, whose secrets are not in the recording.
        case "other": return nil
        default: throw fault("is with \(with), which is nobody")
        }
        let request = value["request"]
        switch peer {
        case .reader: asked = Self.comparable(request?["message"])
        case .backend: asked = Self.comparable(request?["body"])
        case .stripe:
            asked = .object(["path": request?["path"] ?? .null, "query": Self.comparableQuery(request?["query"] ?? [:])])
        }
        milliseconds = max(0, value["took_ms"]?.int ?? 0)
        if let answer = value["answer"] {
            guard let status = answer["status"]?.int else { throw fault("has an answer without a status") }
            outcome = .answer(
                Answer(
                    status: status, body: answer["body"], text: answer["text"]?.string, rpc: answer["rpc"]?.string,
                    app: answer["app"]?.string, error: answer["error"]?.string, message: answer["message"]))
        } else if let failure = value["failure"] {
            outcome = failure["sent"]?.bool == false ? .neverSent : .lost
        } else {
            throw fault("has neither an answer nor a failure")
        }
    }
}

/// A recording as read from its file.
package struct Recording: Sendable {
    /// What the agent reported of itself at its start.
    struct About: Sendable, Equatable {
        var location: String
        var lanes: [String: String]
    }

    var about: About
    var exchanges: [RecordedExchange]

    /// - Throws: an error that names the faulty line. A last line that was cut short, as by a power cut, is left out.
    package init(_ bytes: [UInt8]) throws(SimulatorError) {
        var about: About?
        var exchanges: [RecordedExchange] = []
        let lines = bytes.split(separator: 0x0a, omittingEmptySubsequences: false)
        for (index, text) in lines.enumerated() where !text.isEmpty {
            let value: JSONValue
            do {
                value = try JSONValue.parse(Array(text))
            } catch {
                if index == lines.count - 1 { break }
                throw SimulatorError("line \(index + 1) of the recording: \(error)")
            }
            if let form = value["readerd_recording"] {
                guard form.int == 1 else { throw SimulatorError("the recording is of a form that this readersim does not know") }
                // After a restart of the agent there is another, and the last one counts.
                about = About(
                    location: value["location"]?.string ?? "", lanes: Self.lanes(value["lanes"]))
            } else if about == nil {
                throw SimulatorError("this is no recording of readerd's: its first line does not say so")
            } else if let exchange = try RecordedExchange(value, line: index + 1) {
                exchanges.append(exchange)
            }
        }
        guard let about else { throw SimulatorError("this is no recording of readerd's: it is empty") }
        self.about = about
        self.exchanges = exchanges
    }

    private static func lanes(_ value: JSONValue?) -> [String: String] {
        var lanes: [String: String] = [:]
        for (lane, reader) in value?.object ?? [:] { lanes[lane] = reader.string }
        return lanes
    }
}
