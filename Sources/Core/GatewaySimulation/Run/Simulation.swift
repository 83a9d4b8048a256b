/// Runs simulated worlds.
package enum Simulation {
    package struct Outcome: Sendable {
        package var seed: UInt64
        package var violation: Violation?
        package var hash: UInt64
        package var steps: Int
        package var payments: Int
        package var charges: Int
        package var trace: [String]
    }

    /// - Parameter looks: whether the agent scans the LAN for readers (`lan.sweep`), and follows those that have moved.
    package static func run(seed: UInt64, looks: Bool = false, kinds: Kinds = .all, tracing: Bool = false) -> Outcome {
        var world = World(seed: seed, looks: looks, kinds: kinds, tracing: tracing)
        world.run()
        return Outcome(
            seed: seed, violation: world.violation, hash: world.trace.hash, steps: world.step, payments: world.payments.count,
            charges: world.stripe.charges.count, trace: world.trace.lines)
    }
}
