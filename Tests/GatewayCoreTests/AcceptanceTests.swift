import Testing

@testable import GatewayCore
@testable import GatewayModel

/// Reserve, append, then commit or give back.
@Suite struct AcceptanceTests {
    private static let first = RequestID(1)
    private static let again = RequestID(2)
    private static let canceling = RequestID(3)

    private static func reserved() -> Acceptance<String, Int> {
        var acceptance = Acceptance<String, Int>()
        let did1 = acceptance.reserve("a", 7, for: first)
        #expect(did1)
        return acceptance
    }

    @Test func `what is reserved for one id is not reserved again`() {
        var acceptance = Self.reserved()
        let did2 = acceptance.reserve("a", 8, for: Self.again)
        #expect(!did2)
        #expect(acceptance.reserved("a") == 7)
        #expect(acceptance.first { $0 == 7 } == "a")
        #expect(acceptance.count { $0 == 7 } == 1)
    }

    @Test func `who repeats it waits with the first, and only the first began it`() {
        var acceptance = Self.reserved()
        let did3 = acceptance.join("a", Self.again)
        #expect(did3)
        let did4 = acceptance.cancel("a", Self.canceling)
        #expect(did4)
        guard case .inTime(7, let waiting)? = acceptance.commit("a") else {
            Issue.record("it begins")
            return
        }
        #expect(waiting.askers.map(\.request) == [Self.first, Self.again])
        #expect(waiting.askers.map(\.created) == [true, false])
        #expect(waiting.cancels == [Self.canceling])
        #expect(acceptance.isEmpty)
        let did5 = acceptance.commit("a")
        #expect(did5 == nil, "twice changes nothing")
    }

    @Test func `what cannot be written is free again, and those who wait are named`() {
        var acceptance = Self.reserved()
        let did6 = acceptance.giveBack("a")
        #expect(did6.askers.map(\.request) == [Self.first])
        #expect(acceptance.isEmpty)
        let did7 = acceptance.giveBack("a")
        #expect(did7 == .nobody)
        let did8 = acceptance.reserve("a", 8, for: Self.again)
        #expect(did8)
    }

    @Test func `after a refusal it stays reserved until the fate of its row is known`() {
        var acceptance = Self.reserved()
        let did9 = acceptance.refuse("a")
        #expect(did9.askers.map(\.request) == [Self.first])
        let did10 = acceptance.refuse("a")
        #expect(did10 == .nobody, "nobody is told twice")
        let did11 = acceptance.join("a", Self.again)
        #expect(!did11)
        let did12 = acceptance.cancel("a", Self.canceling)
        #expect(!did12)
        let did13 = acceptance.reserve("a", 7, for: Self.again)
        #expect(!did13)
        guard case .late(7)? = acceptance.commit("a") else {
            Issue.record("a row that lands then must not run")
            return
        }
        let did14 = acceptance.reserve("a", 7, for: Self.again)
        #expect(did14)
    }

    @Test func `after a refusal, and without a row, it is free`() {
        var acceptance = Self.reserved()
        _ = acceptance.refuse("a")
        let did15 = acceptance.giveBack("a")
        #expect(did15 == .nobody)
        let did16 = acceptance.reserve("a", 7, for: Self.again)
        #expect(did16)
    }

    @Test func `who has gone is not told, and what they asked for goes its way`() {
        var acceptance = Self.reserved()
        acceptance.forget(Self.first)
        guard case .inTime(7, .nobody)? = acceptance.commit("a") else {
            Issue.record("it begins all the same")
            return
        }
    }
}

extension Acceptance.Landing: Equatable where Reserved: Equatable {
    public static func == (left: Self, right: Self) -> Bool {
        switch (left, right) {
        case (.inTime(let a, let b), .inTime(let c, let d)): a == c && b == d
        case (.late(let a), .late(let b)): a == b
        default: false
        }
    }
}
