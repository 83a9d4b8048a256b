/// A large value that is copied often. A copy is one reference, and the value itself is copied only when one of two that share it is
/// changed.
///
/// Nothing of that shows: it is a value like the one that it holds.
// It is Sendable because the storage changes only while this value alone refers to it (`isKnownUniquelyReferenced`), so that no other can
// be reading it.
struct Shared<Value: Sendable>: @unchecked Sendable {
    private var storage: Storage<Value>

    init(_ value: Value) { storage = Storage(value) }

    var value: Value {
        _read { yield storage.value }
        _modify {
            if !isKnownUniquelyReferenced(&storage) { storage = Storage(storage.value) }
            yield &storage.value
        }
    }

    /// Reads the value where it is. To hand `value` to a function may copy it first; this never does.
    @inline(__always) func read<Outcome>(_ read: (Value) -> Outcome) -> Outcome { storage.read(read) }

    /// Whether both hold the very same value. Then they are equal, and nothing has to be compared for that.
    func isSame(as other: Shared) -> Bool { storage === other.storage }
}

/// The place of a shared value. It treats the value as one that cannot be copied, and so never copies it.
private final class Storage<Value: ~Copyable> {
    // What is said of `Shared` proves who may change it. A check at every access as well would cost a tenth of what is saved.
    @exclusivity(unchecked) var value: Value

    init(_ value: consuming Value) { self.value = value }

    @inline(__always) func read<Outcome>(_ read: (borrowing Value) -> Outcome) -> Outcome { read(value) }
}
