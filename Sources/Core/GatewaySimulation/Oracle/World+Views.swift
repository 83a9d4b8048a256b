internal import GatewayCore
import GatewayModel

/// The views that a caller may ask for at any moment, and the time that a caller may wait.
extension World {
    /// Checks that every view names only what exists.
    mutating func checkViews(_ machine: GatewayMachine) {
        for view in machine.readerViews {
            if let record = machine.holding(view.facts.id), machine.openPayment(record.id) == nil {
                return fail(.fits, "\(view.facts.id) is shown as held by \(record.id), which is not open")
            }
        }
        for lane in machine.laneViews where lane.reader == nil && (lane.payment != nil || lane.waiting > 0) {
            return fail(.fits, "the lane \(lane.name) is shown at work, and without a reader")
        }
        // These stores are test stores, from the keys to the readers.
        let modes = machine.modes
        if machine.livemode == true || modes.key == true || modes.readers.values.contains(true) {
            return fail(.fits, "a store for tests is called live")
        }
        for notice in machine.standingNotices where notice.message.isEmpty { return fail(.fits, "a notice says nothing: \(notice.code)") }
    }

    /// The milliseconds that a till, or a technician, may have to wait: the sum of the deadlines that an answer can depend on.
    static func patience(_ request: Request) -> Int64 {
        // The sum covers the list that names the reader, a turn in the queue, the list before, the change, and lists until it shows.
        let change: Int64 = 10_000 + 60_000 + 10_000 + 30_000 + 10_000 + 5_000
        if case .discover = request { return 120_000 }
        if case .register = request { return change }
        if case .relabel = request { return change }
        if case .deregister = request { return change }
        return 75_000
    }
}
