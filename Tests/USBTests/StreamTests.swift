import TestSupport
import Testing

/// Streams over the reader link: the real libusb on an emulated bus, and a device that gives back what it is sent.
@Suite(.timeLimit(.minutes(30)))
struct StreamTests {
    /// Waits until the host has let go of the interface, and expects that it did nothing wrong.
    private static func letGo(_ bench: Bench, _ name: String = "1-4", at location: SourceLocation = #_sourceLocation) async throws {
        var state = ""
        try await eventually(within: Probe.patience, "the interface is given back: \(state)", at: location) {
            state = try bench.say("state", name)
            return state.hasPrefix("claimed []")
        }
        #expect(state.hasSuffix("wrong []"), "\(state)", sourceLocation: location)
    }

    @Test func `bytes come back whole, whatever their number`() async throws {
        try await Bench.open { bench in
            try bench.plug("1-4", "echo", serial: "S1")
            let sizes = [1, 511, 512, 513, 1024, 16_383, 16_384, 16_385, 400_000]
            let probe = try Probe("echo", sizes.map(String.init).joined(separator: ","), on: bench)
            for size in sizes { try await probe.says("exchanged \(size)") }
            try await Self.letGo(bench)
            #expect(probe.trouble.isEmpty)
            await probe.kill()
        }
    }

    @Test func `short transfers are put together again`() async throws {
        try await Bench.open { bench in
            try bench.plug("1-4", "echo", serial: "S1")
            try bench.say("short", "1-4", "37")
            let probe = try Probe("echo", "8000", on: bench)
            try await probe.says("exchanged 8000")
            try await Self.letGo(bench)
            await probe.kill()
        }
    }

    @Test func `a halted endpoint ends the stream, and the next one begins anew`() async throws {
        try await Bench.open { bench in
            try bench.plug("1-4", "echo", serial: "S1")
            try bench.say("ends", "1-4", "3000")
            let probe = try Probe("echo", "100000,5000", on: bench)
            try await probe.says("lost 3000")
            try await probe.says("exchanged 5000")
            try await Self.letGo(bench)
            await probe.kill()
        }
    }

    @Test(arguments: ["in", "out"])
    func `a plug that is pulled in the middle of a transfer ends the stream, and the next plug is as good as new`(
        direction: String
    ) async throws {
        try await Bench.open { bench in
            try bench.plug("1-4", "echo", serial: "S1")
            try bench.say("gone", "1-4", direction, "20000")
            let probe = try Probe("echo", "100000,5000", on: bench)
            try await probe.says("lost")
            try bench.plug("1-4", "echo", serial: "S1")
            try await probe.says("exchanged 5000")
            try await Self.letGo(bench)
            await probe.kill()
        }
    }

    /// The bus hears of it later than the device is gone; on a busy machine much later.
    @Test(arguments: ["in", "out"])
    func `nothing comes over a plug that is out while the bus has not heard of it`(direction: String) async throws {
        try await Bench.open { bench in
            try bench.plug("1-4", "echo", serial: "S1")
            try bench.say("set", "1-4", "late")
            try bench.say("gone", "1-4", direction, "20000")
            let probe = try Probe("echo", "1000000,5000", on: bench)
            try await probe.says("lost")
            try await probe.says("held")
            #expect(probe.trouble.isEmpty, "\(probe.trouble)")
            try bench.replug("1-4")
            try await probe.says("exchanged 5000")
            try await Self.letGo(bench)
            #expect(probe.trouble.isEmpty, "\(probe.trouble)")
            await probe.kill()
        }
    }

    /// libusb 1.0.26 ended the process here at one of the first plugs: see `USBHandle.begin`.
    @Test func `sixty plugs pulled at any moment leave nothing behind`() async throws {
        let seed = UInt64.random(in: 0 ... .max)
        var random = Seeded(seed)
        let rounds = Probe.rounds(60)
        try await Bench.open { bench in
            try bench.plug("1-4", "echo", serial: "S1")
            let probe = try Probe("echo", (0..<rounds).map { _ in "1000000" }.joined(separator: ","), on: bench)
            var early: (descriptors: Int, memory: Int)?
            for round in 1...rounds {
                try await probe.says("opened")
                switch Int.random(in: 0..<3, using: &random) {
                case 0: try bench.say("gone", "1-4", "in", "\(Int.random(in: 1...60_000, using: &random))")
                case 1: try bench.say("gone", "1-4", "out", "\(Int.random(in: 1...60_000, using: &random))")
                default: try bench.say("unplug", "1-4")
                }
                // Hardly ever all of it had come back before the plug was out.
                try await probe.says("held")
                if round == rounds / 3 { early = try probe.held() }
                try bench.plug("1-4", "echo", serial: "S1")
            }
            let (before, late) = (try #require(early), try probe.held())
            // One stream more or less is being closed at the moment of the count.
            #expect(
                late.descriptors <= before.descriptors + 4, "seed \(seed): from \(before.descriptors) to \(late.descriptors) descriptors")
            #expect(
                Probe.isOverseen || late.memory <= before.memory + 2048,
                "seed \(seed): from \(before.memory) to \(late.memory) kB in 40 rounds")
            #expect(probe.exit == nil && probe.trouble.isEmpty, "seed \(seed): \(probe.exit ?? 0) \(probe.trouble)")
            #expect(probe.count("lost") > rounds * 2 / 3, "seed \(seed): hardly any was cut off")
            try await Self.letGo(bench)
            await probe.kill()
        }
    }

    @Test func `a reader that takes nothing is given up in time, with the transfer that it has`() async throws {
        try await Bench.open { bench in
            try bench.plug("1-4", "echo", serial: "S1")
            try bench.say("set", "1-4", "full")
            let probe = try Probe("echo", "1000,1000", on: bench)
            try await probe.says("lost 0")
            try bench.say("set", "1-4", "full", "off")
            // Whether the second stream came before or after that.
            try await probe.says("opened")
            try await probe.says("held")
            try await Self.letGo(bench)
            await probe.kill()
        }
    }

    @Test(arguments: [("mute", "does not answer in time"), ("refuses", "refuses the request")])
    func `a device that does not begin a stream is named as such, and let go`(fault: String, words: String) async throws {
        try await Bench.open { bench in
            try bench.plug("1-4", "echo", serial: "S1")
            try bench.say("set", "1-4", fault)
            let probe = try Probe("echo", "1000", on: bench)
            let said = try await probe.says("refused")
            #expect(said.contains("USB 1-4") && said.contains(words), "\(said)")
            try await Self.letGo(bench)
            try bench.replug("1-4")
            try await probe.says("exchanged 1000")
            await probe.kill()
        }
    }

    @Test func `an interface that another program has is named as such`() async throws {
        try await Bench.open { bench in
            try bench.plug("1-4", "echo", serial: "S1")
            try bench.say("take", "1-4")
            let probe = try Probe("echo", "1000", on: bench)
            let said = try await probe.says("refused")
            #expect(said.contains("another program or a kernel driver has it"), "\(said)")
            try bench.replug("1-4")
            try await probe.says("exchanged 1000")
            await probe.kill()
        }
    }
}
