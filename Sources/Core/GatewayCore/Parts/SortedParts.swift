import Moments

/// A part that needs a tick when its time has come.
protocol Waking: Sendable {
    /// When it next needs a tick; nil when it waits for no time. Nothing but the part itself changes the answer.
    var nextWake: MonoTime? { get }
}

/// Large parts in the order of their keys. Whoever looks at one, or loops over all, reads them where they are, and a copy of the whole
/// copies none of them. It knows when each needs a tick, because that is asked far more often than a part changes.
///
/// Nothing of that shows: it is a dictionary in order.
struct SortedParts<Key: Comparable & Sendable, Part: Waking>: Sendable {
    fileprivate struct Entry: Sendable {
        let key: Key
        var shared: Shared<Part>
        var wake: MonoTime?

        init(_ key: Key, _ part: Part) {
            self.key = key
            self.shared = Shared(part)
            self.wake = part.nextWake
        }

        func isDue(at now: MonoTime) -> Bool { wake.map { now >= $0 } ?? false }
    }

    /// There are so few of most kinds that a search among them takes less time than a hash of the key.
    private var entries: [Entry] = []

    subscript(key: Key) -> Part? {
        get { index(key).map { entries[$0].shared.value } }
        set {
            let place = place(key)
            let isThere = place < entries.count && entries[place].key == key
            switch (newValue, isThere) {
            case (let part?, true): entries[place] = Entry(key, part)
            case (let part?, false): entries.insert(Entry(key, part), at: place)
            case (nil, true): entries.remove(at: place)
            case (nil, false): break
            }
        }
    }

    func has(_ key: Key) -> Bool { index(key) != nil }

    /// Reads a part where it is; nil when there is none.
    @inline(__always) func read<Outcome>(_ key: Key, _ read: (Part) -> Outcome) -> Outcome? {
        guard let index = index(key) else { return nil }
        return entries[index].shared.read(read)
    }

    /// Changes a part where it is, which a change by the subscript does not; nil when there is none.
    @discardableResult mutating func change<Outcome>(_ key: Key, _ event: (inout Part) -> Outcome) -> Outcome? {
        guard let index = index(key) else { return nil }
        let outcome = event(&entries[index].shared.value)
        entries[index].wake = entries[index].shared.read { $0.nextWake }
        return outcome
    }

    var count: Int { entries.count }
    var isEmpty: Bool { entries.isEmpty }
    var keys: [Key] { entries.map(\.key) }
    /// The parts, in the order of their keys.
    var values: Values { Values(entries: entries) }

    // MARK: Ticks

    /// When the first of them needs a tick.
    var nextWake: MonoTime {
        var earliest = MonoTime.max
        for entry in entries { if let wake = entry.wake, wake < earliest { earliest = wake } }
        return earliest
    }

    func isDue(_ key: Key, at now: MonoTime) -> Bool { index(key).map { entries[$0].isDue(at: now) } ?? false }

    // MARK: Places

    private func index(_ key: Key) -> Int? {
        let place = place(key)
        return place < entries.count && entries[place].key == key ? place : nil
    }

    /// The place of the first entry whose key is not before this one.
    private func place(_ key: Key) -> Int {
        var (low, high) = (0, entries.count)
        while low < high {
            let middle = (low + high) / 2
            if entries[middle].key < key { low = middle + 1 } else { high = middle }
        }
        return low
    }
}

extension SortedParts {
    /// The parts. What asks all of them something asks each where it is.
    struct Values: Sequence {
        fileprivate let entries: [Entry]

        struct Iterator: IteratorProtocol {
            fileprivate var entries: IndexingIterator<[Entry]>

            mutating func next() -> Part? { entries.next()?.shared.value }
        }

        func makeIterator() -> Iterator { Iterator(entries: entries.makeIterator()) }

        // These are inlined so that a question that a large machine asks of its parts does not copy the machine.

        /// The answer of the first part that gives one.
        @inline(__always) func firstAnswer<Word>(_ answer: (Part) -> Word?) -> Word? {
            for entry in entries { if let given = entry.shared.read(answer) { return given } }
            return nil
        }

        /// The earliest of the moments that the parts name.
        @inline(__always) func earliest(_ moment: (Part) -> MonoTime?) -> MonoTime {
            var earliest = MonoTime.max
            for entry in entries { if let next = entry.shared.read(moment), next < earliest { earliest = next } }
            return earliest
        }

        @inline(__always) func contains(where isIt: (Part) -> Bool) -> Bool { entries.contains { $0.shared.read(isIt) } }
        @inline(__always) func allSatisfy(_ isSo: (Part) -> Bool) -> Bool { entries.allSatisfy { $0.shared.read(isSo) } }
        @inline(__always) func count(where isIt: (Part) -> Bool) -> Int { entries.count { $0.shared.read(isIt) } }
        @inline(__always) func map<Word>(_ word: (Part) -> Word) -> [Word] { entries.map { $0.shared.read(word) } }
        @inline(__always) func compactMap<Word>(_ word: (Part) -> Word?) -> [Word] { entries.compactMap { $0.shared.read(word) } }
        @inline(__always) func filter(_ isIt: (Part) -> Bool) -> [Part] {
            entries.compactMap { $0.shared.read(isIt) ? $0.shared.value : nil }
        }
    }
}
