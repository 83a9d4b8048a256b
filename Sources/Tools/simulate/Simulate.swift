internal import ArgumentParser
internal import GatewayCore
internal import GatewayModel
import Moments
internal import GatewaySimulation

/// Runs the decisions of the agent through simulated stores, and says whether a promise was broken.
@main
struct Simulate: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "simulate",
        abstract: "Run readerd's decisions in simulated stores with faults.",
        discussion: "Each seed is one store. The same seed is the same store, step by step, everywhere.")

    @Option(help: "Replay one seed and print what happened in it.")
    var seed: UInt64?

    @Option(help: "How many seeds to run.")
    var seeds = 10_000

    @Option(help: "The first seed.")
    var from: UInt64 = 1

    @Option(help: "How many worlds to run side by side.")
    var threads = 2

    @Option(help: "How many broken seeds to look for before stopping.")
    var limit = 1

    @Flag(help: "The agent looks for readers on the LAN, and follows those that have moved.")
    var looks = false

    @Option(help: "Only these kinds of trouble beside those that every store may meet: names with commas between them, or none.")
    var kinds: String?

    func validate() throws { _ = try chosenKinds() }

    private func chosenKinds() throws -> Kinds {
        guard let kinds else { return .all }
        var chosen = Kinds()
        for name in kinds.split(separator: ",").map(String.init) {
            if name == "none" { continue }
            if let kind = Kinds.named.first(where: { $0.name == name })?.kind {
                chosen.insert(kind)
            } else {
                throw ValidationError("There is no kind \(name); there are \(Kinds.named.map(\.name).joined(separator: ", ")), and none.")
            }
        }
        return chosen
    }

    @Option(help: "Explore one cart with two attempts, every interleaving to so many events, instead of running seeds.")
    var exploreCart: Int?

    func run() async throws {
        if let exploreCart { return try explore(to: exploreCart) }
        let kinds = try chosenKinds()
        if let seed { return try replay(seed, kinds) }
        let clock = ContinuousClock()
        let begun = clock.now
        let summary = await Simulation.run(from: from, count: seeds, threads: threads, looks: looks, kinds: kinds, limit: max(1, limit))
        let seconds = (clock.now - begun) / .seconds(1)
        for outcome in summary.broken { tell(outcome) }
        let rate = seconds > 0 ? Int(Double(summary.seeds) / seconds) : 0
        print(
            "\(summary.seeds) seeds, \(summary.steps) steps, \(summary.payments) payments, \(summary.charges) charges; \(summary.broken.count) broken; \(rate) seeds/s"
        )
        // Equal before and after a change: it has moved no decision in any of these stores.
        print("hash of all actions: \(String(summary.hash, radix: 16))")
        if let first = summary.broken.first {
            print("Replay: simulate --seed \(first.seed)\(looks ? " --looks" : "")\(self.kinds.map { " --kinds \($0)" } ?? "")")
            throw ExitCode.failure
        }
    }

    private func explore(to depth: Int) throws {
        let clock = ContinuousClock()
        for makesNew in [false, true] {
            let begun = clock.now
            print("The backend gives \(makesNew ? "a new intent each time" : "the same intent again").")
            let result = CartExplorer(makesNew: makesNew).explore(depth: depth) { depth, states in
                let seconds = (clock.now - begun) / .seconds(1)
                let rate = seconds > 0 ? Int(Double(states) / seconds) : 0
                print("\(depth) events: \(states) states, \(Int(seconds)) s, \(rate) states a second")
            }
            guard let words = result.violation else { continue }
            print("broken: \(words)")
            for step in result.path { print("  \(step)") }
            throw ExitCode.failure
        }
    }

    private func replay(_ seed: UInt64, _ kinds: Kinds) throws {
        let outcome = Simulation.run(seed: seed, looks: looks, kinds: kinds, tracing: true)
        for line in outcome.trace { print(line) }
        print("seed \(seed): \(outcome.steps) steps, hash \(String(outcome.hash, radix: 16))")
        if outcome.violation != nil {
            tell(outcome)
            throw ExitCode.failure
        }
    }

    private func tell(_ outcome: Simulation.Outcome) {
        guard let broken = outcome.violation else { return }
        print("seed \(outcome.seed), step \(broken.step): \(broken.promise.rawValue): \(broken.words)")
    }
}
