/// A moment of the forward-only clock. Its zero means nothing, and it tells nothing to people: two moments have a distance, and that is
/// all.
///
/// A stored moment is foreign input: arithmetic stops at the ends of the range and never traps.
package struct MonoTime: Sendable, Hashable, Comparable {
    /// Milliseconds since an unknown moment.
    package let milliseconds: Int64

    package init(_ milliseconds: Int64) { self.milliseconds = milliseconds }

    package static let min = MonoTime(.min)
    package static let max = MonoTime(.max)

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

extension MonoTime: ExpressibleByIntegerLiteral {
    package init(integerLiteral milliseconds: Int64) { self.init(milliseconds) }
}

extension MonoTime: CustomStringConvertible {
    package var description: String { String(milliseconds) }
}

/// The stored form is the number alone.
extension MonoTime: Codable {
    package init(from decoder: any Decoder) throws { self.init(try decoder.singleValueContainer().decode(Int64.self)) }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(milliseconds)
    }
}
