import GatewayModel
import Testing

@testable import WebCall

/// What a question says whose time is over.
@Suite struct AskingTests {
    /// Fails as the web client does when the deadline cuts a try short.
    private static func cut(_ request: WebRequest) async -> FailedAttempt {
        // A cancelled wait only ends the test sooner.
        do { try await Task.sleep(for: request.deadline) } catch {}
        return FailedAttempt(
            failure: .unavailable(detail: "no answer in time", mayHaveActed: true), worth: .more, wasAnswered: false)
    }

    private func failure(_ answers: [FailedAttempt]) async throws -> FailedAttempt {
        let next = Next(answers)
        var request = WebRequest(
            name: "status", method: .get, base: try WebBase("https://localhost:1"), path: "/", deadline: .milliseconds(400))
        request.repeats = .question
        let asking = Asking(request: request) { request async throws(FailedAttempt) in
            if let answer = await next.take() { throw answer }
            throw await Self.cut(request)
        }
        do throws(FailedAttempt) {
            _ = try await asking.answer()
        } catch {
            return error
        }
        throw NoFailure()
    }

    private struct NoFailure: Error {}

    /// The failures of the first tries, in their order.
    private actor Next {
        private var answers: [FailedAttempt]

        init(_ answers: [FailedAttempt]) { self.answers = answers }

        func take() -> FailedAttempt? { answers.isEmpty ? nil : answers.removeFirst() }
    }

    @Test func `a try that the deadline cuts short does not hide what was answered before`() async throws {
        let closed = FailedAttempt(failure: .unavailable(detail: "answered 503: closed", mayHaveActed: true), worth: .more)
        let failed = try await failure([closed])
        #expect(failed.failure.detail == "answered 503: closed")
    }

    @Test func `where nothing was answered, the try that was cut short is told`() async throws {
        let failed = try await failure([])
        #expect(failed.failure.detail == "no answer in time" && failed.failure.mayHaveActed == true)
    }
}
