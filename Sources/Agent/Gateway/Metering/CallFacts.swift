internal import CheckoutAPI
internal import GatewayCore
internal import GatewayModel

/// What is remembered of a call when it is over: whom it went to, what it was, how it ended. Nothing of what was said.
struct CallFacts: Sendable, Hashable {
    var party: PaymentTrace.Step.Party
    var name: String
    var result: String

    /// Names and results are of fixed sets, so that the number of metrics is bounded.
    init(_ call: Call, _ answer: Answer) {
        (party, name) = Self.names(call)
        result = Self.result(answer)
    }

    private static func names(_ call: Call) -> (PaymentTrace.Step.Party, String) {
        switch call {
        case .configuration: (.backend, "configuration")
        case .connectionToken: (.backend, "connection_token")
        case .paymentIntent: (.backend, "payment_intent")
        case .paymentStatus: (.backend, "payment_status")
        case .backendReaders, .terminals: (.backend, "terminal_readers")
        case .registerTerminal: (.backend, "register_terminal")
        case .updateTerminal: (.backend, "update_terminal")
        case .deregisterTerminal: (.backend, "deregister_terminal")
        case .setupIntent: (.backend, "setup_intent")
        case .storeCard: (.backend, "store_payment_method")
        case .stripeReaders: (.stripe, "list_readers")
        case .readIntent: (.stripe, "read_intent")
        case .reader(_, _, let command, _): (.reader, command.name)
        case .append: (.journal, "append")
        case .networks: (.box, "networks")
        case .lookAtLAN: (.box, "look_at_lan")
        case .lookAtUSB: (.box, "look_at_usb")
        }
    }

    private static func result(_ answer: Answer) -> String {
        switch answer {
        case .configuration(let result): word(result)
        case .connectionToken(let result): word(result)
        case .paymentIntent(let result): word(result)
        case .paymentStatus(let result): word(result)
        case .backendReaders(let result): word(result)
        case .terminalChanged(let result): word(result)
        case .setupIntent(let result): word(result)
        case .storedCard(let result): word(result)
        case .stripeReaders(let result): word(result)
        case .intent(let result): word(result)
        case .reader(.success): "ok"
        case .reader(.failure(let failure)): word(failure)
        case .append(.success): "ok"
        case .append(.failure): "failed"
        case .networks(.success), .lookedAtLAN, .lookedAtUSB(.success): "ok"
        case .networks(.failure), .lookedAtUSB(.failure): "failed"
        }
    }

    private static func word<Value>(_ result: Result<Value, CallFailure>) -> String {
        switch result {
        case .success: "ok"
        case .failure(.unauthorized): "unauthorized"
        case .failure(.forbidden): "forbidden"
        case .failure(.rejected): "rejected"
        case .failure(.invalidAnswer): "invalid_answer"
        case .failure(.unavailable): "unavailable"
        case .failure(.overloaded): "overloaded"
        }
    }

    private static func word(_ failure: ReaderFailure) -> String {
        switch failure {
        case .unreachable: "unreachable"
        case .lost: "lost"
        case .untrusted: "untrusted"
        case .rpc, .app, .unsupported: "refused"
        case .invalidAnswer: "invalid_answer"
        }
    }
}
