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
        for _ in 0..<(CallGate.places - CallGate.kept) { #expect(await gate.enter(host, .prepares, until: later()) == .entered) }
        #expect(await gate.enter(host, .prepares, until: later(.milliseconds(20))) == .crowded)
        for _ in 0..<CallGate.kept { #expect(await gate.enter(host, .sells, until: later()) == .entered) }
        #expect(await gate.enter(host, .sells, until: later(.milliseconds(20))) == .crowded)
        // Another host is nobody's concern here.
        #expect(await gate.enter("other.test:443", .prepares, until: later()) == .entered)
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
            // Two of six have ended before anything that prepares may go on.
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
        for _ in 0..<(CallGate.places - CallGate.kept) { #expect(await gate.enter(host, .prepares, until: later()) == .entered) }
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
