/// How the backend's list of readers tells a label.
package enum ListedLabel: String, Sendable, CaseIterable {
    case asItIs = "as_it_is"
    case empty, missing
}

/// A reader of the store: the device, its registration, and where it is.
struct ReaderRecord: Sendable {
    let serial: String
    let deviceType: String
    /// The `base_url` that Stripe lists: the random label and the domain.
    let domain: String
    /// Nil while it is not registered.
    var id: String?
    var label: String?
    /// How the backend's list tells the label.
    var listedLabel = ListedLabel.asItIs
    /// Mariana's id of the location that it is registered at.
    var location: String?
    var registrationCode: String?
    /// When a registration begins to show in the lists.
    var listedFrom = 0
    /// Where it is.
    var address: String
    let port: Int
    /// Where Stripe thinks it is.
    var publishedAddress: String
    var isOn = true
    /// What Stripe says of it; nil follows the truth.
    var publishedStatus: String?
    var lastSeen: Int
    var machine: ReaderMachine

    static let domainSuffix = "device.stripe-terminal-local-reader.net"

    /// Types that only their vendor's program drives, over Bluetooth, USB or within a phone.
    private static let mobileTypes: Set = ["stripe_m2", "bbpos_wisepad3", "bbpos_chipper2x", "mobile_phone_reader"]

    var isMobile: Bool { Self.mobileTypes.contains(deviceType) }

    /// The name that its certificate bears.
    var host: String { Self.host(address: address, domain: domain) }

    static func host(address: String, domain: String) -> String {
        "\(address.split(separator: ".").joined(separator: "-")).\(domain)"
    }

    func isNamed(_ name: String) -> Bool { serial == name || id == name || label == name }
}
