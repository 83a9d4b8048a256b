/// The faults that wait for their calls. The first to come is the first to strike.
struct FaultTable: Sendable {
    private(set) var waiting: [Fault] = []

    mutating func add(_ fault: Fault) { waiting.append(fault) }

    /// Takes away the faults of a call as it was named when they were added. Nil takes away all.
    mutating func clear(_ call: String? = nil) {
        waiting.removeAll { call == nil || $0.call == call }
    }

    /// Takes away the faults of a call of one reader.
    mutating func remove(_ call: String, reader: String) { waiting.removeAll { $0.call == call && $0.reader == reader } }

    /// Takes the fault that strikes a call, and counts it down.
    ///
    /// - Parameter reader: tells whether a name given in a fault is this call's reader.
    mutating func take(_ call: String, reader: (String) -> Bool) -> FaultEffect? {
        for index in waiting.indices {
            let fault = waiting[index]
            guard fault.strikes(call), fault.reader.map(reader) ?? true else { continue }
            if fault.after > 0 {
                waiting[index].after -= 1
                continue
            }
            if let times = fault.times {
                if times <= 1 { waiting.remove(at: index) } else { waiting[index].times = times - 1 }
            }
            return fault.effect
        }
        return nil
    }
}
