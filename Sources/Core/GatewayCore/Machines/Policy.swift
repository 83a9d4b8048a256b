import GatewayModel
import Moments

/// The settings by which the middle decides. Times are in milliseconds unless the name says otherwise.
package struct GatewayPolicy: Sendable, Equatable {
    package var eagerCollect = true
    /// How long a customer may take to present a card, in seconds.
    package var defaultCardTimeout = 120
    package var queueTimeout: Int64 = 300_000
    package var backendTimeout: Int64 = 10_000
    package var stripeTimeout: Int64 = 10_000
    package var readerTimeout: Int64 = 20_000
    package var confirmTimeout: Int64 = 120_000
    package var tokenAge: Int64 = 240_000
    /// How long the agent polls `payment_status` before it calls a charged payment unresolved.
    package var statusPatience: Int64 = 120_000
    package var authorizationWindow: Int64 = 180_000
    /// How long a `Failed` that may be old news must have stood after the confirm.
    package var staleFailure: Int64 = 30_000
    /// The pause between a reader's answer that there is no card yet and the next question.
    package var queryPause: ClosedRange<Int64> = 25...400
    package var heartbeatInterval: Int64 = 60_000
    package var cartIdle: Int64 = 1_800_000
    package var maximumWaiting = 8
    /// How long a new reader may take to appear in the backend's list.
    package var registrationTimeout: Int64 = 30_000
    /// How long a reader shows its label when it is asked to identify itself.
    package var identifyTime: Int64 = 8_000
    /// The setting `readers.SERIAL.label`: the labels of the readers by serial number.
    package var readerLabels: [String: String] = [:]
    package var lanPort = 4443
    /// The setting `usb.exclude`: `VVVV:PPPP` or serial numbers of devices that the agent leaves alone.
    package var usbExclude: [String] = []
    /// The setting `usb.enabled`.
    package var usbLooks = false
    /// The setting `lan.sweep`: the agent scans the subnets and the neighbours for readers without an order.
    package var lanSweep = false
    /// The setting `lan.subnets`; when empty, the box's own private ones.
    package var lanSubnets: [Subnet] = []
    /// The setting `lan.addresses`.
    package var lanAddresses: [PrivateAddress] = []
    /// The time between two scans of the LAN without an order.
    package var lanInterval: Int64 = 600_000
    package var maintenanceCart: CartID?
    /// The setting `lanes.NAME.reader`: a reader's id, serial number or label.
    package var lanes: [LaneName: String] = [:]

    package init() {}

    /// The pause before the next query, in milliseconds. While a card is likely, the agent queries again soon. The longer the customer
    /// takes, the less a later query loses.
    ///
    /// - Parameter left: the rest of the customer's time, in milliseconds.
    /// - Parameter whole: the whole of that time, in seconds.
    func queryPause(left: Int64, of whole: Int?) -> Int64 {
        let waited = Int64(whole ?? defaultCardTimeout) * 1_000 - left
        return min(max(waited / 250, queryPause.lowerBound), queryPause.upperBound)
    }

    var evidenceTerms: EvidenceTerms { EvidenceTerms(window: authorizationWindow, patience: statusPatience) }

    /// Whether the agent scans the LAN without an order.
    var scansByItself: Bool { lanSweep || !lanAddresses.isEmpty }
}
