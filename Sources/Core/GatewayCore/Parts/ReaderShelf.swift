import GatewayModel
import Moments

/// All readers, by the entries of the lists, with their identities and what stands on their screens.
struct ReaderShelf: Sendable {
    private var machines = SortedParts<ReaderID, ReaderMachine>()
    var identities = ReaderIdentities()
    var screens = Screens()

    subscript(id: ReaderID) -> ReaderMachine? {
        get { machines[id] }
        set { machines[id] = newValue }
    }

    /// When the first reader needs a tick.
    var nextWake: MonoTime { machines.nextWake }

    func isDue(_ id: ReaderID, at now: MonoTime) -> Bool { machines.isDue(id, at: now) }

    /// Reads a reader where it stands; nil when it is not there.
    @inline(__always) func read<Outcome>(_ id: ReaderID, _ read: (ReaderMachine) -> Outcome) -> Outcome? { machines.read(id, read) }

    /// Feeds one event to a reader; nil when it is not there.
    @discardableResult mutating func change<Outcome>(_ id: ReaderID, _ event: (inout ReaderMachine) -> Outcome) -> Outcome? {
        machines.change(id, event)
    }

    mutating func editFacts(of id: ReaderID, _ edit: (inout ReaderFacts) -> Void) { machines.change(id) { $0.editFacts(edit) } }

    /// The readers' ids, in order.
    var ids: [ReaderID] { machines.keys }
    /// The readers, in the order of their ids.
    var values: SortedParts<ReaderID, ReaderMachine>.Values { machines.values }
    /// What is known of each reader, in the order of their ids.
    var facts: [Shared<ReaderFacts>] { machines.values.map { $0.sharedFacts } }
}
