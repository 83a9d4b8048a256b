internal import GatewayCore
import GatewayModel
import Moments

/// Devices and networks of every sort (``Odds``).
extension World {
    mutating func seesStrangers() {
        feed(
            .devices(
                .lan([
                    LANSighting(address: "10.0.0.201", port: 4443, problem: "connection refused"),
                    LANSighting(
                        address: "10.0.0.202", port: 4443, certificateName: "a.r98.\(ReaderName.suffix)", problem: "it has expired"),
                    LANSighting(address: "10.0.0.203", port: 4443, certificateName: "a.r99.\(ReaderName.suffix)"),
                ])))
    }

    mutating func changesLooks() {
        policy.usbExclude = dice.of([[], ["46d:c31c"], ["S0", "nothing"]])
        policy.lanAddresses = dice.chance(500) ? [PrivateAddress(bits: 0x0a00_00c9)].compactMap { $0 } : []
        policy.lanSubnets =
            dice.chance(300) ? [PrivateAddress(bits: 0x0a00_0000).flatMap { Subnet(around: $0, prefix: 24) }].compactMap { $0 } : []
        feed(.policy(policy))
    }

    /// The box's networks. They depend on the call and on no dice, as all of a look.
    func networks(asked id: CallID) -> Result<NetworkFacts, LookTrouble> {
        func network(_ name: String, _ bits: UInt32, _ prefix: Int) -> [LocalNetwork] {
            PrivateAddress(bits: bits).map { [LocalNetwork(name: name, address: $0, prefix: prefix)] } ?? []
        }
        var facts = NetworkFacts(networks: network("eth0", 0x0a00_0002, 24), neighbours: [])
        guard odds.devices, !isClosed else { return .success(facts) }
        switch id.value % 6 {
        case 0: return .failure(LookTrouble(detail: "netlink does not answer"))
        case 1: facts.networks = []
        case 2: facts.networks += (1...40).flatMap { network("eth\($0)", 0x0a00_0002 + UInt32($0) << 16, 24) }
        case 3: facts.networks = network("eth0", 0x0a00_0002, 16)
        case 4: facts.others = network("docker0", 0xac11_0001, 16)
        default: facts.trouble = LookTrouble(detail: "the neighbour table is closed")
        }
        return .success(facts)
    }

    func usb(asked id: CallID) -> Result<[USBSighting], LookTrouble> {
        if odds.devices, !isClosed, id.value % 3 == 0 { return .failure(LookTrouble(detail: "libusb does not start")) }
        return .success(extras.cables > 0 ? onUSB() : [])
    }

    static let devicesOfEverySort: [USBSighting] = {
        let ends = [USBEndpoint(address: 0x81, attributes: 2, packetSize: 512), USBEndpoint(address: 0x01, attributes: 2, packetSize: 512)]
        let link = USBInterface(number: 0, interfaceClass: 0xff, subclass: 0x52, protocolCode: 0x01, endpoints: ends)
        var (endless, driven) = (link, link)
        endless.endpoints = []
        driven.driver = "cdc_acm"
        let card = USBInterface(number: 0, interfaceClass: 0x0b, subclass: 0, protocolCode: 0)
        var network = USBInterface(number: 0, interfaceClass: 0x02, subclass: 0x06, protocolCode: 0)
        network.networkInterface = "usb0"
        func device(
            _ number: Int, _ vendor: UInt16, _ product: UInt16, _ maker: String?, _ serial: String?, _ interface: USBInterface?
        ) -> USBSighting {
            USBSighting(
                bus: 2, device: number, portPath: "\(number)", vendorID: vendor, productID: product, manufacturer: maker, serial: serial,
                interfaces: interface.map { [$0] } ?? [])
        }
        var (heldBack, closed, garbled) = (
            device(1, 0x1209, 1, nil, "X1", link), device(2, 0x1209, 1, nil, "X2", link), device(3, 0x1209, 2, nil, nil, nil)
        )
        heldBack.isAuthorized = false
        closed.isAccessible = false
        garbled.descriptorProblem = "a length of zero"
        return [
            heldBack, closed, garbled, device(4, 0x1209, 1, nil, "X4", endless), device(5, 0x1209, 1, nil, "X5", driven),
            device(6, 0x1209, 1, nil, nil, link), device(7, 0x1209, 1, nil, "X7", link), device(8, 0x11ca, 0x0201, "Verifone", nil, card),
            device(9, 0x15a2, 0x0101, "BBPOS", nil, nil), device(10, 0x0b00, 0x1001, nil, nil, nil), device(11, 0x1209, 3, nil, nil, card),
            device(12, 0x1209, 4, nil, nil, network), device(13, 0x1209, 4, nil, "S0", network), device(14, 0x1209, 5, nil, nil, nil),
        ]
    }()
}
