import Foundation
import GatewaySimulation
import Testing

struct DeterminismTests {
    @Test(arguments: [1, 7, 40, 65, 1202, 1388, 1561, 3467])
    func `the same seed is the same store`(_ seed: UInt64) {
        let first = Simulation.run(seed: seed, tracing: true)
        let second = Simulation.run(seed: seed, tracing: true)
        #expect(first.hash == second.hash)
        #expect(first.trace == second.trace)
        #expect(!first.trace.isEmpty)
    }

    @Test func `reading along changes nothing`() {
        #expect(Simulation.run(seed: 12, tracing: true).hash == Simulation.run(seed: 12).hash)
    }

    @Test func `other seeds are other stores`() {
        #expect(Simulation.run(seed: 1).hash != Simulation.run(seed: 2).hash)
    }

    /// Each process hashes its dictionaries by a seed of its own: an order that came from one of them would show here.
    @Test func `another process sees the same store`() throws {
        let program = try #require(Bundle.main.executableURL).deletingLastPathComponent()
        let simulate = try #require(
            [program, program.deletingLastPathComponent(), program.deletingLastPathComponent().deletingLastPathComponent()]
                .map { $0.appendingPathComponent("simulate") }.first { FileManager.default.isExecutableFile(atPath: $0.path) })
        for seed: UInt64 in [3, 19, 65, 120, 1202, 1388, 1561] {
            let process = Process()
            process.executableURL = simulate
            process.arguments = ["--seed", "\(seed)"]
            let output = Pipe()
            process.standardOutput = output
            try process.run()
            let text = try #require(String(data: output.fileHandleForReading.readDataToEndOfFile(), encoding: .utf8))
            process.waitUntilExit()
            let hash = String(Simulation.run(seed: seed).hash, radix: 16)
            #expect(text.contains("hash \(hash)\n"), "seed \(seed)")
        }
    }
}
