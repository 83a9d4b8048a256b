package import Discovery
import Glibc
internal import GatewayCore
package import GatewayModel
import Moments
package import Journal
package import MarianaAPI
package import ReaderLinks
package import ReaderRPC
package import Recording
package import StripeAPI

/// Everything outside that the agent speaks with.
package struct Edges: Sendable {
    package var journal: JournalStore
    package var backend: MarianaClient
    package var credential: any BackendCredential
    package var stripe: StripeClient
    package var lan: LANLink
    package var usb: USBLink
    package var lookout: LANLookout
    package var identity: ReaderIdentity
    /// The backend's location id.
    package var location: String
    /// Sees every call to a reader when it has ended: for a recording.
    package var observeReader: (@Sendable (ReaderID, ReaderExchange) -> Void)?
    /// Listens while a reader is tried out.
    package var trialTap: TrialTap?

    package init(
        journal: JournalStore, backend: MarianaClient, credential: any BackendCredential, stripe: StripeClient, lan: LANLink,
        usb: USBLink, lookout: LANLookout, identity: ReaderIdentity, location: String,
        observeReader: (@Sendable (ReaderID, ReaderExchange) -> Void)? = nil, trialTap: TrialTap? = nil
    ) {
        self.journal = journal
        self.backend = backend
        self.credential = credential
        self.stripe = stripe
        self.lan = lan
        self.usb = usb
        self.lookout = lookout
        self.identity = identity
        self.location = location
        self.observeReader = observeReader
        self.trialTap = trialTap
    }
}

/// The clocks of this box.
package struct BoxClock: Sendable {
    private let origin = ContinuousClock.now

    package init() {}

    package func now() -> Now {
        Now(mono: MonoTime(Self.milliseconds(ContinuousClock.now - origin)), wall: Self.wall())
    }

    package func instant(of mono: MonoTime) -> ContinuousClock.Instant { origin + .milliseconds(mono.milliseconds) }

    private static func milliseconds(_ duration: Duration) -> Int64 {
        duration.components.seconds * 1000 + duration.components.attoseconds / 1_000_000_000_000_000
    }

    private static func wall() -> WallTime {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return WallTime(Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000)
    }
}
