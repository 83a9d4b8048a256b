import GatewayCore
import GatewayModel
import Moments
import Testing

@Suite struct CircuitBreakerTests {
    @Test func `it opens after four failures in a row and closes at an answer`() {
        var breaker = CircuitBreaker()
        var random = SeededRandom(seed: 3)
        for moment in (0..<3).map({ MonoTime($0) }) {
            breaker.failed(at: moment, random: &random)
            #expect(!breaker.refusesNewWork(at: moment))
        }
        breaker.failed(at: 3, random: &random)
        #expect(breaker.refusesNewWork(at: 4))
        breaker.answered()
        #expect(!breaker.refusesNewWork(at: 5))
    }

    @Test func `an answer between failures starts the count anew`() {
        var breaker = CircuitBreaker()
        var random = SeededRandom(seed: 3)
        for moment in Int64(0)..<12 {
            breaker.failed(at: MonoTime(moment), random: &random)
            if moment % 3 == 2 { breaker.answered() }
        }
        #expect(!breaker.isOpen)
    }

    @Test func `it lets work through again when its pause is over`() {
        var breaker = CircuitBreaker()
        var random = SeededRandom(seed: 3)
        for moment in Int64(0)..<4 { breaker.failed(at: MonoTime(moment), random: &random) }
        #expect(!breaker.refusesNewWork(at: 60_000))
    }

    @Test(arguments: [UInt64(1), 2, 3, 4, 5]) func `waits grow to a ceiling and are never nothing`(seed: UInt64) {
        var random = SeededRandom(seed: seed)
        var backoff = Backoff(base: 1_000, ceiling: 30_000)
        for _ in 0..<70 {
            let wait = backoff.next(random: &random)
            #expect((100...30_000).contains(wait))
        }
    }
}
