internal import GatewayCore
import GatewayModel
import Moments

/// What anybody may ask to see at any moment, and how long anybody may wait.
extension World {
    /// Whatever is shown names what there is.
    mutating func checkViews(_ machine: GatewayMachine) {
        for view in machine.readerViews {
            if let record = machine.holding(view.facts.id), machine.openPayment(record.id) == nil {
                return fail(.fits, "\(view.facts.id) is shown as held by \(record.id), which is not open")
            }
        }
        for lane in machine.laneViews where lane.reader == nil && (lane.payment != nil || lane.waiting > 0) {
            return fail(.fits, "the lane \(lane.name) is shown at work, and without a reader")
        }
        // These stores are for tests, from the keys to the readers.
        if machine.livemode == true || machine.modes.key == true || machine.modes.readers.values.contains(true) {
            return fail(.fits, "a store for tests is called live")
        }
        for notice in machine.standingNotices where notice.message.isEmpty { return fail(.fits, "a notice says nothing: \(notice.code)") }
    }

    /// How long a till, or a technician, may be kept waiting: the sum of the deadlines that an answer can have to wait for.
    static func patience(_ request: Request) -> Int64 {
        // A list that says whose it is, a turn in the line, the list before, the change, and lists until it shows.
        let change: Int64 = 10_000 + 60_000 + 10_000 + 30_000 + 10_000 + 5_000
        if case .discover = request { return 120_000 }
        if case .register = request { return change }
        if case .relabel = request { return change }
        if case .deregister = request { return change }
        return 75_000
    }
}
