/// A moment by calendar and clock, UTC, with the spellings that the agent uses.
package struct CivilTime: Sendable, Hashable {
    package let date: CivilDate
    /// Milliseconds of the day.
    package let inDay: Int64

    /// The years that RFC 3339 can write, 0000 to 9999, as milliseconds since 1970.
    package static let writable: ClosedRange<Int64> = -62_167_219_200_000...253_402_300_799_999

    /// The nearest writable moment stands for a moment outside of the writable years.
    package init(_ time: WallTime) {
        let bounded = Swift.min(Swift.max(time.milliseconds, Self.writable.lowerBound), Self.writable.upperBound)
        let days = bounded.floored(by: 86_400_000)
        self.date = CivilDate(daysSince1970: days)
        self.inDay = bounded - days * 86_400_000
    }

    /// The moment in RFC 3339 with milliseconds: "2026-01-31T09:30:00.250Z".
    package var rfc3339: String {
        let clock = "\(two(inDay / 3_600_000)):\(two(inDay / 60_000 % 60)):\(two(inDay / 1000 % 60))"
        return "\(day)T\(clock).\(Self.padded(inDay % 1000, 3))Z"
    }

    /// The moment as sentences name it: "2026-01-31 09:30 UTC".
    package var sentence: String { "\(day) \(two(inDay / 3_600_000)):\(two(inDay / 60_000 % 60)) UTC" }

    private var day: String { "\(Self.padded(date.year, 4))-\(two(date.month))-\(two(date.day))" }
    private func two(_ number: Int64) -> String { Self.padded(number, 2) }

    private static func padded(_ value: Int64, _ width: Int) -> String {
        let digits = String(value)
        return String(repeating: "0", count: Swift.max(0, width - digits.count)) + digits
    }
}
