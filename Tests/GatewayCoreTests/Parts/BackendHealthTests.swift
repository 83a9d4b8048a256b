import GatewayModel
import Moments
import Testing

@testable import GatewayCore

@Suite struct BackendHealthTests {
    private static let refused = CallFailure.unauthorized(detail: "401")
    private static let away = CallFailure.unavailable(detail: "no answer", mayHaveActed: false)

    private func now(_ moment: Int64) -> Now { Now(mono: MonoTime(moment), wall: WallTime(1_769_851_800_000 + moment)) }

    private func silent(since moment: Int64 = 1_000) -> BackendHealth {
        var health = BackendHealth()
        var random = SeededRandom(seed: 3)
        for _ in 0..<4 { health.failed(Self.away, at: now(moment), random: &random) }
        return health
    }

    @Test func `a credential that was refused stands in the way until one is accepted`() {
        var health = BackendHealth()
        var random = SeededRandom(seed: 3)
        health.failed(Self.refused, at: now(1_000), random: &random)
        #expect(health.refusesNewWork(at: 1_000) == .credential(Self.refused))
        health.served(at: now(2_000))
        #expect(health.refusesNewWork(at: 2_000) == nil)
        #expect(health.servedAt == now(2_000).wall)
        #expect(health.nextWake == .max)
    }

    @Test func `a refused credential is tried again with pauses that double up to thirty seconds`() {
        var health = BackendHealth()
        var random = SeededRandom(seed: 3)
        health.failed(Self.refused, at: now(0), random: &random)
        var moments: [MonoTime] = []
        for _ in 0..<7 {
            let due = health.nextWake
            moments.append(due)
            let isAsked = [health.tick(at: due - 1), health.tick(at: due)]
            #expect(isAsked == [false, true])
        }
        #expect(moments == [1_000, 3_000, 7_000, 15_000, 31_000, 61_000, 91_000])
    }

    @Test func `a second refusal does not put the next try off`() {
        var health = BackendHealth()
        var random = SeededRandom(seed: 3)
        health.failed(Self.refused, at: now(0), random: &random)
        health.failed(Self.refused, at: now(900), random: &random)
        #expect(health.nextWake == 1_000)
    }

    @Test func `a backend that is silent refuses new work, and is asked again five seconds later whether it is back`() {
        let health = silent()
        #expect(health.refusesNewWork(at: 1_001) == .silent)
        #expect(health.outage == Self.away)
        #expect(health.outageProbe == 6_000)
    }

    @Test func `any answer ends an outage, however unwelcome`() {
        for failure in [CallFailure.forbidden(detail: "no"), .rejected(status: 422, detail: "no"), .invalidAnswer(detail: "odd")] {
            var health = silent()
            var random = SeededRandom(seed: 3)
            health.failed(failure, at: now(2_000), random: &random)
            #expect(health.refusesNewWork(at: 2_000) == nil)
            #expect(health.outage == nil)
            #expect(health.outageProbe == .max)
        }
    }

    @Test func `a call that was never made says nothing`() {
        var health = silent()
        var random = SeededRandom(seed: 3)
        health.failed(.overloaded(detail: "too many at once"), at: now(2_000), random: &random)
        #expect(health.refusesNewWork(at: 1_001) == .silent)
    }
}
