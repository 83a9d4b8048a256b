/// The events that are still to happen, in the order of their time, then of their planning.
struct Agenda<Item: Sendable>: Sendable {
    /// The items stay where they are. Only these small entries move.
    private struct Entry: Sendable {
        var at: Int64
        var number: UInt32
        var slot: Int32
    }

    private var heap: [Entry] = []
    private var items: [Item?] = []
    private var free: [Int32] = []
    private var planned: UInt32 = 0

    mutating func add(_ item: Item, at: Int64) {
        planned += 1
        let slot: Int32
        if let reused = free.popLast() {
            slot = reused
            items[Int(reused)] = item
        } else {
            slot = Int32(items.count)
            items.append(item)
        }
        let entry = Entry(at: at, number: planned, slot: slot)
        heap.append(entry)
        var place = heap.count - 1
        while place > 0 {
            let parent = (place - 1) / 2
            guard Self.isBefore(entry, heap[parent]) else { break }
            heap[place] = heap[parent]
            place = parent
        }
        heap[place] = entry
    }

    mutating func next() -> (at: Int64, item: Item)? {
        guard let first = heap.first, let last = heap.popLast() else { return nil }
        if !heap.isEmpty { sink(last) }
        free.append(first.slot)
        guard let item = items[Int(first.slot)].take() else { return nil }
        return (first.at, item)
    }

    /// Puts an entry where the first one was, and lets it sink to its place.
    private mutating func sink(_ entry: Entry) {
        var place = 0
        while true {
            var child = 2 * place + 1
            guard child < heap.count else { break }
            if child + 1 < heap.count, Self.isBefore(heap[child + 1], heap[child]) { child += 1 }
            guard Self.isBefore(heap[child], entry) else { break }
            heap[place] = heap[child]
            place = child
        }
        heap[place] = entry
    }

    private static func isBefore(_ left: Entry, _ right: Entry) -> Bool {
        left.at != right.at ? left.at < right.at : left.number < right.number
    }
}
