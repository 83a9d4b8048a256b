internal import GatewayCore
import GatewayModel
import Moments

/// Explores every interleaving of what can happen to one cart, breadth first, and visits each state once.
package struct CartExplorer: Sendable {
    package struct Result: Sendable {
        package var depth: Int
        package var states: Int
        /// The first fault, and the events that led to it.
        package var violation: String?
        package var path: [String]
    }

    let attempts: Int
    let makesNew: Bool

    package init(attempts: Int = 2, makesNew: Bool) {
        self.attempts = attempts
        self.makesNew = makesNew
    }

    /// Explores up to a depth of that many events. `told` hears of each layer of them.
    ///
    /// Only the traces of the visited worlds are kept, and also of the worlds in which nothing more goes wrong: many of those come to the
    /// same rest.
    package func explore(depth: Int, told: (_ depth: Int, _ states: Int) -> Void = { _, _ in }) -> Result {
        let first = CartWorld(attempts: attempts, makesNew: makesNew)
        var seen: Set<Int> = [first.trace]
        var rests: Set<Int> = []
        var layer: [(world: CartWorld, path: [CartWorld.Happening])] = [(first, [])]
        for level in 1...max(1, depth) {
            var next: [(world: CartWorld, path: [CartWorld.Happening])] = []
            for (world, path) in layer {
                for happening in world.possible {
                    var after = world
                    after.happens(happening)
                    guard seen.insert(after.trace).inserted else { continue }
                    let calm = after.quietened()
                    let words = after.violation ?? (rests.insert(calm.trace).inserted ? calm.locks() : nil)
                    if let words {
                        return Result(depth: level, states: seen.count, violation: words, path: (path + [happening]).map { "\($0)" })
                    }
                    if level < depth { next.append((after, path + [happening])) }
                }
            }
            layer = next
            told(level, seen.count)
        }
        return Result(depth: depth, states: seen.count, violation: nil, path: [])
    }

    /// Makes that many random walks of that many events each.
    package func walk(seed: UInt64, walks: Int, steps: Int) -> Result {
        var random = SeededRandom(seed: seed)
        var count = 0
        for _ in 0..<walks {
            var world = CartWorld(attempts: attempts, makesNew: makesNew)
            var way: [CartWorld.Happening] = []
            for _ in 0..<steps {
                guard let happening = world.possible.randomElement(using: &random) else { break }
                world.happens(happening)
                way.append(happening)
                count += 1
                if let words = world.violation {
                    return Result(depth: way.count, states: count, violation: words, path: way.map { "\($0)" })
                }
            }
            if let words = world.quietened().locks() {
                return Result(depth: way.count, states: count, violation: words, path: way.map { "\($0)" })
            }
        }
        return Result(depth: steps, states: count, violation: nil, path: [])
    }
}
