internal import GatewayCore
import GatewayModel

/// All the chance of a simulated world, drawn from one seed.
package struct Dice: Sendable {
    private var random: SeededRandom

    package init(seed: UInt64) { random = SeededRandom(seed: seed) }

    package mutating func next() -> UInt64 { random.next() }

    /// A number below `limit`.
    package mutating func below(_ limit: Int) -> Int { limit <= 1 ? 0 : Int(random.next() >> 33) % limit }

    /// The result is true so many times in a thousand. A chance of zero draws nothing.
    package mutating func chance(_ perMille: Int) -> Bool { perMille > 0 && below(1000) < perMille }

    package mutating func within(_ range: ClosedRange<Int64>) -> Int64 {
        range.lowerBound + Int64(below(Int(range.upperBound - range.lowerBound) + 1))
    }

    package mutating func of<Value>(_ values: [Value]) -> Value { values[below(values.count)] }
}
