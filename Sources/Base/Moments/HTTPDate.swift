/// Dates as HTTP writes them (RFC 9110, section 5.6.7).
package enum HTTPDate {
    private static let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
    private static let weekdays = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"]

    /// The moment of `Sun, 06 Nov 1994 08:49:37 GMT`. The two obsolete forms are not read.
    package static func parse(_ text: String) -> WallTime? {
        let parts = text.split(separator: " ", omittingEmptySubsequences: true)
        guard parts.count == 6, parts[5] == "GMT", let day = Int64(parts[1]), (1...31).contains(day),
            let month = months.firstIndex(of: String(parts[2])), let year = Int64(parts[3]), (1970...9999).contains(year)
        else { return nil }
        let clock = parts[4].split(separator: ":", omittingEmptySubsequences: false)
        guard clock.count == 3, let hour = Int64(clock[0]), (0...23).contains(hour), let minute = Int64(clock[1]),
            (0...59).contains(minute), let second = Int64(clock[2]), (0...60).contains(second)
        else { return nil }
        let days = CivilDate(year: year, month: Int64(month) + 1, day: day).daysSince1970
        return WallTime((days * 86_400 + hour * 3600 + minute * 60 + second) * 1000)
    }

    /// The moment as HTTP writes it: "Sat, 31 Jan 2026 09:30:00 GMT".
    package static func text(_ time: WallTime) -> String {
        let moment = CivilTime(time)
        // 1970-01-01 was a Thursday.
        let weekday = Int((moment.date.daysSince1970 % 7 + 11) % 7)
        let seconds = moment.inDay / 1000
        func two(_ value: Int64) -> String { value < 10 ? "0\(value)" : "\(value)" }
        let day = "\(weekdays[weekday]), \(two(moment.date.day)) \(months[Int(moment.date.month) - 1]) \(moment.date.year)"
        return "\(day) \(two(seconds / 3600)):\(two(seconds / 60 % 60)):\(two(seconds % 60)) GMT"
    }
}
