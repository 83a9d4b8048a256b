/// SplitMix64 (Steele, Lea, Flood 2014): a generator that replays exactly from its seed. It serves jitter and transaction numbers, not
/// secrets.
package struct SeededRandom: RandomNumberGenerator, Sendable {
    private var state: UInt64

    package init(seed: UInt64) { state = seed }

    package mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
        return mixed ^ (mixed >> 31)
    }
}

/// Exponential backoff with full jitter: a wait drawn evenly from zero to a ceiling that doubles.
package struct Backoff: Sendable, Equatable {
    package let base: Int64
    package let ceiling: Int64
    package private(set) var failures = 0

    package init(base: Int64, ceiling: Int64) {
        self.base = base
        self.ceiling = ceiling
    }

    /// Counts another failure. Returns the wait in milliseconds, at least a tenth of the ceiling reached, so that every wait takes time.
    package mutating func next(random: inout SeededRandom) -> Int64 {
        let doublings = min(failures, 20)
        failures += 1
        let limit = min(ceiling, base << Int64(doublings))
        return max(limit / 10, Int64.random(in: 0...limit, using: &random))
    }

    package mutating func reset() { failures = 0 }
}
