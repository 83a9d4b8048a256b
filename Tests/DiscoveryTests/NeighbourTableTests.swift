import GatewayModel
import Moments
import Synchronization
import Testing

@testable import Discovery

@Suite struct NeighbourTableTests {
    @Test func `who is there is told from who was asked for in vain`() throws {
        let bytes = [
            KernelWords.neighbour(2, "192.168.8.20", state: 0x02), KernelWords.neighbour(2, "192.168.8.21", state: 0x01),
            KernelWords.neighbour(3, "192.168.8.22", state: 0x80), KernelWords.neighbour(2, "192.168.8.23", state: 0x20),
            KernelWords.neighbour(2, "8.8.8.8", state: 0x02), KernelWords.neighbour(2, "192.168.8.24", state: 0x04),
            KernelWords.message(28, [10, 0, 0, 0] + KernelWords.bytes(Int32(2))), KernelWords.done,
        ].flatMap(\.self)
        let entries = NeighbourTable.parse(bytes)
        #expect(entries.map(\.address.text) == ["192.168.8.20", "192.168.8.21", "192.168.8.22", "192.168.8.23", "192.168.8.24"])
        #expect(entries.map(\.isThere) == [true, false, true, false, true])
        #expect(entries.map(\.interface) == [2, 2, 3, 2, 2])
    }

    @Test func `a table without end is looked at in part`() {
        let many = (0..<5_000).flatMap { KernelWords.neighbour(2, "10.0.\($0 / 250).\($0 % 250)", state: 2) }
        #expect(NeighbourTable.parse(many).count == NeighbourTable.limit)
    }

    @Test func `the size of the table is the kernel's, or its usual one where it does not say`() {
        #expect(NeighbourTable.size("/proc/there-is-no-such-file") == 1024)
        #expect(NeighbourTable.size("/proc/self/comm") == 1024, "no number")
        #expect(NeighbourTable.size() >= 16)
    }
}

/// No more than a quarter of the kernel's table is taken at any time.
@Suite struct NeighbourRoomTests {
    /// A kernel's table that a test fills and empties.
    private final class Table: Sendable {
        let entries = Mutex<Set<PrivateAddress>>([])
        let asked = Mutex(0)

        func room(_ size: Int, fails: Bool = false) -> NeighbourRoom {
            NeighbourRoom(size: size, stay: .seconds(600)) { () throws(LookTrouble) in
                self.asked.withLock { $0 += 1 }
                guard !fails else { throw LookTrouble(detail: "no table") }
                return self.entries.withLock { $0 }
            }
        }
    }

    private static func address(_ number: Int) throws -> PrivateAddress { try PrivateAddress("10.9.\(number / 250).\(number % 250 + 1)") }

    @Test func `a quarter is given at once, and the next when entries are gone`() async throws {
        let table = Table()
        let room = table.room(400)
        for number in 0..<100 {
            let address = try Self.address(number)
            try await room.enter(address)
            table.entries.withLock { _ = $0.insert(address) }
            await room.leave(address)
        }
        #expect(table.asked.withLock { $0 } == 0, "nobody asks for room that is there")
        let next = try Self.address(100)
        let waiting = Task { try await room.enter(next) }
        while table.asked.withLock({ $0 }) == 0 { await Task.yield() }
        #expect(await room.taken == 100)
        table.entries.withLock { $0 = [] }
        try await waiting.value
        #expect(await room.taken == 1)
    }

    @Test func `a look that is under way counts although the kernel has no entry for it yet`() async throws {
        let table = Table()
        let room = table.room(64)
        for number in 0..<16 { try await room.enter(try Self.address(number)) }
        let late = try Self.address(16)
        let waiting = Task { try await room.enter(late) }
        while table.asked.withLock({ $0 }) == 0 { await Task.yield() }
        #expect(await room.taken == 16)
        await room.leave(try Self.address(3))
        try await waiting.value
        #expect(await room.taken == 16)
    }

    @Test func `who waits for room can be called off`() async throws {
        let room = Table().room(64)
        for number in 0..<16 { try await room.enter(try Self.address(number)) }
        let late = try Self.address(16)
        let waiting = Task { try await room.enter(late) }
        waiting.cancel()
        await #expect(throws: CancellationError.self) { try await waiting.value }
        #expect(await room.taken == 16)
    }

    @Test func `where the table cannot be read, time stands for it`() async throws {
        let table = Table()
        let room = table.room(64, fails: true)
        for number in 0..<16 {
            try await room.enter(try Self.address(number))
            await room.leave(try Self.address(number))
        }
        let late = try Self.address(16)
        let waiting = Task { try await room.enter(late) }
        while table.asked.withLock({ $0 }) == 0 { await Task.yield() }
        #expect(await room.taken == 16, "what was begun a moment ago is believed to be there")
        waiting.cancel()
        await #expect(throws: CancellationError.self) { try await waiting.value }
    }
}
