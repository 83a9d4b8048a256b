import GatewayModel

/// All readers, by the entries of the lists; with them who is who, and what stands on their screens.
struct ReaderShelf: Sendable {
    private var machines: [ReaderID: ReaderMachine] = [:]
    var identities = ReaderIdentities()
    var screens = Screens()

    subscript(id: ReaderID) -> ReaderMachine? {
        get { machines[id] }
        set { machines[id] = newValue }
        _modify { yield &machines[id] }
    }

    /// Feeds one event to a reader; nil: it is not there.
    mutating func change<Outcome>(_ id: ReaderID, _ event: (inout ReaderMachine) -> Outcome) -> Outcome? {
        guard let index = machines.index(forKey: id) else { return nil }
        return event(&machines.values[index])
    }

    var ids: [ReaderID] { machines.keys.sorted() }
    /// In no order.
    var values: Dictionary<ReaderID, ReaderMachine>.Values { machines.values }
    /// What is known of each, in the order of their ids.
    var facts: [Shared<ReaderFacts>] { ids.compactMap { machines[$0]?.sharedFacts } }
    /// With their ids, in no order.
    var all: [ReaderID: ReaderMachine] { machines }
}
