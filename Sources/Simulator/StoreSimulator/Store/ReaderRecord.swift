/// How the backend's list of readers gives a label.
package enum ListedLabel: String, Sendable, CaseIterable {
    case asItIs = "as_it_is"
    case empty, missing
}

/// A reader of the store: the device, its registration, and its address.
struct ReaderRecord: Sendable {
    let serial: String
    let deviceType: String
    /// The domain of the `base_url` that Stripe lists: the random label and the domain.
    let domain: String
    /// The reader's id. It is nil while the reader is not registered.
    var id: String?
    var label: String?
    /// How the backend's list gives this reader's label.
    var listedLabel = ListedLabel.asItIs
    /// Mariana's id of the location where it is registered.
    var location: String?
    var registrationCode: String?
    /// The moment from which the lists show the registration.
    var listedFrom = 0
    /// The reader's address.
    var address: String
    let port: Int
    /// The address that Stripe lists for it.
    var publishedAddress: String
    var isOn = true
    /// The status that Stripe lists for it. Nil follows the truth.
    var publishedStatus: String?
    var lastSeen: Int
    var machine: ReaderMachine

    static let domainSuffix = "device.stripe-terminal-local-reader.net"

    /// Types that only their vendor's program drives, over Bluetooth, USB or within a phone.
    private static let mobileTypes: Set = ["stripe_m2", "bbpos_wisepad3", "bbpos_chipper2x", "mobile_phone_reader"]

    var isMobile: Bool { Self.mobileTypes.contains(deviceType) }

    /// The name in the reader's certificate.
    var host: String { Self.host(address: address, domain: domain) }

    static func host(address: String, domain: String) -> String {
        "\(address.split(separator: ".").joined(separator: "-")).\(domain)"
    }

    func isNamed(_ name: String) -> Bool { serial == name || id == name || label == name }
}
