import Moments

/// A part that needs a tick when its time has come.
protocol Waking: Sendable {
    /// When it next needs a tick; nil when it waits for no time. Nothing but the part itself changes the answer.
    var nextWake: MonoTime? { get }
}

/// A dictionary of large parts. Whoever looks at one, or loops over all, reads them where they are, and a copy of the dictionary copies
/// none of them. It knows when each needs a tick, because that is asked far more often than a part changes.
///
/// Nothing of that shows, as with `Shared`: it is a dictionary like any other.
struct SharedDictionary<Key: Hashable & Comparable & Sendable, Value: Waking>: Sendable {
    fileprivate struct Entry: Sendable {
        var shared: Shared<Value>
        var wake: MonoTime?

        init(_ value: Value) {
            self.shared = Shared(value)
            self.wake = value.nextWake
        }
    }

    private var entries: [Key: Entry] = [:]
    /// The keys in order. They change far more seldom than they are gone through.
    private(set) var keys: [Key] = []

    subscript(key: Key) -> Value? {
        get { entries[key]?.shared.value }
        set {
            switch (newValue, has(key)) {
            case (let value?, let isKnown):
                entries[key] = Entry(value)
                if !isKnown { keys.insert(key, at: (keys.lastIndex { $0 < key }.map { $0 + 1 }) ?? 0) }
            case (nil, true):
                entries[key] = nil
                keys.removeAll { $0 == key }
            case (nil, false): break
            }
        }
    }

    func has(_ key: Key) -> Bool { entries[key] != nil }

    /// Reads a value where it is; nil when there is none.
    @inline(__always) func read<Outcome>(_ key: Key, _ read: (Value) -> Outcome) -> Outcome? { entries[key].map { $0.shared.read(read) } }

    /// Changes a value where it is, which a change by the subscript does not; nil when there is none.
    @discardableResult mutating func change<Outcome>(_ key: Key, _ event: (inout Value) -> Outcome) -> Outcome? {
        guard let index = entries.index(forKey: key) else { return nil }
        let outcome = event(&entries.values[index].shared.value)
        entries.values[index].wake = entries.values[index].shared.read { $0.nextWake }
        return outcome
    }

    var count: Int { entries.count }
    var isEmpty: Bool { entries.isEmpty }
    /// The values, in no order.
    var values: Values { Values(entries: entries.values) }

    // MARK: Ticks

    /// When the first of them needs a tick.
    var nextWake: MonoTime {
        var earliest = MonoTime.max
        for entry in entries.values { if let wake = entry.wake, wake < earliest { earliest = wake } }
        return earliest
    }

    func isDue(_ key: Key, at now: MonoTime) -> Bool { entries[key]?.wake.map { now >= $0 } ?? false }
}

extension SharedDictionary {
    /// The values, in no order. What asks all of them something asks each where it is.
    struct Values: Sequence {
        fileprivate let entries: Dictionary<Key, Entry>.Values

        struct Iterator: IteratorProtocol {
            fileprivate var entries: Dictionary<Key, Entry>.Values.Iterator

            mutating func next() -> Value? { entries.next()?.shared.value }
        }

        func makeIterator() -> Iterator { Iterator(entries: entries.makeIterator()) }

        // These are inlined so that a question that a large machine asks of its parts does not copy the machine.

        /// The answer of the first value that gives one.
        @inline(__always) func firstAnswer<Answer>(_ answer: (Value) -> Answer?) -> Answer? {
            for entry in entries { if let given = entry.shared.read(answer) { return given } }
            return nil
        }

        /// The earliest of the moments that the values name.
        @inline(__always) func earliest(_ moment: (Value) -> MonoTime?) -> MonoTime {
            var earliest = MonoTime.max
            for entry in entries { if let next = entry.shared.read(moment), next < earliest { earliest = next } }
            return earliest
        }

        @inline(__always) func contains(where isIt: (Value) -> Bool) -> Bool { entries.contains { $0.shared.read(isIt) } }
        @inline(__always) func allSatisfy(_ isSo: (Value) -> Bool) -> Bool { entries.allSatisfy { $0.shared.read(isSo) } }
        @inline(__always) func count(where isIt: (Value) -> Bool) -> Int { entries.count { $0.shared.read(isIt) } }
        @inline(__always) func map<Part>(_ part: (Value) -> Part) -> [Part] { entries.map { $0.shared.read(part) } }
        @inline(__always) func compactMap<Part>(_ part: (Value) -> Part?) -> [Part] { entries.compactMap { $0.shared.read(part) } }
        @inline(__always) func filter(_ isIt: (Value) -> Bool) -> [Value] {
            entries.compactMap { $0.shared.read(isIt) ? $0.shared.value : nil }
        }
    }
}
