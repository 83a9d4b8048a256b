import Testing

@testable import GatewayCore
@testable import GatewayModel
import Moments

@Suite struct DeviceListTests {
    static let pair = [
        USBEndpoint(address: 0x81, attributes: 2, packetSize: 512), USBEndpoint(address: 0x01, attributes: 2, packetSize: 512),
    ]

    static func link(serial: String? = "S1", port: String = "1", device: Int = 2, driver: String? = nil) -> USBSighting {
        USBSighting(
            bus: 1, device: device, portPath: port, vendorID: 0x1209, productID: 1, serial: serial,
            interfaces: [
                USBInterface(number: 0, interfaceClass: 0xff, subclass: 0x52, protocolCode: 1, endpoints: pair, driver: driver)
            ])
    }

    static func reader(_ id: String = "tmr_1", serial: String? = "S1") -> ReaderFacts {
        var facts = ReaderFacts(id: ReaderID(unchecked: id))
        facts.serial = serial
        facts.inBackend = true
        facts.inStripe = serial != nil
        return facts
    }

    static func plain(_ vendor: UInt16, _ product: UInt16, class code: UInt8, said: String? = nil) -> USBSighting {
        USBSighting(
            bus: 1, device: 9, portPath: "9", vendorID: vendor, productID: product, product: said,
            interfaces: [USBInterface(number: 0, interfaceClass: code, subclass: 0, protocolCode: 0)])
    }

    private func changes(_ actions: [DeviceList.Action]) -> [String] {
        actions.map { action in
            guard case .changed(let change, let view) = action else { return "" }
            return "\(change.rawValue) \(view.facts.key)"
        }
    }

    private func judged(_ sighting: USBSighting, readers: [ReaderFacts] = [], excluded: [String] = []) throws -> DeviceFacts {
        var list = DeviceList()
        list.excluded = excluded
        _ = list.enumerated([sighting], readers: readers, at: 1)
        return try #require(list.views.first?.facts)
    }

    @Test func `the same enumeration twice changes nothing`() {
        var list = DeviceList()
        #expect(changes(list.enumerated([Self.link()], readers: [], at: 1)) == ["added usb:1209:0001:S1"])
        #expect(list.enumerated([Self.link()], readers: [], at: 2).isEmpty)
        #expect(list.views.map(\.firstSeenAt) == [1] && list.views.map(\.lastSeenAt) == [2])
    }

    @Test func `what is missing from an enumeration is gone, once`() {
        var list = DeviceList()
        #expect(list.enumerated([], readers: [], at: 1).isEmpty)
        _ = list.enumerated([Self.link()], readers: [], at: 2)
        #expect(changes(list.enumerated([], readers: [], at: 3)) == ["removed usb:1209:0001:S1"])
        #expect(list.enumerated([], readers: [], at: 4).isEmpty && list.isEmpty)
    }

    @Test func `a plug that was missed shows as a change`() {
        var list = DeviceList()
        _ = list.enumerated([Self.link(device: 2)], readers: [Self.reader()], at: 1)
        #expect(changes(list.enumerated([Self.link(device: 3)], readers: [Self.reader()], at: 2)) == ["changed usb:1209:0001:S1"])
        #expect(list.place(of: ReaderID(unchecked: "tmr_1"))?.place.device == 3)
    }

    @Test func `two devices that claim one serial number are two devices`() {
        var list = DeviceList()
        _ = list.enumerated([Self.link(port: "2")], readers: [], at: 1)
        _ = list.enumerated([Self.link(port: "1", device: 3), Self.link(port: "2")], readers: [], at: 2)
        #expect(list.views.map(\.facts.key.text) == ["usb:1-1", "usb:1209:0001:S1"])
        // The one that was there first keeps its name.
        #expect(list.views.last?.facts.usb?.portPath == "2")
    }

    @Test func `a reader link is joined to the registered reader by its serial number`() throws {
        let facts = try judged(Self.link(), readers: [Self.reader()])
        #expect(facts.reader?.text == "tmr_1" && facts.isDriveable && facts.usb?.link == .readerLink)
        let stranger = try judged(Self.link(serial: "S2"), readers: [Self.reader()])
        #expect(stranger.reader == nil && stranger.reason?.code == .notRegistered)
        let unknown = try judged(Self.link(), readers: [Self.reader(serial: nil)])
        #expect(unknown.reason?.code == .registrationUnknown)
        #expect(try judged(Self.link(serial: nil), readers: [Self.reader()]).reason?.code == .noSerial)
    }

    @Test func `the way over USB comes first, and without an address of the LAN the name is of the reader's own domain`() throws {
        var facts = Self.reader()
        facts.baseURL = "abc.example.net"
        facts.usbPlace = try judged(Self.link(), readers: [facts]).usb?.place
        #expect(try facts.routes(port: 4443).get().map(\.host) == ["usb.abc.example.net"])
        facts.address = "10.0.0.5"
        let routes = try facts.routes(port: 4443).get()
        #expect(routes.map(\.isUSB) == [true, false] && Set(routes.map(\.host)) == ["10-0-0-5.abc.example.net"])
        facts.baseURL = nil
        facts.address = nil
        #expect(throws: ReaderTrouble.self) { try facts.routes(port: 4443).get() }
    }

    @Test func `an interface that a kernel driver holds is named and not driven`() throws {
        let facts = try judged(Self.link(driver: "usbserial"), readers: [Self.reader()])
        #expect(facts.reason?.code == .heldByDriver && facts.reason?.message.contains("usbserial") == true)
        #expect(facts.usb?.place == nil)
        #expect(try judged(Self.link(driver: "usbfs"), readers: [Self.reader()]).isDriveable)
    }

    @Test func `a reader link without exactly one bulk pair is not driven`() throws {
        var odd = Self.link()
        odd.interfaces[0].endpoints.append(USBEndpoint(address: 0x82, attributes: 3, packetSize: 64))
        #expect(try judged(odd, readers: [Self.reader()]).reason?.code == .badDescriptors)
        odd.interfaces[0].endpoints = [Self.pair[0], USBEndpoint(address: 1, attributes: 2, packetSize: 0)]
        #expect(try judged(odd, readers: [Self.reader()]).reason?.code == .badDescriptors)
    }

    @Test func `a macro keypad with Ingenico's vendor id is not a reader, an iPP370 is`() throws {
        let keypad = try judged(Self.plain(0x0b00, 0x1001, class: 3))
        #expect(keypad.reason?.code == .notAReader && keypad.model == nil && keypad.usb?.link == .hid)
        let pad = try judged(Self.plain(0x0b00, 0x3070, class: 0x0a))
        #expect(pad.reason?.code == .noPublicProtocol && pad.model == "Ingenico iPP370" && pad.usb?.link == .cdcACM)
        #expect(try judged(Self.plain(0x046d, 0xc31c, class: 3, said: "USB Keyboard")).reason?.code == .notAReader)
    }

    @Test(arguments: [UInt16(0x0b00), 0x079b, 0x1000, 0x11ca, 0x2fb8, 0x1234, 0x1eab])
    func `a vendor id alone never makes a reader`(vendor: UInt16) throws {
        for product: UInt16 in [0x1001, 0x7777, 0x0000] {
            let facts = try judged(Self.plain(vendor, product, class: 3))
            #expect(facts.reason?.code == .notAReader && facts.model == nil)
        }
    }

    @Test func `what the settings exclude is left alone`() throws {
        for word in ["1209:1", "1209:0001", "S1"] {
            let facts = try judged(Self.link(), readers: [Self.reader()], excluded: [word])
            #expect(facts.reason?.code == .excluded && facts.usb?.place == nil)
        }
        #expect(try judged(Self.link(), readers: [Self.reader()], excluded: ["1209:2", ":", "x:1", "S"]).isDriveable)
    }

    @Test func `an impostor with a reader's name is shown, and never as the reader`() throws {
        var reader = ReaderFacts(id: ReaderID(unchecked: "tmr_1"))
        reader.inBackend = true
        reader.inStripe = true
        reader.address = "10.0.0.4"
        reader.baseURL = "abc.\(ReaderName.suffix)"
        let name = "*.abc.\(ReaderName.suffix)"
        var devices = DeviceList()
        _ = devices.seen(
            [LANSighting(address: "10.0.0.66", port: 4443, certificateName: name, problem: "nobody whom this box trusts has signed it")],
            readers: [reader], at: 1)
        let shown = try #require(devices.views.first)
        #expect(shown.facts.reader == nil && shown.facts.reason?.code == .untrusted)
        #expect(devices.sighting(of: reader) == nil)
        // The reader itself, seen elsewhere at the same time, is the reader.
        _ = devices.seen([LANSighting(address: "10.0.0.9", port: 4443, certificateName: name)], readers: [reader], at: 2)
        #expect(devices.sighting(of: reader)?.address == "10.0.0.9")
        #expect(devices.views.count == 2)
    }

    @Test func `a network gadget tells its interface`() throws {
        var gadget = Self.plain(0x0525, 0xa4a2, class: 2)
        gadget.interfaces[0].subclass = 6
        gadget.interfaces[0].networkInterface = "usb0"
        let facts = try judged(gadget)
        #expect(facts.usb?.networkInterface == "usb0" && facts.reason?.code == .networkInterface)
    }

    @Test func `hubs are not devices`() {
        var list = DeviceList()
        var hub = Self.plain(0x1d6b, 2, class: 9)
        hub.deviceClass = 9
        #expect(list.enumerated([hub], readers: [], at: 1).isEmpty)
    }

    @Test func `the LAN comes and goes by itself`() throws {
        var list = DeviceList()
        let seen = LANSighting(address: "10.0.0.5", port: 4443, certificateName: "*.abc.device.stripe-terminal-local-reader.net")
        #expect(changes(list.seen([seen], readers: [], at: 1)) == ["added lan:abc.device.stripe-terminal-local-reader.net"])
        #expect(list.enumerated([], readers: [], at: 2).isEmpty)
        var reader = Self.reader()
        reader.baseURL = "abc.device.stripe-terminal-local-reader.net"
        #expect(changes(list.judge(readers: [reader])).count == 1 && list.views.first?.facts.reader == reader.id)
        let there: Set = [try PrivateAddress("10.0.0.5")]
        #expect(list.missed([try PrivateAddress("10.0.0.6")]).isEmpty, "nobody looked where it is")
        #expect(list.missed(there).isEmpty, "a first packet gets lost")
        #expect(changes(list.missed(there)) == ["removed lan:abc.device.stripe-terminal-local-reader.net"])
        #expect(list.missed(there).isEmpty && list.isEmpty)
    }

    private static func lan(_ address: String, _ label: String? = "abc") -> LANSighting {
        LANSighting(address: address, port: 4443, certificateName: label.map { "*.\($0).\(ReaderName.suffix)" })
    }

    @Test func `a reader that has moved is the same device, and what was there before is not there any more`() {
        var list = DeviceList()
        _ = list.seen([Self.lan("10.0.0.5")], readers: [], at: 1)
        #expect(changes(list.seen([Self.lan("10.0.0.9")], readers: [], at: 2)) == ["changed lan:abc.\(ReaderName.suffix)"])
        let swapped = changes(list.seen([Self.lan("10.0.0.9", "xyz")], readers: [], at: 3))
        #expect(swapped == ["removed lan:abc.\(ReaderName.suffix)", "added lan:xyz.\(ReaderName.suffix)"])
    }

    @Test func `of two that show one name the one that had it keeps it`() {
        var list = DeviceList()
        _ = list.seen([Self.lan("10.0.0.5")], readers: [], at: 1)
        #expect(list.seen([Self.lan("10.0.0.4"), Self.lan("10.0.0.5")], readers: [], at: 2).isEmpty)
        #expect(list.views.map(\.facts.address) == ["10.0.0.5"])
    }

    @Test func `a miss is forgiven when the reader is seen again`() throws {
        var list = DeviceList()
        for time in 1...4 {
            _ = list.seen([Self.lan("10.0.0.5")], readers: [], at: WallTime(Int64(time)))
            #expect(list.missed([try PrivateAddress("10.0.0.5")]).isEmpty)
        }
    }

    @Test func `whether a reader on the LAN is registered is said only when it is known`() {
        var list = DeviceList()
        var known = Self.reader(serial: nil)
        _ = list.seen([Self.lan("10.0.0.5")], readers: [known], at: 1)
        #expect(list.views.first?.facts.reason?.code == .registrationUnknown)
        known.baseURL = "other.\(ReaderName.suffix)"
        _ = list.judge(readers: [known])
        #expect(list.views.first?.facts.reason?.code == .notRegistered)
        #expect(list.views.first?.facts.reason?.remedy?.contains("readerctl register") == true)
        known.baseURL = "ABC.\(ReaderName.suffix)"
        _ = list.judge(readers: [known])
        #expect(list.views.first?.facts.reader == known.id && list.views.first?.facts.isDriveable == true)
        #expect(list.sighting(of: known)?.address == "10.0.0.5")
        known.addressChangedAt = 2
        #expect(list.sighting(of: known) == nil, "Stripe has said something newer since")
    }

    @Test func `an address of the settings at which no reader is, is told with what is there`() {
        var list = DeviceList()
        let silent = LANSighting(address: "10.0.0.5", port: 4443, problem: "10.0.0.5:4443 refused the connection")
        _ = list.seen([silent], readers: [], at: 1)
        #expect(list.views.first?.facts.reason?.code == .noAnswer)
        #expect(list.views.first?.facts.reason?.message.contains("refused the connection") == true)
        #expect(changes(list.seen([Self.lan("10.0.0.5")], readers: [], at: 2)).last == "added lan:abc.\(ReaderName.suffix)")
    }

    @Test func `readers are held against the devices once, and again when a device, a reader or their order is another`() {
        var devices = DeviceList()
        _ = devices.enumerated([Self.link()], readers: [], at: 0)
        let readers = [Shared(Self.reader()), Shared(Self.reader("tmr_2", serial: nil))]
        #expect(devices.isToBeJoined(with: readers))
        devices.isJoined(with: readers)
        #expect(!devices.isToBeJoined(with: readers))
        #expect(devices.isToBeJoined(with: readers.reversed()))
        var renamed = readers
        renamed[0].value.label = "Bar"
        #expect(devices.isToBeJoined(with: renamed))
        devices.excluded = ["S1"]
        #expect(devices.isToBeJoined(with: readers))
        devices.isJoined(with: readers)
        _ = devices.enumerated([], readers: [], at: 1)
        #expect(devices.isToBeJoined(with: readers))
    }
}
