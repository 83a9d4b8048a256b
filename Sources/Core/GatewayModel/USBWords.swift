import Moments

/// What an enumeration of USB tells of one device, before the agent judges it. Strings are bounded and printable. All of it is the device's
/// own word and proves nothing.
package struct USBSighting: Sendable, Hashable {
    package var bus: Int
    /// The number that the kernel gave the device at this plug. The next plug gets another.
    package var device: Int
    /// The ports from the root hub down, as the kernel writes them (`1.4.2`).
    package var portPath: String
    package var vendorID: UInt16
    package var productID: UInt16
    package var deviceClass: UInt8
    package var manufacturer: String?
    package var product: String?
    package var serial: String?
    package var interfaces: [USBInterface]
    /// Whether this process may open the device's node.
    package var isAccessible: Bool
    /// Whether the kernel lets programs and drivers have the device. A device that USBGuard or the like blocks is there, but no program may
    /// use it.
    package var isAuthorized = true
    /// What is wrong with the descriptors. The readable part of them is in `interfaces`.
    package var descriptorProblem: String?

    package init(
        bus: Int, device: Int, portPath: String, vendorID: UInt16, productID: UInt16, deviceClass: UInt8 = 0, manufacturer: String? = nil,
        product: String? = nil, serial: String? = nil, interfaces: [USBInterface] = [], isAccessible: Bool = true,
        descriptorProblem: String? = nil
    ) {
        self.bus = bus
        self.device = device
        self.portPath = portPath
        self.vendorID = vendorID
        self.productID = productID
        self.deviceClass = deviceClass
        self.manufacturer = manufacturer
        self.product = product
        self.serial = serial
        self.interfaces = interfaces
        self.isAccessible = isAccessible
        self.descriptorProblem = descriptorProblem
    }
}

/// One alternate setting of an interface.
package struct USBInterface: Sendable, Hashable {
    package var number: UInt8
    package var alternate: UInt8
    package var interfaceClass: UInt8
    package var subclass: UInt8
    package var protocolCode: UInt8
    package var endpoints: [USBEndpoint]
    /// The kernel driver that holds the interface. `usbfs` means a program.
    package var driver: String?
    /// The network interface that the driver made of this interface (`usb0`).
    package var networkInterface: String?

    package init(
        number: UInt8, alternate: UInt8 = 0, interfaceClass: UInt8, subclass: UInt8, protocolCode: UInt8, endpoints: [USBEndpoint] = [],
        driver: String? = nil, networkInterface: String? = nil
    ) {
        self.number = number
        self.alternate = alternate
        self.interfaceClass = interfaceClass
        self.subclass = subclass
        self.protocolCode = protocolCode
        self.endpoints = endpoints
        self.driver = driver
        self.networkInterface = networkInterface
    }
}

package struct USBEndpoint: Sendable, Hashable {
    /// The address of the endpoint. With bit 7 set it sends towards this box.
    package var address: UInt8
    /// The attributes of the endpoint. Bits 0 and 1 tell its type: 0 control, 1 isochronous, 2 bulk, 3 interrupt.
    package var attributes: UInt8
    /// The size of a packet in bytes.
    package var packetSize: Int

    package init(address: UInt8, attributes: UInt8, packetSize: Int) {
        self.address = address
        self.attributes = attributes
        self.packetSize = packetSize
    }

    package var isBulk: Bool { attributes & 3 == 2 }
    package var isIn: Bool { address & 0x80 != 0 }
}

/// The ways in which a USB device can be spoken to.
package enum USBLinkKind: String, Sendable, Hashable, CaseIterable {
    case cdcACM = "cdc_acm"
    case hid, ccid, network, vendor
    /// The published interface of class ff/52/01 that carries a reader's TLS stream.
    case readerLink = "reader_link"
}

/// The place where a reader link is plugged in now, with everything that is needed to open it.
///
/// The cable proves nothing. The certificate proves which reader is at its end.
package struct USBPlace: Sendable, Hashable {
    package var bus: Int
    package var device: Int
    package var portPath: String
    package var interface: UInt8
    package var endpointIn: UInt8
    package var endpointOut: UInt8
    /// The size of a packet towards the device, in bytes.
    package var packetSize: Int

    package init(
        bus: Int, device: Int, portPath: String, interface: UInt8, endpointIn: UInt8, endpointOut: UInt8, packetSize: Int
    ) {
        self.bus = bus
        self.device = device
        self.portPath = portPath
        self.interface = interface
        self.endpointIn = endpointIn
        self.endpointOut = endpointOut
        self.packetSize = packetSize
    }

    /// The place as the kernel names it: `USB 1-1.4`.
    package var name: String { "USB \(bus)-\(portPath)" }
}
