import GatewayModel
import Moments

/// What was asked for and is not on disk yet: reserved, appended, then committed or given back.
///
/// Nothing is answered before it is on disk, and what was promised to one (a cart, a place at a reader) is not promised to another meanwhile. Where
/// the disk does not answer in time, those who wait are refused, and what was reserved stays so until the fate of its row is known: a row that
/// lands after all must not come beside one that runs.
struct Acceptance<ID: Hashable & Comparable & Sendable, Reserved: Sendable>: Sendable {
    /// Somebody who waits for the answer.
    struct Asker: Sendable, Equatable {
        var request: RequestID
        /// The first one: its answer says that it began.
        var created: Bool
    }

    /// Those who wait for what becomes of one id.
    struct Waiting: Sendable, Equatable {
        var askers: [Asker]
        /// Requests to cancel it.
        var cancels: [RequestID]

        static var nobody: Waiting { Waiting(askers: [], cancels: []) }
    }

    /// What became of one that is on disk.
    enum Landing: Sendable {
        /// In time: it begins.
        case inTime(Reserved, Waiting)
        /// After its refusal: it must not run, and its row is to be ended.
        case late(Reserved)
    }

    private enum State: Sendable {
        /// Its row is on the way. Leaves by `commit` or `giveBack`; to `refused` when that takes too long.
        case writing(Waiting)
        /// Everybody was told that nothing begins, and whether the row is on disk is not known. Leaves by `commit` or `giveBack`.
        case refused
    }

    private var entries: [ID: (reserved: Reserved, state: State)] = [:]

    var isEmpty: Bool { entries.isEmpty }
    var ids: [ID] { entries.keys.sorted() }

    /// What is reserved for an id, refused or not.
    func reserved(_ id: ID) -> Reserved? { entries[id]?.reserved }

    /// The first id, in order, whose reservation is of this kind.
    func first(where isMeant: (Reserved) -> Bool) -> ID? {
        entries.filter { isMeant($0.value.reserved) }.keys.min()
    }

    func count(where isMeant: (Reserved) -> Bool) -> Int { entries.values.count { isMeant($0.reserved) } }

    /// It was refused, and whether its row is on disk is not known.
    func isRefused(_ id: ID) -> Bool {
        if case .refused? = entries[id]?.state { return true }
        return false
    }

    /// Its row is about to be appended. False: the id is reserved already.
    mutating func reserve(_ id: ID, _ reserved: Reserved, for request: RequestID) -> Bool {
        guard entries[id] == nil else { return false }
        entries[id] = (reserved, .writing(Waiting(askers: [Asker(request: request, created: true)], cancels: [])))
        return true
    }

    /// The same request came again: it waits with the first. False: nothing waits under this id.
    mutating func join(_ id: ID, _ request: RequestID) -> Bool {
        change(id) { $0.askers.append(Asker(request: request, created: false)) }
    }

    /// It is to be canceled as soon as it is on disk. False: nothing waits under this id.
    mutating func cancel(_ id: ID, _ request: RequestID) -> Bool {
        change(id) { $0.cancels.append(request) }
    }

    /// The row is on disk.
    mutating func commit(_ id: ID) -> Landing? {
        guard let entry = entries.removeValue(forKey: id) else { return nil }
        return switch entry.state {
        case .writing(let waiting): .inTime(entry.reserved, waiting)
        case .refused: .late(entry.reserved)
        }
    }

    /// The row is not on disk, and never will be: what was reserved is free, and those who wait are to be told.
    mutating func giveBack(_ id: ID) -> Waiting {
        guard case .writing(let waiting)? = entries.removeValue(forKey: id)?.state else { return .nobody }
        return waiting
    }

    /// The disk takes too long: those who wait are to be told that nothing begins. What was reserved stays so.
    mutating func refuse(_ id: ID) -> Waiting {
        guard case .writing(let waiting)? = entries[id]?.state else { return .nobody }
        entries[id]?.state = .refused
        return waiting
    }

    /// Who asked has gone; what was reserved goes its way.
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
