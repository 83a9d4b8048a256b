import GatewayModel
import Moments

/// The way to the reader: over which link its session goes, which one failed, and whether another place is worth a try.
struct ReaderWay: Sendable {
    /// The time between two searches for a reader that was not found, in milliseconds.
    private static let searchPause: Int64 = 20_000

    /// The route of the session. What the lists say later is for the next one.
    private(set) var route: ReaderRoute?
    /// The link that failed last. The next session tries another one, if there is one.
    private var failedLink: ReaderRoute.Link?
    /// Whether the reader has turned up at another place than the one that is being tried. The try's failure says nothing of that place.
    private var hasNewPlace = false
    /// The moment before which no search begins, so that a search that has just found nothing is not repeated at once.
    private var searchAfter = MonoTime.min

    var isUSB: Bool { route?.isUSB == true }

    /// Where the session is on the LAN; nil over USB.
    var address: String? {
        if case .lan(let address)? = route?.link { return address }
        return nil
    }

    /// The place on USB that the session uses; nil on the LAN.
    var plug: USBPlace? {
        if case .usb(let place)? = route?.link { return place }
        return nil
    }

    /// Whether the reader was seen where its session is, as far as a sighting on the LAN can tell.
    func isWhere(_ sighting: LANSighting) -> Bool { address.map { $0 == sighting.address } ?? true }

    /// Chooses among the routes, of which the better come first. Returns false when there is none.
    mutating func choose(among routes: [ReaderRoute]) -> Bool {
        guard let best = routes.first(where: { $0.link != failedLink }) ?? routes.first else { return false }
        route = best
        return true
    }

    /// Notes that a try begins, which takes in all that is known so far.
    mutating func tryBegins() { hasNewPlace = false }

    /// Notes that the link of the route failed.
    mutating func failed() { failedLink = route?.link }

    /// Forgets which link failed, because the plug has changed.
    mutating func forgetFailure() { failedLink = nil }

    /// Notes that the session is open. What was tried before, and where the reader turned up meanwhile, says nothing of its loss.
    mutating func opened() {
        failedLink = nil
        hasNewPlace = false
    }

    /// Notes where the reader was seen while a place is being tried.
    mutating func turnedUp(_ sighting: LANSighting) { hasNewPlace = hasNewPlace || !isWhere(sighting) }

    mutating func turnedUp(at place: USBPlace) { hasNewPlace = hasNewPlace || plug != place }

    /// Whether there is a new place to go on at. It is told once.
    mutating func takeNewPlace() -> Bool {
        defer { hasNewPlace = false }
        return hasNewPlace
    }

    /// Whether a search is worth it now. A USB link is not searched for on the LAN.
    func maySearch(at now: MonoTime) -> Bool { now >= searchAfter && !isUSB }

    /// Notes that a search begins or ends. Each loss has one. A reader that is found and does not answer fails like any other.
    mutating func searched(at now: MonoTime) { searchAfter = now + Self.searchPause }
}
