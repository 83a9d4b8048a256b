/// A large value that is copied often: a copy is one reference, and the value itself is copied only when one of two that share it is changed.
///
/// Nothing of that shows: it is a value like the one that it holds.
// Sendable: the storage is changed only while this value alone refers to it (`isKnownUniquelyReferenced`), so that nobody else can be reading it.
struct Shared<Value: Sendable>: @unchecked Sendable {
    private final class Storage {
        // Who may change it is proved above; to have it checked at every access as well costs a tenth of what is saved.
        @exclusivity(unchecked) var value: Value
        init(_ value: Value) { self.value = value }
    }

    private var storage: Storage

    init(_ value: Value) { storage = Storage(value) }

    var value: Value {
        _read { yield storage.value }
        _modify {
            if !isKnownUniquelyReferenced(&storage) { storage = Storage(storage.value) }
            yield &storage.value
        }
    }

    /// Both hold the very same: they are equal, and nothing had to be compared for that.
    func isSame(as other: Shared) -> Bool { storage === other.storage }
}
