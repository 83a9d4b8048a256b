import Moments
import Testing

@testable import GatewayCore

@Suite struct SortedPartsTests {
    private struct Clock: Waking {
        var nextWake: MonoTime?
    }

    private func clocks(_ wakes: [Int: MonoTime?]) -> SortedParts<Int, Clock> {
        var clocks = SortedParts<Int, Clock>()
        for (key, wake) in wakes { clocks[key] = Clock(nextWake: wake) }
        return clocks
    }

    @Test func `parts stand in the order of their keys, however they came and went`() {
        var clocks = SortedParts<Int, Clock>()
        for key in [5, 1, 4, 2, 3] { clocks[key] = Clock(nextWake: MonoTime(Int64(key))) }
        #expect(clocks.keys == [1, 2, 3, 4, 5])
        clocks[3] = nil
        clocks[9] = nil
        clocks[1] = Clock(nextWake: 10)
        #expect(clocks.keys == [1, 2, 4, 5] && clocks.count == 4)
        #expect(clocks.values.map(\.nextWake) == [10, 2, 4, 5])
        #expect(!clocks.has(3) && clocks[3] == nil && clocks.has(4))
    }

    @Test func `the moment of a part is as new as the part`() {
        var clocks = clocks([1: 100, 2: nil, 3: 50])
        #expect(clocks.nextWake == 50)
        clocks.change(3) { $0.nextWake = nil }
        #expect(clocks.nextWake == 100 && !clocks.isDue(3, at: 1_000))
        clocks[2] = Clock(nextWake: 70)
        #expect(clocks.nextWake == 70 && clocks.isDue(2, at: 70) && !clocks.isDue(2, at: 69))
        clocks[2] = nil
        clocks[1] = nil
        #expect(clocks.nextWake == .max)
    }

    @Test func `what is not there is neither read nor changed`() {
        var clocks = clocks([1: 100])
        #expect(clocks.read(2) { $0.nextWake } == nil)
        #expect(clocks.change(2) { $0.nextWake = 5 } == nil)
        #expect(clocks.keys == [1])
    }

    @Test func `a change does not show in a copy that was taken before`() {
        var clocks = clocks([1: 100])
        let before = clocks
        clocks.change(1) { $0.nextWake = 5 }
        #expect(before[1]?.nextWake == 100 && before.nextWake == 100)
        #expect(clocks[1]?.nextWake == 5 && clocks.nextWake == 5)
    }
}
