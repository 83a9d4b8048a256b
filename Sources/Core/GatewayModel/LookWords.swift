import Moments

/// This file holds the terms of a scan for devices.

/// A network interface of this box with a private IPv4 address.
package struct LocalNetwork: Sendable, Hashable {
    /// The name that the kernel gives it, such as `eth0`.
    package var name: String
    /// The box's own address in the network.
    package var address: PrivateAddress
    /// The length of the network's prefix in bits, 0 to 32.
    package var prefix: Int

    package init(name: String, address: PrivateAddress, prefix: Int) {
        self.name = name
        self.address = address
        self.prefix = prefix
    }
}

package struct NetworkFacts: Sendable, Hashable {
    /// The networks that may have readers, the likeliest first.
    package var networks: [LocalNetwork]
    /// The networks of containers, virtual machines and tunnels. The agent scans them only where the settings or an order name them.
    package var others: [LocalNetwork] = []
    /// The addresses with which the box has lately exchanged packets there.
    package var neighbours: [PrivateAddress]
    /// Why the neighbours could not be read. The agent can scan the networks all the same.
    package var trouble: LookTrouble?

    package init(networks: [LocalNetwork], neighbours: [PrivateAddress], trouble: LookTrouble? = nil) {
        self.networks = networks
        self.neighbours = neighbours
        self.trouble = trouble
    }
}

/// Why a scan was not possible, in one sentence.
package struct LookTrouble: Error, Sendable, Hashable {
    package var detail: String
    package init(detail: String) { self.detail = detail }
}

/// Addresses to scan, and how to scan them.
package struct LANLook: Sendable, Hashable {
    package var addresses: [PrivateAddress]
    /// The addresses for which the edge also tells why it found nothing.
    package var told: Set<PrivateAddress>
    package var port: Int
    /// New connections per second, over all scans together.
    package var perSecond: Int
    /// How long an address may take to answer, and then to show its certificate, in milliseconds.
    package var answerTime: Int64
    package var certificateTime: Int64

    package init(
        addresses: [PrivateAddress], told: Set<PrivateAddress> = [], port: Int, perSecond: Int, answerTime: Int64, certificateTime: Int64
    ) {
        self.addresses = addresses
        self.told = told
        self.port = port
        self.perSecond = perSecond
        self.answerTime = answerTime
        self.certificateTime = certificateTime
    }
}

package struct LANFindings: Sendable, Hashable {
    package var sightings: [LANSighting]
    /// The addresses that the edge scanned. Some are missing when the scan was given up.
    package var looked: Set<PrivateAddress>

    package init(sightings: [LANSighting], looked: Set<PrivateAddress>) {
        self.sightings = sightings
        self.looked = looked
    }
}

/// An order to scan for devices now.
package struct DiscoveryOrder: Sendable, Hashable {
    package var usb: Bool
    package var lan: Bool
    /// The subnets to scan; nil for those of the settings, else the box's own private networks. When empty, only the listed places of
    /// registered readers count.
    package var subnets: [Subnet]?

    /// A scan of the addresses that the lists give for registered readers, and of nothing else.
    package static let registeredReaders = DiscoveryOrder(usb: false, lan: true, subnets: [])

    package init(usb: Bool, lan: Bool, subnets: [Subnet]? = nil) {
        self.usb = usb
        self.lan = lan
        self.subnets = subnets
    }
}

package enum LookNews: Sendable, Equatable {
    /// How many of how many addresses the scan has covered.
    case progress(looked: Int, of: Int)
    /// A device that the scan has just seen.
    case device(DeviceView)
}

/// The result of an order.
package struct LookSummary: Sendable, Equatable {
    /// The number of devices seen.
    package var devices = 0
    /// The number of addresses scanned.
    package var addresses = 0
    package var subnets: [Subnet] = []
    /// What the scan left out, and why.
    package var notes: [LookNote] = []

    package init() {}
}

package struct LookNote: Sendable, Hashable {
    package enum Code: String, Sendable, Hashable {
        /// The settings switch USB off.
        case usbOff = "usb_off"
        case usbUnavailable = "usb_unavailable"
        case lanUnavailable = "lan_unavailable"
        /// The box has no private IPv4 network.
        case noSubnet = "no_subnet"
        /// A network is larger than a scan may cover, so the scan covered only the part around the box's own address.
        case subnetCut = "subnet_cut"
        /// There are more networks than one scan covers.
        case subnetsLeft = "subnets_left"
        /// A payment holds these readers.
        case readersBusy = "readers_busy"
    }

    package var code: Code
    package var message: String
    package var remedy: String?

    package init(_ code: Code, _ message: String, remedy: String? = nil) {
        self.code = code
        self.message = message
        self.remedy = remedy
    }
}
