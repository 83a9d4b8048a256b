/// Finds what was probably meant by a name that is not known.
enum NearestName {
    /// No name of a setting is longer than this. A name that is longer is told apart by its beginning.
    private static let comparedBytes = 64

    /// The candidate that takes the fewest changes; the first of several.
    static func of(_ name: String, among candidates: [String]) -> String? {
        // A settings file may have thousands of names that are not known: each candidate is measured once.
        var nearest: (name: String, changes: Int)?
        for candidate in candidates {
            let changes = distance(name, candidate)
            if let nearest, nearest.changes <= changes { continue }
            nearest = (candidate, changes)
        }
        return nearest?.name
    }

    /// How many letters must be put in, taken out, replaced, or swapped with their neighbour.
    static func distance(_ left: String, _ right: String) -> Int {
        let left = Array(left.utf8.prefix(comparedBytes))
        let right = Array(right.utf8.prefix(comparedBytes))
        if left.isEmpty || right.isEmpty { return max(left.count, right.count) }
        var twoAgo: [Int] = []
        var previous = Array(0...right.count)
        for row in 1...left.count {
            var current = [row]
            current.reserveCapacity(right.count + 1)
            for column in 1...right.count {
                let same = left[row - 1] == right[column - 1]
                var best = min(previous[column] + 1, current[column - 1] + 1, previous[column - 1] + (same ? 0 : 1))
                if row > 1, column > 1, left[row - 1] == right[column - 2], left[row - 2] == right[column - 1] {
                    best = min(best, twoAgo[column - 2] + 1)
                }
                current.append(best)
            }
            twoAgo = previous
            previous = current
        }
        return previous[right.count]
    }
}
