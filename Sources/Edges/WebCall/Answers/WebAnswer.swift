import GatewayModel
import Moments

/// A whole answer with a status of 200 to 299 (or any, where the request says so).
package struct WebAnswer: Sendable {
    package var status: Int
    package var body: [UInt8]
    /// The time of the server's clock (`Date`), in milliseconds, to whole seconds.
    package var date: WallTime?

    package init(status: Int, body: [UInt8], date: WallTime?) {
        self.status = status
        self.body = body
        self.date = date
    }
}

/// The time of a server's clock, and of this box's at that moment. The difference tells whether this box's clock is right.
package struct ClockSample: Sendable, Equatable {
    package var server: WallTime
    package var own: WallTime

    package init(server: WallTime, own: WallTime) {
        self.server = server
        self.own = own
    }
}
