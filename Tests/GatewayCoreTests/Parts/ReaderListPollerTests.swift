import GatewayModel
import Moments
import Testing

@testable import GatewayCore

@Suite struct ReaderListPollerTests {
    private static let away = CallFailure.unavailable(detail: "no answer", mayHaveActed: false)

    private func next(_ lists: ReaderListPoller, isRefused: Bool = false, outageProbe: MonoTime = .max) -> MonoTime {
        lists.nextListing(isRefused: isRefused, outageProbe: outageProbe)
    }

    @Test func `one question at a time`() {
        var lists = ReaderListPoller()
        let begun = [lists.begin(), lists.begin()]
        #expect(begun == [true, false])
        lists.answered()
        let again = lists.begin()
        #expect(again)
    }

    @Test func `a first list that cannot be read refuses at once until the next try is due`() {
        var lists = ReaderListPoller()
        var random = SeededRandom(seed: 1)
        lists.failed(Self.away, at: 1_000, random: &random)
        let retryAt = next(lists)
        #expect(retryAt >= 1_500)
        #expect(lists.refusal(at: retryAt - 1) == Self.away)
        #expect(lists.refusal(at: retryAt) == nil)
        #expect(lists.firstFailure == Self.away)
    }

    @Test func `a list that was read once serves while a later one cannot be read`() {
        var lists = ReaderListPoller()
        var random = SeededRandom(seed: 1)
        lists.listed(at: 1_000)
        lists.failed(Self.away, at: 2_000, random: &random)
        #expect(lists.refusal(at: 2_001) == nil)
        #expect(lists.firstFailure == nil)
        #expect(lists.lastFailure == Self.away)
    }

    @Test func `it is read every ten minutes, sooner where the backend was away, and not with a refused credential`() {
        var lists = ReaderListPoller()
        lists.listed(at: 1_000)
        #expect(next(lists) == 601_000)
        #expect(next(lists, outageProbe: 7_000) == 7_000)
        #expect(next(lists, isRefused: true) == .max)
    }

    @Test func `a list is old after two seconds, and while the next is on its way`() {
        var lists = ReaderListPoller()
        #expect(lists.isOld(at: 0))
        lists.listed(at: 1_000)
        #expect(!lists.isOld(at: 3_000))
        #expect(lists.isOld(at: 3_001))
        _ = lists.begin()
        #expect(lists.isOld(at: 1_001))
    }

    @Test func `whoever waits is told once, and who has gone is not`() {
        var lists = ReaderListPoller()
        lists.wait(RequestID(1))
        lists.wait(RequestID(2))
        lists.forget(RequestID(1))
        let told = [lists.takeWaiting(), lists.takeWaiting()]
        #expect(told == [[RequestID(2)], []])
        #expect(!lists.isAwaited)
    }

    @Test func `Stripe's list is fresh for two seconds`() {
        var lists = ReaderListPoller()
        #expect(!lists.isStripesFresh(at: 0))
        lists.stripeListed(at: 5_000)
        #expect(lists.isStripesFresh(at: 7_000))
        #expect(!lists.isStripesFresh(at: 7_001))
    }
}
