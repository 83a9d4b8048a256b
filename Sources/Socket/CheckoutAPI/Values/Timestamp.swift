internal import Moments

/// A moment as the API writes it: RFC 3339, UTC, with milliseconds ("2026-01-31T09:30:00.250Z").
public struct Timestamp: Sendable, Hashable, Comparable, Codable, CustomStringConvertible {
    /// Milliseconds since 1970-01-01 UTC. Kept within the years 0000 to 9999, the ones that RFC 3339 can write.
    public let milliseconds: Int64

    public init(milliseconds: Int64) {
        self.milliseconds = min(max(milliseconds, CivilTime.writable.lowerBound), CivilTime.writable.upperBound)
    }

    public static func < (left: Self, right: Self) -> Bool { left.milliseconds < right.milliseconds }

    /// Reads RFC 3339 with `Z` or an offset, with or without a fraction; digits below the millisecond are dropped. Nil for anything else.
    public init?(_ text: String) {
        var rest = Array(text.utf8)[...]
        func number(_ digits: Int) -> Int64? {
            guard rest.count >= digits else { return nil }
            var value: Int64 = 0
            for byte in rest.prefix(digits) {
                guard (48...57).contains(byte) else { return nil }
                value = value * 10 + Int64(byte - 48)
            }
            rest = rest.dropFirst(digits)
            return value
        }
        func sign(_ allowed: String) -> UInt8? {
            guard let first = rest.first, allowed.utf8.contains(first) else { return nil }
            rest = rest.dropFirst()
            return first
        }
        guard let year = number(4), sign("-") != nil, let month = number(2), sign("-") != nil, let day = number(2), sign("Tt ") != nil,
            let hour = number(2), sign(":") != nil, let minute = number(2), sign(":") != nil, let second = number(2),
            (1...12).contains(month), (1...CivilDate.days(inMonth: month, year: year)).contains(day), hour < 24, minute < 60, second <= 60
        else { return nil }
        var fraction: Int64 = 0
        if sign(".") != nil {
            var digits = 0
            while let byte = rest.first, (48...57).contains(byte) {
                if digits < 3 { fraction = fraction * 10 + Int64(byte - 48) }
                digits += 1
                rest = rest.dropFirst()
            }
            guard (1...18).contains(digits) else { return nil }
            for _ in 0..<max(0, 3 - digits) { fraction *= 10 }
        }
        var offset: Int64 = 0
        guard let zone = sign("Zz+-") else { return nil }
        if zone == UInt8(ascii: "+") || zone == UInt8(ascii: "-") {
            guard let hours = number(2), sign(":") != nil, let minutes = number(2), hours < 24, minutes < 60 else { return nil }
            offset = (hours * 60 + minutes) * (zone == UInt8(ascii: "-") ? -60 : 60)
        }
        guard rest.isEmpty else { return nil }
        let seconds = CivilDate(year: year, month: month, day: day).daysSince1970 * 86_400 + hour * 3600 + minute * 60 + second - offset
        self.init(milliseconds: seconds * 1000 + fraction)
    }

    public var description: String { CivilTime(WallTime(milliseconds)).rfc3339 }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        guard let value = Timestamp(try container.decode(String.self)) else {
            throw DecodingError.dataCorruptedError(in: container, debugDescription: "not a time in RFC 3339")
        }
        self = value
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }
}
