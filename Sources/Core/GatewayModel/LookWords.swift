import Moments

/// What is said of looking for devices.

/// A network interface of this box with a private IPv4 address.
package struct LocalNetwork: Sendable, Hashable {
    /// As the kernel names it: `eth0`.
    package var name: String
    /// The box's own address there.
    package var address: PrivateAddress
    /// Bits of the network, 0 to 32.
    package var prefix: Int

    package init(name: String, address: PrivateAddress, prefix: Int) {
        self.name = name
        self.address = address
        self.prefix = prefix
    }
}

package struct NetworkFacts: Sendable, Hashable {
    /// Those in which readers may be, the likeliest first.
    package var networks: [LocalNetwork]
    /// Those of containers, virtual machines and tunnels, which are looked at only where somebody names them.
    package var others: [LocalNetwork] = []
    /// Whom the box has lately exchanged packets with there.
    package var neighbours: [PrivateAddress]
    /// Why there are no neighbours, when they could not be read: the networks can be looked at all the same.
    package var trouble: LookTrouble?

    package init(networks: [LocalNetwork], neighbours: [PrivateAddress], trouble: LookTrouble? = nil) {
        self.networks = networks
        self.neighbours = neighbours
        self.trouble = trouble
    }
}

/// Why something could not be looked at, in one sentence.
package struct LookTrouble: Error, Sendable, Hashable {
    package var detail: String
    package init(detail: String) { self.detail = detail }
}

/// Addresses to look at, and how.
package struct LANLook: Sendable, Hashable {
    package var addresses: [PrivateAddress]
    /// Of these it is told why nothing was found, too.
    package var told: Set<PrivateAddress>
    package var port: Int
    /// New connections a second, of all looks together.
    package var perSecond: Int
    /// How long an address may take to answer, and then to show its certificate. Milliseconds.
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
    /// What was looked at: not all when the look was given up.
    package var looked: Set<PrivateAddress>

    package init(sightings: [LANSighting], looked: Set<PrivateAddress>) {
        self.sightings = sightings
        self.looked = looked
    }
}

/// What somebody wants to have looked at now.
package struct DiscoveryOrder: Sendable, Hashable {
    package var usb: Bool
    package var lan: Bool
    /// Nil: where the settings say, else the box's own private networks. Empty: only where registered readers are said to be.
    package var subnets: [Subnet]?

    /// A look at the addresses where registered readers are said to be, and nothing else.
    package static let registeredReaders = DiscoveryOrder(usb: false, lan: true, subnets: [])

    package init(usb: Bool, lan: Bool, subnets: [Subnet]? = nil) {
        self.usb = usb
        self.lan = lan
        self.subnets = subnets
    }
}

package enum LookNews: Sendable, Equatable {
    /// How many addresses of how many have been looked at.
    case progress(looked: Int, of: Int)
    /// Seen now.
    case device(DeviceView)
}

/// What became of an order.
package struct LookSummary: Sendable, Equatable {
    /// Devices that were seen.
    package var devices = 0
    /// Addresses that were looked at.
    package var addresses = 0
    package var subnets: [Subnet] = []
    /// What was not looked at, and why.
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
        /// A network is larger than may be looked at: only the part around the box's own address was.
        case subnetCut = "subnet_cut"
        /// There are more networks than are looked at at once.
        case subnetsLeft = "subnets_left"
        /// A payment has these readers.
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
