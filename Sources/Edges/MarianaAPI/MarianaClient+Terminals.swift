import TextSafety
import GatewayModel
import Moments
import WebCall

extension MarianaClient {
    /// Registers the reader that shows this code. The answer does not say which reader it is now: the location's list does.
    package func registerTerminal(
        location: String, code: String, label: String, trace: String, deadline: Duration
    ) async throws(CallFailure) {
        let body = RegisterTerminalBody(location: location, registrationCode: code, label: label)
        try await tell("register_terminal", body, trace: trace, deadline: deadline)
    }

    /// Asks for the readers of a location (the backend's own id for it, not Stripe's).
    package func terminalReaders(location: String, trace: String, deadline: Duration) async throws(CallFailure) -> [BackendReader] {
        let name = "terminal_readers"
        let answer: [TerminalAnswer] = try await ask(
            name, LocationBody(location: location), repeats: .question, trace: trace, deadline: deadline)
        let fields = Fields(call: name)
        var readers: [BackendReader] = []
        for (index, entry) in answer.enumerated() {
            let id = try fields.stripeID(entry.id, "[\(index)].terminal_id", prefix: "tmr_")
            // A reader without a label is listed without one: it must not take the others with it. A label is compared as it was written,
            // and cleaned where it is shown.
            let label = entry.label.map { $0.text.utf8.count <= 1_024 ? $0.text : Shown.name($0.text) }
            readers.append(BackendReader(id: ReaderID(unchecked: id), label: label?.isEmpty == true ? nil : label))
        }
        return readers
    }

    /// Gives a reader another label.
    package func updateTerminal(id: ReaderID, label: String, trace: String, deadline: Duration) async throws(CallFailure) {
        try await tell("update_terminal", TerminalBody(terminalID: id.text, label: label), trace: trace, deadline: deadline)
    }

    /// Takes a reader off its location.
    package func deregisterTerminal(id: ReaderID, trace: String, deadline: Duration) async throws(CallFailure) {
        try await tell("deregister_terminal", TerminalBody(terminalID: id.text), trace: trace, deadline: deadline)
    }
}
