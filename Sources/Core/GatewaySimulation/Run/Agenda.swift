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
        heap.append(Entry(at: at, number: planned, slot: slot))
        var child = heap.count - 1
        while child > 0 {
            let parent = (child - 1) / 2
            guard Self.isBefore(heap[child], heap[parent]) else { break }
            heap.swapAt(child, parent)
            child = parent
        }
    }

    mutating func next() -> (at: Int64, item: Item)? {
        guard let first = heap.first, let last = heap.popLast() else { return nil }
        if !heap.isEmpty {
            heap[0] = last
            sink()
        }
        free.append(first.slot)
        guard let item = items[Int(first.slot)].take() else { return nil }
        return (first.at, item)
    }

    private mutating func sink() {
        var parent = 0
        while true {
            var least = parent
            if 2 * parent + 1 < heap.count, Self.isBefore(heap[2 * parent + 1], heap[least]) { least = 2 * parent + 1 }
            if 2 * parent + 2 < heap.count, Self.isBefore(heap[2 * parent + 2], heap[least]) { least = 2 * parent + 2 }
            if least == parent { return }
            heap.swapAt(parent, least)
            parent = least
        }
    }

    private static func isBefore(_ left: Entry, _ right: Entry) -> Bool {
        left.at != right.at ? left.at < right.at : left.number < right.number
    }
}
