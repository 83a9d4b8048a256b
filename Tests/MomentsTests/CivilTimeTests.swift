import Moments
import Testing

@Suite struct CivilTimeTests {
    @Test(arguments: [
        (WallTime(0), "1970-01-01T00:00:00.000Z"), (-1, "1969-12-31T23:59:59.999Z"), (951_782_400_000, "2000-02-29T00:00:00.000Z"),
        (1_709_164_800_000, "2024-02-29T00:00:00.000Z"), (1_709_251_199_999, "2024-02-29T23:59:59.999Z"),
        (1_795_377_938_123, "2026-11-22T20:05:38.123Z"), (4_107_542_400_000, "2100-03-01T00:00:00.000Z"),
        (.max, "9999-12-31T23:59:59.999Z"), (.min, "0000-01-01T00:00:00.000Z"),
    ])
    func `milliseconds become RFC 3339`(time: WallTime, text: String) {
        #expect(CivilTime(time).rfc3339 == text)
    }

    @Test func `a moment is written for people`() {
        #expect(CivilTime(784_111_777_000).sentence == "1994-11-06 08:49 UTC")
        #expect(CivilTime(1_709_251_199_000).sentence == "2024-02-29 23:59 UTC")
        #expect(CivilTime(-1).sentence == "1969-12-31 23:59 UTC")
    }
}
