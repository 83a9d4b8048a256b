import Testing

@testable import GatewayCore
@testable import GatewayModel
import Moments

/// Where a reader is spoken to, whether it is there, and how soon it is tried again.
@Suite struct ReaderWayTests {
    private static let plug = USBPlace(bus: 1, device: 4, portPath: "4", interface: 0, endpointIn: 0x81, endpointOut: 1, packetSize: 512)
    private static let lan = ReaderRoute(address: "10.0.0.5", port: 4443, host: "r.example.test")
    private static let usb = ReaderRoute(.usb(plug), port: 4443, host: "r.example.test")

    private static func sighting(_ address: String) -> LANSighting {
        LANSighting(address: address, port: 4443, certificateName: "r.example.test")
    }

    @Test func `a link that failed is left for another one, if there is one, until something works`() {
        var way = ReaderWay()
        #expect(!ReaderWay().isUSB && way.choose(among: []) == false)
        _ = way.choose(among: [Self.usb, Self.lan])
        #expect(way.isUSB && way.plug == Self.plug && way.address == nil)
        way.failed()
        _ = way.choose(among: [Self.usb, Self.lan])
        #expect(way.route == Self.lan && way.address == "10.0.0.5")
        way.failed()
        _ = way.choose(among: [Self.lan])
        #expect(way.route == Self.lan, "there is no other")
        way.forgetFailure()
        _ = way.choose(among: [Self.lan, Self.usb])
        #expect(way.route == Self.lan)
    }

    @Test func `a place at which the reader turned up during a try is told once, and is no news to the next try`() {
        var way = ReaderWay()
        _ = way.choose(among: [Self.lan])
        way.turnedUp(Self.sighting("10.0.0.5"))
        let places = [way.takeNewPlace()]
        way.turnedUp(Self.sighting("10.0.0.9"))
        way.turnedUp(Self.sighting("10.0.0.5"))
        let later = [way.takeNewPlace(), way.takeNewPlace()]
        #expect(places == [false] && later == [true, false])
        way.turnedUp(at: Self.plug)
        way.tryBegins()
        #expect(way.takeNewPlace() == false)
    }

    @Test func `a loss is searched for once in twenty seconds, and never over USB`() {
        var way = ReaderWay()
        #expect(way.maySearch(at: 0))
        way.searched(at: 1_000)
        #expect(!way.maySearch(at: 20_999) && way.maySearch(at: 21_000))
        _ = way.choose(among: [Self.usb])
        #expect(!way.maySearch(at: 30_000))
    }

    @Test func `a place that turned up while a session was being opened is forgotten once it is open`() {
        var way = ReaderWay()
        _ = way.choose(among: [Self.usb])
        way.turnedUp(at: USBPlace(bus: 9, device: 9, portPath: "9", interface: 0, endpointIn: 0x81, endpointOut: 1, packetSize: 512))
        way.opened()
        let isNew = way.takeNewPlace()
        #expect(!isNew)
    }

    @Test func `one miss says nothing of a reader, two say that it is away, and one answer that it is there`() {
        var contact = ReaderContact()
        #expect(contact.isThere == nil)
        let first = contact.missed(at: "10.0.0.5")
        #expect(first == 2_000 && contact.isThere == nil)
        let second = contact.missed(at: "10.0.0.5")
        #expect(second == 4_000 && contact.isThere == false && contact.silence?.kind == .unreachable)
        contact.heard(at: 7)
        #expect(contact.isThere == true && contact.silence == nil && contact.lastSeenAt == 7)
        contact.unplugged()
        #expect(contact.isThere == nil)
    }

    @Test func `a reader that speaks another language is asked ever more seldom, until it is understood`() {
        var pauses = ReaderPauses()
        var random = SeededRandom(seed: 1)
        let trouble = ReaderTrouble(.softwareUnsupported, "It takes another version.", remedy: "Update it.")
        var told = (0..<6).map { _ in pauses.next(after: trouble, random: &random) }
        #expect(told == [15_000, 60_000, 240_000, 960_000, 1_800_000, 1_800_000])
        pauses.understood()
        told = [pauses.next(after: trouble, random: &random)]
        #expect(told == [15_000])
    }
}
