/// A large value that is copied often. A copy is one reference, and the value itself is copied only when one of two that share it is
/// changed.
///
/// Nothing of that shows: it is a value like the one that it holds.
// It is Sendable because the storage changes only while this value alone refers to it (`isKnownUniquelyReferenced`), so that no other can
// be reading it.
struct Shared<Value: Sendable>: @unchecked Sendable {
    private final class Storage {
        // The comment above proves who may change it. A check at every access as well would cost a tenth of what is saved.
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

    /// Whether both hold the very same value. Then they are equal, and nothing has to be compared for that.
    func isSame(as other: Shared) -> Bool { storage === other.storage }
}
