import GatewaySimulation
import Testing

/// Stores whose agent looks for readers on the LAN and follows those that have moved.
struct LookTests {
    @Test func `looking for readers breaks no promise`() async {
        let looking = await Simulation.run(from: 1, count: 250, threads: 2, looks: true)
        if let broken = looking.broken.first, let violation = broken.violation {
            Issue.record("seed \(broken.seed), step \(violation.step): \(violation.promise.rawValue): \(violation.words)")
        }
        #expect(looking.seeds == 250)
        // Stores in which nothing is sold prove nothing.
        #expect(looking.charges > looking.seeds / 5)
    }
}
