import NIOCore
import NIOPosix
import Testing

@testable import WebCall

/// Whose turn it is to call a host.
@Suite(.timeLimit(.minutes(1))) struct CallGateTests {
    private let gate = CallGate(group: MultiThreadedEventLoopGroup.singleton)
    private let host = "backend.test:443"

    private func later(_ time: TimeAmount = .seconds(30)) -> NIODeadline { .now() + time }

    @Test func `places are kept for what sells`() async {
        for _ in 0..<CallGate.preparing { #expect(await gate.enter(host, .prepares, until: later()) == .entered) }
        #expect(await gate.enter(host, .prepares, until: later(.milliseconds(20))) == .crowded)
        for _ in 0..<(CallGate.places - CallGate.preparing) { #expect(await gate.enter(host, .sells, until: later()) == .entered) }
        #expect(await gate.enter(host, .sells, until: later(.milliseconds(20))) == .crowded)
        // Another host is nobody's concern here.
        #expect(await gate.enter("other.test:443", .prepares, until: later()) == .entered)
    }

    @Test func `sixteen tills that begin at once do not wait for each other`() async {
        for _ in 0..<CallGate.preparing { #expect(await gate.enter(host, .prepares, until: later()) == .entered) }
        // Each asks for the configuration, the intent and the cart's status.
        for call in 0..<(16 * 3 - CallGate.preparing) {
            #expect(await gate.enter(host, .sells, until: later(.milliseconds(20))) == .entered, "call \(call)")
        }
    }

    @Test func `what sells goes before what has waited longer`() async {
        for _ in 0..<CallGate.places { #expect(await gate.enter(host, .sells, until: later()) == .entered) }
        let (order, told) = AsyncStream.makeStream(of: Urgency.self)
        await withTaskGroup(of: Void.self) { group in
            for urgency in [Urgency.prepares, .sells] {
                group.addTask {
                    #expect(await gate.enter(host, urgency, until: later()) == .entered)
                    told.yield(urgency)
                }
                while gate.waiting(for: host) < (urgency == .prepares ? 1 : 2) { await Task.yield() }
            }
            // The first to leave makes room for what sells, the next ones for what prepares.
            gate.leave(host, .sells)
            var seen: [Urgency] = []
            for await urgency in order {
                seen.append(urgency)
                if seen.count == 2 { break }
                gate.leave(host, .sells)
                gate.leave(host, .sells)
            }
            #expect(seen == [.sells, .prepares])
        }
    }

    @Test func `who gives up leaves no trace, and a place is never lost`() async {
        for _ in 0..<CallGate.places { #expect(await gate.enter(host, .sells, until: later()) == .entered) }
        let waiting = Task { await gate.enter(host, .sells, until: later()) }
        while gate.waiting(for: host) == 0 { await Task.yield() }
        waiting.cancel()
        #expect(await waiting.value == .canceled)
        #expect(gate.waiting(for: host) == 0)
        #expect(await gate.enter(host, .sells, until: later(.milliseconds(10))) == .crowded)
        for _ in 0..<CallGate.places { gate.leave(host, .sells) }
        for _ in 0..<CallGate.places { #expect(await gate.enter(host, .sells, until: later()) == .entered) }
    }

    @Test func `no more wait than can be borne`() async {
        for _ in 0..<CallGate.preparing { #expect(await gate.enter(host, .prepares, until: later()) == .entered) }
        await withTaskGroup(of: CallGate.Entry.self) { group in
            for _ in 0..<CallGate.mostWaiting { group.addTask { await gate.enter(host, .prepares, until: later()) } }
            while gate.waiting(for: host) < CallGate.mostWaiting { await Task.yield() }
            #expect(await gate.enter(host, .prepares, until: later()) == .crowded)
            group.cancelAll()
            for await entry in group { #expect(entry == .canceled) }
        }
        #expect(gate.waiting(for: host) == 0)
    }

    @Test func `each that enters leaves, whatever happens`() async {
        await withTaskGroup(of: Void.self) { group in
            for number in 0..<400 {
                group.addTask {
                    let urgency: Urgency = number.isMultiple(of: 3) ? .sells : .prepares
                    guard await gate.enter(host, urgency, until: later(.milliseconds(Int64(number % 50)))) == .entered else { return }
                    await Task.yield()
                    gate.leave(host, urgency)
                }
            }
        }
        #expect(gate.waiting(for: host) == 0)
        for _ in 0..<CallGate.places { #expect(await gate.enter(host, .sells, until: later()) == .entered) }
    }
}
