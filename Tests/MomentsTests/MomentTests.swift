import FoundationEssentials
import Moments
import Testing

@Suite struct MomentTests {
    @Test func `moments at the ends of the range bear any span`() {
        #expect(WallTime.max + 1 == .max)
        #expect(WallTime.min - 1 == .min)
        #expect(WallTime.min + .min == .min)
        #expect(WallTime.max - .min == .max)
        #expect(MonoTime.max + 180_000 == .max)
        #expect(MonoTime.min - .max == .min)
    }

    @Test func `the distance of any two moments is told, or the largest there is`() {
        #expect(WallTime(250) - WallTime(100) == 150)
        #expect(WallTime.max - WallTime.min == .max)
        #expect(WallTime.min - WallTime.max == .min)
        #expect(MonoTime.min - MonoTime(1) == .min)
        #expect(MonoTime(0) - MonoTime.min == .max)
    }

    @Test func `products stop at the ends of the range`() {
        #expect(Int64.max.multiplied(2) == .max)
        #expect(Int64.max.multiplied(-2) == .min)
        #expect(Int64.min.multiplied(-1) == .max)
        #expect(Int64(3).multiplied(-7) == -21)
    }

    @Test func `a moment is stored as its number`() throws {
        let text = String(decoding: try JSONEncoder().encode([WallTime(1_795_377_938_123), .min]), as: UTF8.self)
        #expect(text == "[1795377938123,-9223372036854775808]")
        #expect(try JSONDecoder().decode([MonoTime].self, from: Data("[7,-7]".utf8)) == [7, -7])
    }
}
