/// How often something took how long. Seconds; the bounds are fixed when it is made.
struct Histogram: Sendable {
    let bounds: [Double]
    /// Counts by bound, and one more: the last is what lay above all.
    private(set) var counts: [Int]
    private(set) var sum: Double = 0

    init(bounds: [Double]) {
        self.bounds = bounds
        counts = Array(repeating: 0, count: bounds.count + 1)
    }

    mutating func add(_ seconds: Double) {
        let index = bounds.firstIndex { seconds <= $0 } ?? bounds.count
        counts[index] += 1
        sum += seconds
    }

    var count: Int { counts.reduce(0, +) }

    /// Durations of calls: from what a LAN takes to the longest deadline.
    static let call = Histogram(bounds: [0.005, 0.025, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 120])
    /// Durations of payments: from a test's to a slow customer's.
    static let payment = Histogram(bounds: [1, 2.5, 5, 10, 20, 30, 60, 120, 300, 900])
}
