internal import GatewayModel
import Moments

/// Keeps the kernel's neighbour table from filling up: whoever is connected to gets an entry there, and an address without anybody behind it keeps
/// that entry until the kernel sweeps it out. When the table is full the box reaches nobody new, its backend included.
///
/// A quarter of the table is taken at the most. Beyond that it is waited until entries are gone.
actor NeighbourRoom {
    /// The kernel tells nobody who only looks when an entry goes; it sweeps every quarter of a minute.
    static let pause = Duration.milliseconds(250)
    /// How long an entry is believed to stay where the table cannot be read: some seconds of asking, then until the next sweep.
    static let usualStay = Duration.seconds(20)
    static let least = 16

    private struct Visit {
        var begun: ContinuousClock.Instant
        var isOver = false
    }

    private let limit: Int
    private let stay: Duration
    private let unanswered: @Sendable () throws(LookTrouble) -> Set<PrivateAddress>
    private var visits: [PrivateAddress: Visit] = [:]
    private var looked: ContinuousClock.Instant?

    /// - Parameters:
    ///   - size: of the kernel's table.
    ///   - unanswered: who has an entry in it without having answered.
    init(
        size: Int = NeighbourTable.size(), stay: Duration = usualStay,
        unanswered: @escaping @Sendable () throws(LookTrouble) -> Set<PrivateAddress> = { () throws(LookTrouble) in
            try NeighbourTable.unanswered()
        }
    ) {
        limit = max(Self.least, size / 4)
        self.stay = stay
        self.unanswered = unanswered
    }

    /// How many entries may be there because of this box's looks.
    var taken: Int { visits.count }

    /// Returns when there is room for another entry, and takes it.
    ///
    /// - Throws: when the task is cancelled.
    func enter(_ address: PrivateAddress) async throws {
        while visits[address] == nil, visits.count >= limit {
            makeRoom()
            if visits.count >= limit { try await Task.sleep(for: Self.pause) }
        }
        visits[address] = Visit(begun: .now)
    }

    /// The look is over: what is left of it is the entry.
    func leave(_ address: PrivateAddress) { visits[address]?.isOver = true }

    private func makeRoom() {
        let now = ContinuousClock.now
        // Many wait at once, and one look at the table is enough for all of them.
        if let looked, now - looked < Self.pause { return }
        looked = now
        do throws(LookTrouble) {
            let there = try unanswered()
            visits = visits.filter { !$0.value.isOver || there.contains($0.key) }
        } catch {
            visits = visits.filter { !$0.value.isOver || now - $0.value.begun < stay }
        }
    }
}
