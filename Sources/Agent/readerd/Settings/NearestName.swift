/// Finds what was probably meant by a name that is not known.
enum NearestName {
    /// The candidate that takes the fewest changes; the first of several.
    static func of(_ name: String, among candidates: [String]) -> String? {
        candidates.min { distance(name, $0) < distance(name, $1) }
    }

    /// How many letters must be put in, taken out, replaced, or swapped with their neighbour.
    static func distance(_ left: String, _ right: String) -> Int {
        // Names of settings are short; what is not one need not be compared to its end.
        let left = Array(left.utf8.prefix(200))
        let right = Array(right.utf8.prefix(200))
        if left.isEmpty || right.isEmpty { return max(left.count, right.count) }
        var twoAgo: [Int] = []
        var previous = Array(0...right.count)
        for row in 1...left.count {
            var current = [row]
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
