import GatewayCore
import GatewayModel
import Moments
import Testing

@Suite struct TokenKeeperTests {
    private let reader = TokenKeeper.Claimant.reader(ReaderID(unchecked: "tmr_1"))
    private let till = TokenKeeper.Claimant.request(RequestID(7))

    private func token(_ name: String) -> ConnectionToken { ConnectionToken(Secret("pst_" + name)) }

    @Test func `an open cart keeps one token ready, asked for once`() {
        var keeper = TokenKeeper(age: 240_000)
        #expect(keeper.keep(at: 0) == [.request])
        #expect(keeper.keep(at: 1) == [])
        #expect(keeper.answered(token("a"), at: 5) == [])
        #expect(keeper.holdsToken)
    }

    @Test func `a token is handed out once, and another is asked for at once`() {
        var keeper = TokenKeeper(age: 240_000)
        _ = keeper.keep(at: 0)
        _ = keeper.answered(token("a"), at: 5)
        #expect(keeper.claim(reader, at: 10) == [.give(token("a"), to: reader), .request])
        #expect(!keeper.holdsToken)
        #expect(keeper.claim(till, at: 11) == [])
        #expect(keeper.answered(token("b"), at: 12) == [.give(token("b"), to: till), .request])
    }

    @Test func `a token that has grown old is dropped, not handed out`() {
        var keeper = TokenKeeper(age: 240_000)
        _ = keeper.keep(at: 0)
        _ = keeper.answered(token("a"), at: 0)
        #expect(keeper.claim(reader, at: 240_000) == [.request])
        #expect(keeper.answered(token("b"), at: 240_010) == [.give(token("b"), to: reader), .request])
    }

    @Test func `a fresh token is asked for before the held one is too old`() throws {
        var keeper = TokenKeeper(age: 240_000)
        _ = keeper.keep(at: 0)
        _ = keeper.answered(token("a"), at: 0)
        let wake = try #require(keeper.nextWake)
        #expect(wake < 240_000)
        #expect(keeper.tick(at: wake) == [.request])
        #expect(!keeper.holdsToken)
    }

    @Test func `a token that was asked for beforehand is kept for its claimant, and for no longer than it is good`() {
        var keeper = TokenKeeper(age: 240_000)
        #expect(keeper.prepare(at: 0) == [.request])
        #expect(keeper.prepare(at: 1) == [] && keeper.isClaimed)
        #expect(keeper.answered(token("a"), at: 5) == [])
        #expect(keeper.holdsToken && keeper.nextWake == nil && !keeper.isBusy)
        #expect(keeper.prepare(at: 6) == [], "it is there")
        #expect(keeper.claim(reader, at: 7) == [.give(token("a"), to: reader)])
        #expect(keeper.prepare(at: 8) == [.request])
        #expect(keeper.claim(reader, at: 9) == [])
        #expect(keeper.answered(token("b"), at: 10) == [.give(token("b"), to: reader)])
        #expect(!keeper.isBusy && !keeper.holdsToken)
        _ = keeper.prepare(at: 20)
        _ = keeper.answered(token("c"), at: 20)
        #expect(keeper.peek(at: 240_019) == token("c") && keeper.peek(at: 240_020) == nil, "no list is read with an old one")
        #expect(keeper.prepare(at: 240_020) == [.request], "it has grown old")
    }

    @Test func `after a failure nothing is asked for beforehand until the pause is over`() {
        var keeper = TokenKeeper(age: 240_000)
        var random = SeededRandom(seed: 1)
        _ = keeper.prepare(at: 0)
        #expect(keeper.failed(.overloaded(detail: "x"), at: 1, random: &random) == [])
        #expect(keeper.prepare(at: 2) == [] && !keeper.isClaimed)
        #expect(keeper.claim(reader, at: 3) == [.request])
    }

    @Test func `a failure is told to those who wait, and the next try waits`() throws {
        var keeper = TokenKeeper(age: 240_000)
        var random = SeededRandom(seed: 1)
        let failure = CallFailure.unavailable(detail: "no answer", mayHaveActed: true)
        _ = keeper.keep(at: 0)
        _ = keeper.claim(reader, at: 1)
        #expect(keeper.failed(failure, at: 2, random: &random) == [.refuse(reader, failure)])
        let wake = try #require(keeper.nextWake)
        #expect(wake > 2)
        #expect(keeper.tick(at: wake) == [.request])
    }

    @Test func `somebody who asks during the pause is served at once`() {
        var keeper = TokenKeeper(age: 240_000)
        var random = SeededRandom(seed: 1)
        _ = keeper.keep(at: 0)
        _ = keeper.failed(.unavailable(detail: "", mayHaveActed: true), at: 2, random: &random)
        #expect(keeper.claim(till, at: 3) == [.request])
    }

    @Test func `a closed cart drops its token and refuses those who wait`() {
        var keeper = TokenKeeper(age: 240_000)
        _ = keeper.keep(at: 0)
        _ = keeper.claim(till, at: 1)
        let refused = keeper.drop()
        #expect(refused.count == 1)
        #expect(keeper.answered(token("late"), at: 2) == [])
        #expect(!keeper.holdsToken)
    }

    @Test func `an answer that nobody asked for is dropped`() {
        var keeper = TokenKeeper(age: 240_000)
        #expect(keeper.answered(token("x"), at: 0) == [])
        #expect(!keeper.holdsToken)
    }
}
