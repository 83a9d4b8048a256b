import GatewayCore
import GatewaySimulation
import Testing

/// Each rule that keeps a promise is taken away, and the simulation misses it. A rule that nothing misses would be worth nothing, or the
/// simulation would be too weak to see it.
struct RuleTests {
    /// A store in which the loss of each rule shows.
    static let seeds: [(name: String, seed: UInt64)] = [
        ("confirmAfterRow", 2), ("noRowNoConfirm", 54), ("reuseIntent", 214), ("leaseUntilIdle", 29), ("tokenOnce", 7), ("idleProof", 3),
        ("window", 302), ("noConfirmAfterCancel", 12), ("verifyAmount", 136), ("otherAmountsRefused", 66), ("staleFailed", 32),
        ("baseline", 32), ("firstBaseline", 204), ("sameIDAttaches", 2),
        ("lostIsUnknown", 3), ("restartIsUnknown", 2), ("acceptAfterRow", 1), ("oneRequest", 30), ("quietWhileHeld", 1),
        ("oneTaker", 84), ("cancelAcknowledged", 9), ("endsAfterRow", 107), ("noTakeover", 1), ("keyedExcludes", 3), ("paidCartRefused", 6),
        ("freshEvidence", 8213),
    ]

    @Test(arguments: seeds)
    func `a rule that is taken away is missed`(_ name: String, _ seed: UInt64) throws {
        let rule = try #require(SafetyRules.named.first { $0.name == name }?.rule)
        #expect(Simulation.run(seed: seed).violation == nil, "with all rules seed \(seed) breaks no promise")
        #expect(Simulation.run(seed: seed, rules: SafetyRules.all.subtracting(rule)).violation != nil, "\(name), seed \(seed)")
    }

    @Test func `every rule is on the list`() {
        let listed = Set(Self.seeds.map(\.name))
        #expect(SafetyRules.named.map(\.name).filter { !listed.contains($0) } == [])
    }
}
