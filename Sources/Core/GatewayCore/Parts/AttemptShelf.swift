import GatewayModel
import Moments

/// A machine for an attempt that is journaled from its acceptance to its end.
protocol Attempt: Waking {
    associatedtype ID: Hashable & Comparable & Sendable
    associatedtype Record: Sendable

    var id: ID { get }
    var record: Record { get }
    var isEnded: Bool { get }
}

/// The payments, or card set-ups, on their way: accepted and not on disk, open, or ended and not on disk. It also knows who waits for an
/// end to get there.
struct AttemptShelf<Machine: Attempt>: Sendable {
    private var machines = SortedParts<Machine.ID, Machine>()
    /// The attempts that have ended and whose end is not on disk yet.
    private var ended: [Machine.ID: Machine.Record] = [:]
    /// The requests that are told of an end once it is on disk, or is known not to get there for now.
    private var waiting: [Machine.ID: [RequestID]] = [:]
    /// The attempts that the rules have accepted and that are not on disk yet.
    var acceptance = Acceptance<Machine.ID, Machine.Record>()

    // MARK: Open

    subscript(id: Machine.ID) -> Machine? {
        get { machines[id] }
        set { machines[id] = newValue }
    }

    /// The open attempts, in the order of their ids.
    var values: SortedParts<Machine.ID, Machine>.Values { machines.values }
    /// The ids of the open attempts, in order.
    var ids: [Machine.ID] { machines.keys }
    var isEmpty: Bool { machines.isEmpty }

    /// The record of an attempt that is open, or ended and not on disk; nil when the journal knows best.
    func record(_ id: Machine.ID) -> Machine.Record? { machines[id]?.record ?? ended[id] }

    /// When the first open attempt needs a tick.
    var nextWake: MonoTime { machines.nextWake }

    func isDue(_ id: Machine.ID, at now: MonoTime) -> Bool { machines.isDue(id, at: now) }

    func isOpen(_ id: Machine.ID) -> Bool { machines.has(id) }

    /// Reads an open attempt where it stands; nil when it is not open.
    @inline(__always) func read<Outcome>(_ id: Machine.ID, _ read: (Machine) -> Outcome) -> Outcome? { machines.read(id, read) }

    /// Feeds one event to an open attempt; nil when it is not open.
    @discardableResult mutating func change<Outcome>(_ id: Machine.ID, _ event: (inout Machine) -> Outcome) -> Outcome? {
        machines.change(id, event)
    }

    // MARK: Ended

    /// Notes that an attempt is over. Its end is on its way to the disk.
    mutating func end(_ id: Machine.ID, _ record: Machine.Record) {
        ended[id] = record
        machines[id] = nil
    }

    /// Notes that the end is on disk.
    mutating func isWritten(_ id: Machine.ID) { ended[id] = nil }

    func ended(_ id: Machine.ID) -> Machine.Record? { ended[id] }

    /// Changes what is shown of an attempt that has ended and is not on disk.
    mutating func editEnded(_ id: Machine.ID, _ edit: (inout Machine.Record) -> Void) {
        guard var record = ended[id] else { return }
        edit(&record)
        ended[id] = record
    }

    /// Whether its end is on its way to the disk.
    func isEnding(_ id: Machine.ID) -> Bool { machines[id]?.isEnded ?? (ended[id] != nil) }

    mutating func waitForEnd(of id: Machine.ID, _ request: RequestID) { waiting[id] = (waiting[id] ?? []) + [request] }

    /// Takes the requests that wait for an end, which can be shown now.
    mutating func takeWaiting(_ id: Machine.ID) -> [RequestID] { waiting.removeValue(forKey: id) ?? [] }

    // MARK: What is known

    var endedCount: Int { ended.count }
    var waitingCount: Int { waiting.count }
    /// An attempt whose end is awaited but does not come; nil when there is none.
    var awaitedInVain: Machine.ID? { waiting.keys.first { ended[$0] == nil } }
}
