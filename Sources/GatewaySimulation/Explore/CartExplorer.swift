internal import GatewayCore

/// Every interleaving of what can happen to one cart, breadth first, each state looked at once.
package struct CartExplorer: Sendable {
    package struct Result: Sendable {
        package var depth: Int
        package var states: Int
        /// The first thing that went wrong, and how it came to it.
        package var violation: String?
        package var path: [String]
    }

    let attempts: Int
    let makesNew: Bool

    package init(attempts: Int = 2, makesNew: Bool) {
        self.attempts = attempts
        self.makesNew = makesNew
    }

    /// To so many events.
    package func explore(depth: Int) -> Result {
        let first = CartWorld(attempts: attempts, makesNew: makesNew)
        var seen: Set<CartWorld> = [first]
        var layer: [(world: CartWorld, path: [CartWorld.Happening])] = [(first, [])]
        for level in 1...max(1, depth) {
            var next: [(world: CartWorld, path: [CartWorld.Happening])] = []
            for (world, path) in layer {
                for happening in world.possible {
                    var after = world
                    after.happens(happening)
                    guard seen.insert(after).inserted else { continue }
                    let way = path + [happening]
                    if let words = after.violation ?? after.locks() {
                        return Result(depth: level, states: seen.count, violation: words, path: way.map { "\($0)" })
                    }
                    if level < depth { next.append((after, way)) }
                }
            }
            layer = next
        }
        return Result(depth: depth, states: seen.count, violation: nil, path: [])
    }

    /// So many walks of so many events each.
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
            if let words = world.locks() {
                return Result(depth: way.count, states: count, violation: words, path: way.map { "\($0)" })
            }
        }
        return Result(depth: steps, states: count, violation: nil, path: [])
    }
}
