import GatewayModel

/// All readers, by the entries of the lists, with their identities and what stands on their screens.
struct ReaderShelf: Sendable {
    private var machines: [ReaderID: ReaderMachine] = [:]
    var identities = ReaderIdentities()
    var screens = Screens()

    subscript(id: ReaderID) -> ReaderMachine? {
        get { machines[id] }
        set { machines[id] = newValue }
        _modify { yield &machines[id] }
    }

    /// Feeds one event to a reader; nil when it is not there.
    mutating func change<Outcome>(_ id: ReaderID, _ event: (inout ReaderMachine) -> Outcome) -> Outcome? {
        guard let index = machines.index(forKey: id) else { return nil }
        return event(&machines.values[index])
    }

    var ids: [ReaderID] { machines.keys.sorted() }
    /// The readers, in no order.
    var values: Dictionary<ReaderID, ReaderMachine>.Values { machines.values }
    /// What is known of each reader, in the order of their ids.
    var facts: [Shared<ReaderFacts>] { ids.compactMap { machines[$0]?.sharedFacts } }
    /// The readers with their ids, in no order.
    var all: [ReaderID: ReaderMachine] { machines }
}
