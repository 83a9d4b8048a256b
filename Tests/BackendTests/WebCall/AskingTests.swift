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
            failure: .unavailable(detail: "no answer in time", mayHaveActed: true), worth: .more)
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
        let closed = FailedAttempt(
            failure: .unavailable(detail: "answered 503: closed", mayHaveActed: true), worth: .more, wasAnswered: true)
        let failed = try await failure([closed])
        #expect(failed.failure.detail == "answered 503: closed")
    }

    @Test func `where nothing was answered, the try that was cut short is told`() async throws {
        let failed = try await failure([])
        #expect(failed.failure.detail == "no answer in time" && failed.failure.mayHaveActed == true)
    }

    @Test func `a question is asked at once, then after growing pauses, until its time is over`() {
        var attempts = Attempts(.question)
        let pauses = (1...7).map { _ in attempts.failed(.more, left: .seconds(60)) }
        #expect(pauses == [0, 250, 500, 1_000, 2_000, 2_000, 2_000].map { .again(after: .milliseconds($0)) })
        #expect(attempts.failed(.more, left: .seconds(2)) == .giveUp)
        #expect(attempts.failed(.moreAfter(.seconds(70)), left: .seconds(60)) == .giveUp)
        #expect(attempts.failed(.moreAfter(.seconds(7)), left: .seconds(60)) == .again(after: .seconds(7)))
    }

    @Test func `what did not go out is tried three times in all, after a breath, and what makes something twice`() {
        var question = Attempts(.question)
        #expect(question.failed(.another, left: .seconds(60)) == .again(after: .milliseconds(125)))
        #expect(question.failed(.another, left: .seconds(60)) == .again(after: .milliseconds(250)))
        #expect(question.failed(.another, left: .seconds(60)) == .giveUp)
        var once = Attempts(.once)
        #expect(once.failed(.more, left: .seconds(60)) == .again(after: .zero))
        #expect(once.failed(.more, left: .seconds(60)) == .giveUp)
        var never = Attempts(.never)
        #expect(never.failed(.more, left: .seconds(60)) == .giveUp)
    }
}
