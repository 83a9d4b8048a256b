extension Simulation {
    /// The summary of many worlds.
    package struct Summary: Sendable {
        package var seeds = 0
        package var steps = 0
        package var payments = 0
        package var charges = 0
        /// The sum of each world's hash, mixed with its seed, so that the order in which threads finish does not show.
        package var hash: UInt64 = 0
        /// The worlds that broke a promise, by seed, at most as many as were asked for.
        package var broken: [Outcome] = []
    }

    /// Runs the seeds from `first` on, each in a world of its own, spread over threads. It stops early when `limit` seeds broke a promise.
    package static func run(
        from first: UInt64, count: Int, threads: Int, looks: Bool = false, kinds: Kinds = .all, limit: Int = 1
    ) async -> Summary {
        let lanes = max(1, min(threads, count))
        let size = 250
        return await withTaskGroup(of: Summary.self) { group in
            var next = 0
            var total = Summary()
            func add(_ group: inout TaskGroup<Summary>) {
                guard next < count else { return }
                let (from, to) = (next, min(count, next + size))
                next = to
                group.addTask { part(first &+ UInt64(from), to - from, looks: looks, kinds: kinds, limit: limit) }
            }
            for _ in 0..<lanes { add(&group) }
            while let part = await group.next() {
                total.add(part, limit: limit)
                if total.broken.count < limit { add(&group) }
            }
            return total
        }
    }

    private static func part(_ first: UInt64, _ count: Int, looks: Bool, kinds: Kinds, limit: Int) -> Summary {
        var part = Summary()
        for number in 0..<UInt64(count) {
            let outcome = run(seed: first &+ number, looks: looks, kinds: kinds)
            part.seeds += 1
            part.steps += outcome.steps
            part.payments += outcome.payments
            part.charges += outcome.charges
            part.hash &+= outcome.mixed
            if outcome.violation != nil { part.broken.append(outcome) }
            if part.broken.count >= limit { break }
        }
        return part
    }
}

extension Simulation.Summary {
    mutating func add(_ other: Self, limit: Int) {
        seeds += other.seeds
        steps += other.steps
        payments += other.payments
        charges += other.charges
        hash &+= other.hash
        broken = Array((broken + other.broken).sorted { $0.seed < $1.seed }.prefix(limit))
    }
}

extension Simulation.Outcome {
    /// The hash, mixed with the seed.
    fileprivate var mixed: UInt64 {
        var mixer = Trace(isKept: false)
        mixer.mix(seed)
        mixer.mix(hash)
        return mixer.hash
    }
}
