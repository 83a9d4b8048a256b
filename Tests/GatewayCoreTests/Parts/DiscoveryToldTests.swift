import Moments
import Testing

@testable import GatewayCore
@testable import GatewayModel

/// What whoever ordered a scan is told of, and how often.
@Suite struct DiscoveryToldTests {
    private static let id = RequestID(7)

    private func ordered() throws -> (discovery: Discovery, around: Discovery.Circumstances) {
        var discovery = Discovery()
        let around = Discovery.Circumstances(policy: GatewayPolicy())
        var actions: [Discovery.Action] = []
        let isTaken = discovery.order(Self.id, DiscoveryOrder(usb: false, lan: true), around, at: 1_000, actions: &actions)
        try #require(isTaken)
        return (discovery, around)
    }

    private func device(_ address: String) throws -> DeviceFacts {
        var devices = DeviceList()
        let sighting = LANSighting(address: address, port: 4443, certificateName: "10-0-0-2.abc.\(ReaderName.suffix)")
        _ = devices.seen([sighting], readers: [], at: 0)
        return try #require(devices.view(sighting.key)).facts
    }

    @Test func `a device is told of once an order, and again at its end for what has changed`() throws {
        var discovery = try ordered().discovery
        let facts = try device("10.0.0.2")
        let told = [discovery.tells(Self.id, of: facts), discovery.tells(Self.id, of: facts)]
        #expect(told == [true, false])
        let left = discovery.takeTold(Self.id)
        #expect(left?.map(\.facts) == [facts])
        let again = discovery.takeTold(Self.id)
        #expect(again == nil)
    }

    @Test func `who has gone is told of nothing`() throws {
        var (discovery, around) = try ordered()
        _ = discovery.forget(Self.id, around, at: 2_000)
        let isTold = discovery.tells(Self.id, of: try device("10.0.0.2"))
        #expect(!isTold && !discovery.isFollowed(Self.id) && discovery.followed == 0)
    }
}
