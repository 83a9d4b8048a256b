/// A moment, given to the middle from outside. Deadlines use `mono`, which never jumps; what people read uses `wall`.
package struct Now: Sendable, Hashable {
    /// Milliseconds of a clock that only goes forward; its zero means nothing.
    package var mono: Int64
    /// Milliseconds since 1970-01-01 UTC.
    package var wall: Int64

    package init(mono: Int64, wall: Int64) {
        self.mono = mono
        self.wall = wall
    }
}

/// Milliseconds since 1970-01-01 UTC, as they are written down and shown.
package typealias WallTime = Int64

/// Milliseconds of the forward-only clock.
package typealias MonoTime = Int64
