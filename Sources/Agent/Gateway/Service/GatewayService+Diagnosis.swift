package import CheckoutAPI
package import CheckoutServer
internal import Diagnostics
internal import GatewayCore
internal import GatewayModel
import TextSafety
import Moments
internal import Journal

extension GatewayService {
    package func check(_ ids: [String]?, caller: Caller) async throws(Problem) -> LineSource<CheckLine> {
        let unknown = (ids ?? []).filter { !Checkup.ids.contains($0) }
        guard unknown.isEmpty else {
            throw .invalid(unknown.map { Problem.Field(field: "checks", message: Self.refusal(of: $0)) })
        }
        let checkup = checkup
        return LineSource { send in
            let began = ContinuousClock.now
            if ids?.contains(where: { $0.hasPrefix("reader") }) ?? true { await probeReaders() }
            // Asked for only now: the readers' states were looked up meanwhile.
            let facts = await agentFacts()
            let checks = await checkup.run(ids.map { Set($0) }, about: facts) { send(.check($0)) }
            send(.summary(CheckSummary(checks, durationSeconds: Checkup.seconds(ContinuousClock.now - began))))
        }
    }

    /// Asks readers of which nothing is known whether they are there: once, and once more, for a first packet may get lost.
    private func probeReaders() async {
        // Right after a start the list may not be there yet; that it cannot be read is told by other checks.
        if await !engine.view({ $0.hasListedReaders }) {
            do throws(Problem) { _ = try await ask { _ in .readers(refresh: false) } } catch { return }
        }
        for _ in 0..<2 {
            guard await engine.view({ $0.readerViews.contains { $0.isThere != true && $0.facts.currentAddress != nil } }) else { return }
            do throws(Refusal) {
                for await _ in try await engine.discover(.registeredReaders) {}
            } catch {
                // Others look already, or the agent stops: what is known is told all the same.
                return
            }
        }
    }

    private static func refusal(of id: String) -> String {
        let hint = nearest(to: id, among: Checkup.ids).map { "did you mean \($0)?" } ?? "there are \(Checkup.ids.joined(separator: ", "))"
        return "\(Shown.line(id, limit: 40)) is not a check; \(hint)"
    }

    /// What the agent itself can say to whoever checks it.
    private func agentFacts() async -> CheckedAgent {
        let now = engine.clock.now()
        let status = await engine.view { Status($0, at: now) }
        let modes = await engine.view { $0.modes }
        let token = engine.meter.counts.lastToken
        return CheckedAgent(
            status: status, devices: await engine.view { $0.deviceViews }.map { Device($0) },
            keyIsLive: modes.key, readerModes: modes.readers,
            lastToken: token.map {
                CheckedAgent.Token(
                    at: Timestamp($0.at), seconds: $0.seconds, result: $0.result, lastOKAt: Timestamp($0.lastOKAt))
            })
    }

    package func metrics(caller: Caller) async throws(Problem) -> String {
        let now = engine.clock.now()
        let status = await engine.view { Status($0, at: now) }
        let (about, meter, journal) = (about, engine.meter, engine.edges.journal)
        return try await WorkLane.lists.run { () throws(Problem) in
            MetricsSnapshot(
                version: about.version, startedAt: about.startedAt, status: status, counts: meter.counts,
                journalBytes: journal.sizeOnDisk, process: .now()
            ).text
        }
    }

    package func paymentTrace(_ id: String, caller: Caller) async throws(Problem) -> PaymentTrace {
        let payment = try PaymentID.checked(id)
        _ = try await record(payment)
        return PaymentTrace(payment: id, steps: engine.meter.steps(of: id))
    }
}
