import GatewayModel
import Moments

/// The settings that the middle decides by. Milliseconds unless the name says otherwise.
package struct GatewayPolicy: Sendable, Equatable {
    package var eagerCollect = true
    /// Seconds.
    package var defaultCardTimeout = 120
    package var queueTimeout: Int64 = 300_000
    package var backendTimeout: Int64 = 10_000
    package var stripeTimeout: Int64 = 10_000
    package var readerTimeout: Int64 = 20_000
    package var confirmTimeout: Int64 = 120_000
    package var tokenAge: Int64 = 240_000
    /// How long `payment_status` is polled before a charged payment is called unresolved.
    package var statusPatience: Int64 = 120_000
    package var authorizationWindow: Int64 = 180_000
    /// How long a `Failed` that may be old news must have stood after the confirm.
    package var staleFailure: Int64 = 30_000
    /// Between a reader's answer that there is no card yet and the next question.
    package var queryPause: ClosedRange<Int64> = 25...400
    package var heartbeatInterval: Int64 = 60_000
    package var cartIdle: Int64 = 1_800_000
    package var maximumWaiting = 8
    /// How long a new reader may take to appear in the backend's list.
    package var registrationTimeout: Int64 = 30_000
    /// How long a reader shows its label when it is asked to identify itself.
    package var identifyTime: Int64 = 8_000
    /// `readers.SERIAL.label`: what the readers are to be called, by serial number.
    package var readerLabels: [String: String] = [:]
    package var lanPort = 4443
    /// `usb.exclude`: `VVVV:PPPP` or serial numbers of devices that are left alone.
    package var usbExclude: [String] = []
    /// `usb.enabled`
    package var usbLooks = false
    /// `lan.sweep`: readers are looked for in the subnets and among the neighbours without being told to.
    package var lanSweep = false
    /// `lan.subnets`; empty: the box's own private ones.
    package var lanSubnets: [Subnet] = []
    /// `lan.addresses`
    package var lanAddresses: [PrivateAddress] = []
    /// Between two looks at the LAN that nobody asked for.
    package var lanInterval: Int64 = 600_000
    package var maintenanceCart: CartID?
    /// `lanes.NAME.reader`: a reader's id, serial number or label.
    package var lanes: [LaneName: String] = [:]

    package init() {}

    /// While a card is likely the reader is asked again soon; the longer the customer takes, the less is lost by asking later.
    ///
    /// - Parameter left: of the time that the customer has, in milliseconds.
    /// - Parameter whole: that time, in seconds.
    func queryPause(left: Int64, of whole: Int?) -> Int64 {
        let waited = Int64(whole ?? defaultCardTimeout) * 1_000 - left
        return min(max(waited / 250, queryPause.lowerBound), queryPause.upperBound)
    }
}
