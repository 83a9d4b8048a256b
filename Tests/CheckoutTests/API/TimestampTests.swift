import CheckoutAPI
import Foundation
import Testing

@Suite struct TimestampTests {
    @Test(arguments: [
        (Int64(0), "1970-01-01T00:00:00.000Z"), (-1, "1969-12-31T23:59:59.999Z"), (951_782_400_000, "2000-02-29T00:00:00.000Z"),
        (4_107_542_399_999, "2100-02-28T23:59:59.999Z"), (1_769_851_800_250, "2026-01-31T09:30:00.250Z"),
        (-62_167_219_200_000, "0000-01-01T00:00:00.000Z"), (253_402_300_799_999, "9999-12-31T23:59:59.999Z"),
    ])
    func `a moment is written and read back`(milliseconds: Int64, text: String) {
        #expect(Timestamp(milliseconds: milliseconds).description == text)
        #expect(Timestamp(text)?.milliseconds == milliseconds)
    }

    @Test func `a moment outside the years that can be written becomes the nearest one`() {
        #expect(Timestamp(milliseconds: .max).description == "9999-12-31T23:59:59.999Z")
        #expect(Timestamp(milliseconds: .min).description == "0000-01-01T00:00:00.000Z")
    }

    @Test func `every day agrees with the C library`() {
        for day in stride(from: Int64(-200_000), through: 200_000, by: 37) {
            var seconds = time_t(day * 86_400 + 45_296)
            var parts = tm()
            gmtime_r(&seconds, &parts)
            let expected = String(
                format: "%04d-%02d-%02dT%02d:%02d:%02d.007Z", Int(parts.tm_year) + 1900, Int(parts.tm_mon) + 1, Int(parts.tm_mday),
                Int(parts.tm_hour), Int(parts.tm_min), Int(parts.tm_sec))
            let written = Timestamp(milliseconds: Int64(seconds) * 1000 + 7)
            #expect(written.description == expected)
            #expect(Timestamp(expected) == written)
        }
    }

    @Test(arguments: [
        ("2026-01-31T09:30:00Z", "2026-01-31T09:30:00.000Z"), ("2026-01-31t09:30:00.1z", "2026-01-31T09:30:00.100Z"),
        ("2026-01-31T09:30:00.123456789Z", "2026-01-31T09:30:00.123Z"), ("2026-01-31T09:30:00+02:00", "2026-01-31T07:30:00.000Z"),
        ("2026-01-31T23:30:00.5-01:30", "2026-02-01T01:00:00.500Z"),
    ])
    func `other writings of RFC 3339 are read`(text: String, same: String) {
        #expect(Timestamp(text)?.description == same)
    }

    @Test(arguments: [
        "", "2026", "2026-13-01T00:00:00Z", "2026-02-29T00:00:00Z", "2026-01-31T24:00:00Z", "2026-01-31T00:60:00Z", "2026-01-31T00:00:00",
        "2026-01-31T00:00:00.Z", "2026-01-31T00:00:00Z ", "2026-1-31T00:00:00Z", "+026-01-31T00:00:00Z", "2026-01-31T00:00:00+1:00",
    ])
    func `what is not RFC 3339 is nothing`(text: String) {
        #expect(Timestamp(text) == nil)
    }
}
