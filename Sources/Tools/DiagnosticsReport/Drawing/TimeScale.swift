/// Where a moment stands in a drawing: time in proportion, but for long stretches in which nothing was done. Those are drawn short and marked, so that
/// a payment that was looked after for days can be read like one that took four seconds.
struct TimeScale: Sendable, Equatable {
    /// A stretch that is drawn shorter than it lasted; milliseconds from the beginning.
    struct Break: Sendable, Equatable {
        var start: Int64
        var end: Int64
    }

    private struct Stretch: Sendable, Equatable {
        var start: Int64
        var end: Int64
        /// How much room it takes, in milliseconds of the others.
        var room: Double
    }

    let end: Int64
    let breaks: [Break]
    private let stretches: [Stretch]
    private let room: Double

    /// - Parameters:
    ///   - busy: when something was done: start and end in milliseconds from the beginning.
    ///   - end: the last moment that is drawn.
    init(busy: [(start: Int64, end: Int64)], end: Int64) {
        let end = max(end, busy.map(\.end).max() ?? 0, 1)
        var idle: [Break] = []
        var reached: Int64 = 0
        for (start, stop) in busy.sorted(by: { $0.start < $1.start }) {
            if start > reached { idle.append(Break(start: reached, end: start)) }
            reached = max(reached, stop)
        }
        if reached < end { idle.append(Break(start: reached, end: end)) }
        let worked = max(1, end - idle.reduce(0) { $0 + $1.end - $1.start })
        // Less than a third of what was worked, and not a blink, is no reason for a break.
        let limit = max(2_000, worked / 3)
        let breaks = idle.filter { $0.end - $0.start > limit * 2 }
        var stretches: [Stretch] = []
        var place: Int64 = 0
        for pause in breaks {
            if pause.start > place { stretches.append(Stretch(start: place, end: pause.start, room: Double(pause.start - place))) }
            stretches.append(Stretch(start: pause.start, end: pause.end, room: Double(limit)))
            place = pause.end
        }
        if place < end { stretches.append(Stretch(start: place, end: end, room: Double(end - place))) }
        self.end = end
        self.breaks = breaks
        self.stretches = stretches
        room = max(1, stretches.reduce(0) { $0 + $1.room })
    }

    /// The place of a moment, 0 to 100.
    func percent(_ milliseconds: Int64) -> Double {
        let moment = min(max(0, milliseconds), end)
        var before = 0.0
        for stretch in stretches {
            if moment >= stretch.end {
                before += stretch.room
            } else {
                let part = Double(max(0, moment - stretch.start)) / Double(stretch.end - stretch.start)
                return (before + stretch.room * part) / room * 100
            }
        }
        return before / room * 100
    }

    /// Moments that are worth a line: round ones, or where a break begins and ends. Never closer than `apart` percent.
    func marks(apart: Double = 18) -> [Int64] {
        var wanted: [Int64]
        if breaks.isEmpty {
            let step = Self.steps.first { end / $0 <= 4 } ?? end
            wanted = Array(stride(from: 0, through: end, by: Int64.Stride(step)))
        } else {
            wanted = [0, end] + breaks.flatMap { [$0.start, $0.end] }
            wanted.sort()
        }
        var kept: [Int64] = []
        for moment in wanted where kept.last.map({ percent(moment) - percent($0) >= apart }) ?? true { kept.append(moment) }
        return kept
    }

    private static let steps: [Int64] = [
        10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000, 20_000, 30_000, 60_000, 120_000, 300_000, 600_000, 1_800_000, 3_600_000,
        7_200_000,
        21_600_000, 43_200_000, 86_400_000, 604_800_000,
    ]
}
