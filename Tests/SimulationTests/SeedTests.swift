import GatewayCore
import GatewaySimulation
import Testing

/// Whole stores, by seed. `make simulate` runs more of them, faster.
struct SeedTests {
    @Test func `no promise is broken in thousands of stores`() async {
        // As many as fit into a minute, and never fewer than a thousand.
        let clock = ContinuousClock()
        let end = clock.now + .seconds(45)
        var seeds = 0
        var charges = 0
        while seeds < 1_000 || (seeds < 20_000 && clock.now < end) {
            let summary = await Simulation.run(from: UInt64(seeds + 1), count: 500, threads: 2)
            seeds += summary.seeds
            charges += summary.charges
            if let broken = summary.broken.first, let violation = broken.violation {
                Issue.record("seed \(broken.seed), step \(violation.step): \(violation.promise.rawValue): \(violation.words)")
                return
            }
        }
        // Stores in which nothing is sold prove nothing.
        #expect(charges > seeds / 5)
    }

    /// Seeds that once broke a promise, each by a defect of its own; what it was stands in the history of the machine.
    @Test(arguments: [
        3, 27, 36, 40, 51, 65, 82, 124, 143, 156, 358, 1106, 2727, 3467, 5899, 6880, 9545, 61969, 165094, 334699, 376860, 648886, 925493,
        952435,
    ])
    func `a seed that once broke a promise breaks none`(_ seed: UInt64) {
        let outcome = Simulation.run(seed: seed)
        #expect(outcome.violation == nil)
    }
}
