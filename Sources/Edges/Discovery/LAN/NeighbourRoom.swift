internal import GatewayModel
import Moments

/// Keeps the kernel's neighbour table from filling up. Every address that the box connects to gets an entry there, and an address without a
/// device keeps that entry until the kernel sweeps it out. When the table is full the box reaches no new address, its backend included.
///
/// The checks take a quarter of the table at the most. Beyond that they wait until entries are gone.
actor NeighbourRoom {
    /// The kernel does not report when an entry goes. It sweeps every quarter of a minute.
    static let pause = Duration.milliseconds(250)
    /// How long an entry is assumed to stay where the table cannot be read: some seconds of asking, then until the next sweep.
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
    ///   - size: the number of entries that the kernel's table holds.
    ///   - unanswered: the addresses that have an entry in it and have not answered.
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

    /// How many entries may be there because of this box's checks.
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

    /// Notes that the check of an address is over. Only its entry is left.
    func leave(_ address: PrivateAddress) { visits[address]?.isOver = true }

    private func makeRoom() {
        let now = ContinuousClock.now
        // Many checks wait at once, and one read of the table is enough for all of them.
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
