import Glibc

/// The time as HTTP writes it ("Sun, 06 Nov 1994 08:49:37 GMT"; RFC 9110, section 5.6.7).
enum HTTPClock {
    static func text(secondsAhead: Int = 0) -> String? {
        var seconds = time(nil) + secondsAhead
        var parts = tm()
        guard gmtime_r(&seconds, &parts) != nil else { return nil }
        return withUnsafeTemporaryAllocation(of: CChar.self, capacity: 64) { buffer in
            guard let start = buffer.baseAddress else { return nil }
            let length = strftime(start, buffer.count, "%a, %d %b %Y %H:%M:%S GMT", &parts)
            return String(decoding: buffer.prefix(length).map { UInt8(bitPattern: $0) }, as: UTF8.self)
        }
    }
}
