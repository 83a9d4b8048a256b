import Moments

/// A dictionary of large values. Whoever looks at one, or loops over all, reads them where they are, and a copy of the dictionary copies
/// none of them.
///
/// Nothing of that shows, as with `Shared`: it is a dictionary like any other.
struct SharedDictionary<Key: Hashable & Comparable & Sendable, Value: Sendable>: Sendable {
    private var boxes: [Key: Shared<Value>] = [:]
    /// The keys in order. They change far more seldom than they are gone through.
    private(set) var keys: [Key] = []

    subscript(key: Key) -> Value? {
        get { boxes[key]?.value }
        set {
            switch (newValue, has(key)) {
            case (let value?, let isKnown):
                boxes[key] = Shared(value)
                if !isKnown { keys.insert(key, at: (keys.lastIndex { $0 < key }.map { $0 + 1 }) ?? 0) }
            case (nil, true):
                boxes[key] = nil
                keys.removeAll { $0 == key }
            case (nil, false): break
            }
        }
    }

    func has(_ key: Key) -> Bool { boxes[key] != nil }

    /// Reads a value where it is; nil when there is none.
    @inline(__always) func read<Outcome>(_ key: Key, _ read: (Value) -> Outcome) -> Outcome? { boxes[key].map { $0.read(read) } }

    /// Changes a value where it is, which a change by the subscript does not; nil when there is none.
    @discardableResult mutating func change<Outcome>(_ key: Key, _ event: (inout Value) -> Outcome) -> Outcome? {
        guard let index = boxes.index(forKey: key) else { return nil }
        return event(&boxes.values[index].value)
    }

    var count: Int { boxes.count }
    var isEmpty: Bool { boxes.isEmpty }
    /// The values, in no order.
    var values: Values { Values(boxes: boxes.values) }
}

extension SharedDictionary {
    /// The values, in no order. What asks all of them something asks each where it is.
    struct Values: Sequence {
        fileprivate let boxes: Dictionary<Key, Shared<Value>>.Values

        struct Iterator: IteratorProtocol {
            fileprivate var boxes: Dictionary<Key, Shared<Value>>.Values.Iterator

            mutating func next() -> Value? { boxes.next()?.value }
        }

        func makeIterator() -> Iterator { Iterator(boxes: boxes.makeIterator()) }

        // These are inlined so that a question that a large machine asks of its parts does not copy the machine.

        /// The answer of the first value that gives one.
        @inline(__always) func firstAnswer<Answer>(_ answer: (Value) -> Answer?) -> Answer? {
            for box in boxes { if let given = box.read(answer) { return given } }
            return nil
        }

        /// The earliest of the moments that the values name.
        @inline(__always) func earliest(_ moment: (Value) -> MonoTime?) -> MonoTime {
            var earliest = MonoTime.max
            for box in boxes { if let next = box.read(moment), next < earliest { earliest = next } }
            return earliest
        }

        @inline(__always) func contains(where isIt: (Value) -> Bool) -> Bool { boxes.contains { $0.read(isIt) } }
        @inline(__always) func allSatisfy(_ isSo: (Value) -> Bool) -> Bool { boxes.allSatisfy { $0.read(isSo) } }
        @inline(__always) func count(where isIt: (Value) -> Bool) -> Int { boxes.count { $0.read(isIt) } }
        @inline(__always) func map<Part>(_ part: (Value) -> Part) -> [Part] { boxes.map { $0.read(part) } }
        @inline(__always) func compactMap<Part>(_ part: (Value) -> Part?) -> [Part] { boxes.compactMap { $0.read(part) } }
        @inline(__always) func filter(_ isIt: (Value) -> Bool) -> [Value] { boxes.compactMap { $0.read(isIt) ? $0.value : nil } }
    }
}
