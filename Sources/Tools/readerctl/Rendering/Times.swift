import CheckoutAPI
import Glibc

/// Times as people at the counter read them: in the box's own time zone.
enum Times {
    /// "2026-07-31 14:03:05".
    static func dateAndTime(_ time: Timestamp) -> String { local(time, "%Y-%m-%d %H:%M:%S") }

    /// "07-31 14:03:05".
    static func dayAndTime(_ time: Timestamp) -> String { local(time, "%m-%d %H:%M:%S") }

    /// "14:03:05".
    static func time(_ time: Timestamp) -> String { local(time, "%H:%M:%S") }

    /// "20260731-140305".
    static func forFileName(_ time: Timestamp) -> String { local(time, "%Y%m%d-%H%M%S") }

    /// The box's time zone: "UTC+01:00".
    static var zone: String {
        var now = Glibc.time(nil)
        var parts = tm()
        guard localtime_r(&now, &parts) != nil else { return "UTC" }
        let minutes = abs(parts.tm_gmtoff) / 60
        func two(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
        return minutes == 0 ? "UTC" : "UTC\(parts.tm_gmtoff < 0 ? "-" : "+")\(two(minutes / 60)):\(two(minutes % 60))"
    }

    private static func local(_ time: Timestamp, _ format: String) -> String {
        var seconds = time_t(time.milliseconds / 1000)
        var parts = tm()
        guard localtime_r(&seconds, &parts) != nil else { return time.description }
        return withUnsafeTemporaryAllocation(of: CChar.self, capacity: 64) { buffer in
            guard let start = buffer.baseAddress else { return time.description }
            let length = strftime(start, buffer.count, format, &parts)
            return String(decoding: buffer.prefix(length).map { UInt8(bitPattern: $0) }, as: UTF8.self)
        }
    }

    /// "0.3 s", "12.0 s", "2 min 5 s", "3 h 12 min", "4 d 2 h".
    static func duration(from start: Timestamp, to end: Timestamp) -> String {
        let milliseconds = max(0, end.milliseconds - start.milliseconds)
        let seconds = milliseconds / 1000
        return switch seconds {
        case ..<60: "\(seconds).\(milliseconds % 1000 / 100) s"
        case ..<3600: "\(seconds / 60) min \(seconds % 60) s"
        case ..<86400: "\(seconds / 3600) h \(seconds % 3600 / 60) min"
        default: "\(seconds / 86400) d \(seconds % 86400 / 3600) h"
        }
    }
}
