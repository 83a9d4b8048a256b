/// A moment of the wall clock, as it is written down and shown. It may jump, so nothing waits by it.
///
/// A stored moment is foreign input: arithmetic stops at the ends of the range and never traps.
package struct WallTime: Sendable, Hashable, Comparable {
    /// Milliseconds since 1970-01-01 UTC.
    package let milliseconds: Int64

    package init(_ milliseconds: Int64) { self.milliseconds = milliseconds }

    package static let min = WallTime(.min)
    package static let max = WallTime(.max)

    package static func < (left: Self, right: Self) -> Bool { left.milliseconds < right.milliseconds }

    /// The moment that many milliseconds later.
    package static func + (moment: Self, span: Int64) -> Self { Self(moment.milliseconds.added(span)) }
    /// The moment that many milliseconds earlier.
    package static func - (moment: Self, span: Int64) -> Self { Self(moment.milliseconds.subtracted(span)) }
    /// Milliseconds from the right moment to the left.
    package static func - (left: Self, right: Self) -> Int64 { left.milliseconds.subtracted(right.milliseconds) }
    package static func += (moment: inout Self, span: Int64) { moment = moment + span }
    package static func -= (moment: inout Self, span: Int64) { moment = moment - span }
}

extension WallTime: ExpressibleByIntegerLiteral {
    package init(integerLiteral milliseconds: Int64) { self.init(milliseconds) }
}

extension WallTime: CustomStringConvertible {
    package var description: String { String(milliseconds) }
}

/// The stored form is the number alone.
extension WallTime: Codable {
    package init(from decoder: any Decoder) throws { self.init(try decoder.singleValueContainer().decode(Int64.self)) }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(milliseconds)
    }
}
