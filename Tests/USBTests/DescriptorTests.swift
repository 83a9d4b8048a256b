import GatewayCore
import GatewayModel
import Moments
import TestSupport
import Testing

@testable import Discovery

struct DescriptorTests {
    @Test func `a reader link's descriptors are read whole`() throws {
        let read = USBDescriptors(Descriptors.readerLink, configuration: 1)
        #expect(read.problem == nil && read.vendorID == 0x1209 && read.productID == 1)
        let interface = try #require(read.interfaces.first)
        #expect(read.interfaces.count == 1)
        #expect([interface.interfaceClass, interface.subclass, interface.protocolCode] == [0xff, 0x52, 1])
        #expect(interface.endpoints.map(\.address) == [0x81, 1])
        #expect(interface.endpoints.allSatisfy { $0.isBulk && $0.packetSize == 512 })
    }

    @Test func `only the active configuration counts`() {
        let other: [UInt8] = [9, 2, 18, 0, 1, 2, 0, 0x80, 50] + [9, 4, 0, 0, 0, 3, 1, 1, 0]
        let both = Descriptors.readerLink + other
        #expect(USBDescriptors(both, configuration: 1).interfaces.map(\.interfaceClass) == [0xff])
        #expect(USBDescriptors(both, configuration: 2).interfaces.map(\.interfaceClass) == [3])
        #expect(USBDescriptors(both, configuration: nil).interfaces.map(\.interfaceClass) == [0xff])
        let none = USBDescriptors(both, configuration: 9)
        #expect(none.interfaces.isEmpty && none.problem != nil)
    }

    @Test func `what lies before the end that is missing is kept, and the end is told`() {
        for length in 0..<Descriptors.readerLink.count {
            let read = USBDescriptors(Array(Descriptors.readerLink.prefix(length)), configuration: 1)
            // Cut between two descriptors, nothing leads outside; in the device descriptor or before any configuration something is missing.
            #expect(
                [18 + 9, 18 + 9 + 9, 18 + 9 + 9 + 7].contains(length) == (read.problem == nil), "\(length) bytes: \(read.problem ?? "-")")
            #expect(read.interfaces.count == (length >= 36 ? 1 : 0))
        }
    }

    @Test func `descriptors that claim too much are bounded`() {
        let interface: [UInt8] = [9, 4, 0, 0, 0, 3, 1, 1, 0]
        let many = Descriptors.device + [9, 2, 0, 0, 1, 1, 0, 0x80, 50] + (0..<500).flatMap { _ in interface }
        #expect(USBDescriptors(many, configuration: 1).interfaces.count == USBDescriptors.interfaceLimit)
        let endpoints = Descriptors.readerLink + (0..<500).flatMap { _ in [7, 5, 0x81, 2, 0, 2, 0] as [UInt8] }
        #expect(USBDescriptors(endpoints, configuration: 1).interfaces.first?.endpoints.count == USBDescriptors.endpointLimit)
        // A descriptor without length would be read for ever.
        #expect(USBDescriptors(Descriptors.device + [0, 0, 0, 0], configuration: 1).problem != nil)
    }

    @Test func `nothing that a device can say makes the reading trap or grow`() {
        let seed = UInt64.random(in: 0 ... .max)
        var random = Seeded(seed)
        var whole = 0
        for _ in 0..<60_000 {
            var bytes = Descriptors.readerLink
            switch Int.random(in: 0..<3, using: &random) {
            case 0: bytes = (0..<Int.random(in: 0...300, using: &random)).map { _ in UInt8.random(in: 0...255, using: &random) }
            case 1:
                for _ in 0..<Int.random(in: 1...6, using: &random) {
                    bytes[Int.random(in: 0..<bytes.count, using: &random)] = UInt8.random(in: 0...255, using: &random)
                }
            default:
                let place = Int.random(in: 0...bytes.count, using: &random)
                bytes.insert(contentsOf: bytes.shuffled(using: &random).prefix(Int.random(in: 0...40, using: &random)), at: place)
            }
            let configuration = Bool.random(using: &random) ? UInt8.random(in: 0...3, using: &random) : nil
            let read = USBDescriptors(bytes, configuration: configuration)
            if read.problem == nil { whole += 1 }
            let isBounded =
                read.interfaces.count <= USBDescriptors.interfaceLimit
                && read.interfaces.allSatisfy {
                    $0.endpoints.count <= USBDescriptors.endpointLimit && $0.endpoints.allSatisfy { (0...0x7ff).contains($0.packetSize) }
                }
            #expect(isBounded, "seed \(seed): \(bytes)")
            // What is made of it does not trap either.
            var list = DeviceList()
            let sighting = USBSighting(
                bus: 1, device: 2, portPath: "1", vendorID: read.vendorID, productID: read.productID, deviceClass: read.deviceClass,
                interfaces: read.interfaces, descriptorProblem: read.problem)
            _ = list.enumerated([sighting], readers: [], at: 1)
            if let place = list.views.first?.facts.usb?.place {
                #expect(place.endpointIn & 0x80 != 0 && place.endpointOut & 0x80 == 0, "seed \(seed): \(bytes)")
            }
        }
        #expect(whole > 100, "seed \(seed): hardly any was whole, so hardly anything was tried")
    }
}
