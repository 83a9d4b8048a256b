import GatewayCore

/// Times as people read them in the journal: RFC 3339, UTC, milliseconds.
enum Timestamp {
    /// "2026-11-22T20:05:38.123Z" for milliseconds since 1970. Years are kept to four digits; what lies outside is written as the nearest.
    static func text(_ time: WallTime) -> String {
        let earliest: WallTime = -62_167_219_200_000
        let latest: WallTime = 253_402_300_799_999
        let bounded = min(max(time, earliest), latest)
        let (days, inDay) = floored(bounded, by: 86_400_000)
        let (year, month, day) = date(daysSince1970: days)
        let milliseconds = inDay % 1000
        let seconds = inDay / 1000
        return padded(year, 4) + "-" + padded(month, 2) + "-" + padded(day, 2) + "T" + padded(seconds / 3600, 2) + ":"
            + padded(seconds / 60 % 60, 2) + ":" + padded(seconds % 60, 2) + "." + padded(milliseconds, 3) + "Z"
    }

    /// The proleptic Gregorian calendar, counted in eras of 400 years that begin on 1 March.
    private static func date(daysSince1970: Int64) -> (year: Int64, month: Int64, day: Int64) {
        let (era, dayOfEra) = floored(daysSince1970 + 719_468, by: 146_097)
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let monthFromMarch = (5 * dayOfYear + 2) / 153
        let day = dayOfYear - (153 * monthFromMarch + 2) / 5 + 1
        let month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
        return (era * 400 + yearOfEra + (month <= 2 ? 1 : 0), month, day)
    }

    private static func floored(_ value: Int64, by divisor: Int64) -> (quotient: Int64, remainder: Int64) {
        let (quotient, remainder) = value.quotientAndRemainder(dividingBy: divisor)
        return remainder < 0 ? (quotient - 1, remainder + divisor) : (quotient, remainder)
    }

    private static func padded(_ value: Int64, _ width: Int) -> String {
        let digits = String(value)
        return String(repeating: "0", count: max(0, width - digits.count)) + digits
    }
}
