import GatewayModel
import Moments

/// The requests that are not on disk yet. They are reserved, appended, then committed or given back.
///
/// Nothing is answered before it is on disk, and what was promised to one (a cart, a place at a reader) is not promised to another
/// meanwhile. Where the disk does not answer in time, those who wait are refused. What was reserved stays so until the fate of its row is
/// known, because a row that lands after all must not come beside one that runs.
struct Acceptance<ID: Hashable & Comparable & Sendable, Reserved: Sendable>: Sendable {
    /// A caller that waits for the answer.
    struct Asker: Sendable, Equatable {
        var request: RequestID
        /// Whether this is the first caller, whose answer says that the attempt began.
        var created: Bool
    }

    /// The callers that wait for what becomes of one id.
    struct Waiting: Sendable, Equatable {
        var askers: [Asker]
        /// The requests to cancel it.
        var cancels: [RequestID]

        static var nobody: Waiting { Waiting(askers: [], cancels: []) }
    }

    /// The state of an id whose row is on disk.
    enum Landing: Sendable {
        /// The row came in time, so the attempt begins.
        case inTime(Reserved, Waiting)
        /// The row came after its refusal. It must not run, and its row has to be ended.
        case late(Reserved)
    }

    private enum State: Sendable {
        /// The row is on the way. It leaves by `commit` or `giveBack`, and goes to `refused` when that takes too long.
        case writing(Waiting)
        /// Every caller was told that nothing begins. It is not known whether the row is on disk. It leaves by `commit` or `giveBack`.
        case refused
    }

    private var entries: [ID: (reserved: Reserved, state: State)] = [:]

    var isEmpty: Bool { entries.isEmpty }
    var ids: [ID] { entries.keys.sorted() }

    /// The reservation of an id, refused or not.
    func reserved(_ id: ID) -> Reserved? { entries[id]?.reserved }

    /// The first id, in order, whose reservation is of this kind.
    func first(where isMeant: (Reserved) -> Bool) -> ID? {
        entries.filter { isMeant($0.value.reserved) }.keys.min()
    }

    func count(where isMeant: (Reserved) -> Bool) -> Int { entries.values.count { isMeant($0.reserved) } }

    /// Reserves an id whose row is about to be appended. Returns false when the id is reserved already.
    mutating func reserve(_ id: ID, _ reserved: Reserved, for request: RequestID) -> Bool {
        guard entries[id] == nil else { return false }
        entries[id] = (reserved, .writing(Waiting(askers: [Asker(request: request, created: true)], cancels: [])))
        return true
    }

    /// Lets a repeated request wait with the first. Returns false when nothing waits under this id.
    mutating func join(_ id: ID, _ request: RequestID) -> Bool {
        change(id) { $0.askers.append(Asker(request: request, created: false)) }
    }

    /// Notes that the attempt has to be canceled as soon as it is on disk. Returns false when nothing waits under this id.
    mutating func cancel(_ id: ID, _ request: RequestID) -> Bool {
        change(id) { $0.cancels.append(request) }
    }

    /// Ends the reservation of a row that is on disk.
    mutating func commit(_ id: ID) -> Landing? {
        guard let entry = entries.removeValue(forKey: id) else { return nil }
        return switch entry.state {
        case .writing(let waiting): .inTime(entry.reserved, waiting)
        case .refused: .late(entry.reserved)
        }
    }

    /// Ends the reservation of a row that is not on disk and never will be. Returns the callers that have to be told.
    mutating func giveBack(_ id: ID) -> Waiting {
        guard case .writing(let waiting)? = entries.removeValue(forKey: id)?.state else { return .nobody }
        return waiting
    }

    /// Refuses a row for which the disk takes too long. Returns the callers that have to be told that nothing begins. The reservation
    /// stays.
    mutating func refuse(_ id: ID) -> Waiting {
        guard case .writing(let waiting)? = entries[id]?.state else { return .nobody }
        entries[id]?.state = .refused
        return waiting
    }

    /// Forgets a request whose caller has gone. The reservation goes its way.
    mutating func forget(_ request: RequestID) {
        for id in entries.keys {
            _ = change(id) { waiting in
                waiting.askers.removeAll { $0.request == request }
                waiting.cancels.removeAll { $0 == request }
            }
        }
    }

    private mutating func change(_ id: ID, _ edit: (inout Waiting) -> Void) -> Bool {
        guard case .writing(var waiting)? = entries[id]?.state else { return false }
        edit(&waiting)
        entries[id]?.state = .writing(waiting)
        return true
    }
}
