import TestSupport
import Testing

/// The watch over the real libusb, on an emulated bus.
@Suite(.timeLimit(.minutes(30)))
struct WatchTests {
    @Test func `what is plugged in is told, and what is pulled out is gone`() async throws {
        try await Bench.open { bench in
            let probe = try Probe("watch", on: bench)
            try await probe.reports("")
            let keyboard = try bench.plug("1-1", "keyboard")
            try await probe.reports("1-1#\(keyboard)=46d:c31c/-")
            let link = try bench.plug("1-4", "link", serial: "S1")
            try await probe.reports("1-1#\(keyboard)=46d:c31c/- 1-4#\(link)=1209:1/S1")
            try bench.say("unplug", "1-1")
            try await probe.reports("1-4#\(link)=1209:1/S1")
            // The same reader in the same place is another plug.
            let again = try bench.replug("1-4")
            try await probe.reports("1-4#\(again)=1209:1/S1")
            #expect(again != link)
            await probe.kill()
        }
    }

    @Test func `what is there before the watch begins is told`() async throws {
        try await Bench.open { bench in
            let keypad = try bench.plug("1-2", "keypad")
            let pad = try bench.plug("1-3", "ingenico")
            let probe = try Probe("watch", on: bench)
            try await probe.reports("1-2#\(keypad)=b00:1001/- 1-3#\(pad)=b00:3070/-")
            await probe.kill()
        }
    }

    @Test func `a Stripe M2 has its serial number, and what is held back is told as that`() async throws {
        try await Bench.open { bench in
            let mobile = try bench.plug("1-2", "m2", serial: "STRM26100000001")
            let held = try bench.plug("1-3", "held", serial: "S1")
            let probe = try Probe("watch", on: bench)
            try await probe.reports("1-2#\(mobile)=15a2:101/STRM26100000001 1-3#\(held)=1209:1/S1?")
            // Allowed: the kernel announces it anew.
            let allowed = try bench.plug("1-3", "link", serial: "S1")
            try await probe.reports("1-2#\(mobile)=15a2:101/STRM26100000001 1-3#\(allowed)=1209:1/S1")
            await probe.kill()
        }
    }

    @Test func `a hub with two readers is plugged in again a hundred times, and none is lost, none doubled, nothing kept`() async throws {
        let rounds = Probe.rounds(100)
        try await Bench.open { bench in
            let probe = try Probe("watch", on: bench)
            var early: (descriptors: Int, memory: Int)?
            for round in 1...rounds {
                try bench.plug("1-1", "hub")
                let one = try bench.plug("1-1.1", "link", serial: "S1")
                let two = try bench.plug("1-1.2", "link", serial: "S2")
                try await probe.reports("1-1.1#\(one)=1209:1/S1 1-1.2#\(two)=1209:1/S2")
                if round == rounds / 5 { early = try probe.held() }
                // A hub that is pulled out takes its devices along; the kernel tells of them first.
                for name in ["1-1.1", "1-1.2", "1-1"] { try bench.say("unplug", name) }
                if round % 10 == 0 { try await probe.reports("") }
            }
            try bench.plug("1-1", "hub")
            let last = try bench.plug("1-1.1", "link", serial: "S1")
            let other = try bench.plug("1-1.2", "link", serial: "S2")
            try await probe.reports("1-1.1#\(last)=1209:1/S1 1-1.2#\(other)=1209:1/S2")
            let late = try probe.held()
            let before = try #require(early)
            #expect(late.descriptors <= before.descriptors, "descriptors grew from \(before.descriptors) to \(late.descriptors)")
            #expect(
                Probe.isOverseen || late.memory <= before.memory + 512,
                "memory grew from \(before.memory) to \(late.memory) kB in 80 rounds")
            #expect(probe.trouble.isEmpty)
            await probe.kill()
        }
    }

    @Test func `the network interface of a gadget is told when the kernel has made it`() async throws {
        try await Bench.open { bench in
            let probe = try Probe("watch", on: bench)
            let gadget = try bench.plug("1-3", "gadget")
            try await probe.reports("1-3#\(gadget)=525:a4a2/-")
            try bench.say("network", "1-3", "0", "usb0")
            try await probe.reports("1-3#\(gadget)=525:a4a2/-@usb0")
            try bench.say("unplug", "1-3")
            try await probe.reports("")
            await probe.kill()
        }
    }

    @Test func `devices with descriptors that make no sense disturb no other`() async throws {
        let seed = UInt64.random(in: 0 ... .max)
        var random = Seeded(seed)
        try await Bench.open { bench in
            let probe = try Probe("watch", on: bench)
            for round in 0..<Probe.rounds(40) {
                var bytes = (0..<Int.random(in: 0...200, using: &random)).map { _ in UInt8.random(in: 0...255, using: &random) }
                // Half of them begin as a device does, so that more than the first byte is looked at.
                if round % 2 == 0 { bytes = Descriptors.device + bytes }
                try bench.say("raw", "1-2", bytes.isEmpty ? "00" : bytes.map { Descriptors.hex($0) }.joined())
                let keyboard = try bench.plug("1-1", "keyboard")
                try await probe.says("report 1-1#\(keyboard)=46d:c31c/-")
                try bench.say("unplug", "1-1")
                try bench.say("unplug", "1-2")
            }
            try await probe.reports("")
            #expect(probe.trouble.isEmpty && probe.exit == nil, "seed \(seed)")
            await probe.kill()
        }
    }
}
