import Moments

/// What is known of a registered reader, joined from the backend's list and Stripe's.
package struct ReaderFacts: Sendable, Equatable {
    package var id: ReaderID
    package var label: String?
    package var serial: String?
    package var model: String?
    package var software: String?
    package var address: String?
    package var baseURL: String?
    package var status: String?
    package var lastSeenAt: WallTime?
    package var livemode: Bool?
    /// The place of its own USB link, while that is plugged in and can be opened.
    package var usbPlace: USBPlace?
    package var usb: USBFacts?
    /// Where its certificate was last seen on the LAN, if that is newer than Stripe's word.
    package var seen: LANSighting?
    /// When Stripe's list began to give another address. A sighting before that is older news.
    package var addressChangedAt = WallTime.min
    /// Whether the backend's list of this location has the reader.
    package var inBackend: Bool
    /// Whether Stripe's list, as last read, tells where the reader is, under this id or under another id of the same device.
    package var inStripe: Bool
    /// Whether the whole of Stripe's list was read and lacks this id, because the reader was deleted or moved to another location.
    package var isMissingAtStripe = false

    /// Whether Stripe's list was cut before it told of this reader. Then it is not known whether the list has it.
    package var isLeftOut = false

    package init(id: ReaderID) {
        self.id = id
        self.inBackend = false
        self.inStripe = false
    }

    package mutating func merge(_ reader: BackendReader) {
        label = reader.label
        inBackend = true
    }

    package mutating func merge(_ reader: StripeReader) {
        if label == nil { label = reader.label }
        isMissingAtStripe = false
        place(as: reader)
    }

    /// Takes the place from the entry that the same device has in Stripe's list under another id.
    package mutating func borrow(from twin: StripeReader) {
        isMissingAtStripe = true
        place(as: twin)
    }

    /// Notes that the cut part of Stripe's list does not tell of this reader. The reader may be where it was when it was last listed.
    package mutating func leaveOut() {
        if address != nil, baseURL != nil { inStripe = true } else { isLeftOut = !inStripe }
    }

    private mutating func place(as reader: StripeReader) {
        isLeftOut = false
        serial = reader.serial.flatMap { $0.isEmpty ? nil : $0 } ?? serial
        model = reader.model ?? model
        software = reader.software ?? software
        address = reader.address
        baseURL = reader.baseURL
        status = reader.status
        lastSeenAt = reader.lastSeenAt
        livemode = reader.livemode ?? livemode
        inStripe = true
    }

    /// Whether both lists have the reader, as far as both are known.
    package var isRegistered: Bool { inBackend && !isMissingAtStripe }

    /// Whether the reader's type is one that no program on a box drives. Only the vendor's SDK, on a phone or a tablet, speaks with such
    /// readers (reader-protocol, section 11.1). Types that do not exist yet count as readers on the LAN.
    package var isVendorSDKOnly: Bool {
        guard let model else { return false }
        let type = model.hasPrefix("simulated_") ? model.dropFirst("simulated_".count) : model[...]
        return ["stripe_m2", "bbpos_wisepad3", "bbpos_chipper2x", "mobile_phone_reader"].contains(String(type))
    }

    /// The route to the published name of the reader: its address with dashes, under its domain (reader-protocol, section 10).
    ///
    /// Without `base_url` it uses the form before 2021. Whether current readers still have such a name is unknown.
    package func route(port: Int) -> Result<ReaderRoute, ReaderTrouble> {
        if isLeftOut {
            return .failure(
                ReaderTrouble(
                    .stripe(.invalidAnswer(detail: "the list was cut")),
                    "Stripe lists more readers than were read, and the reader \(name) was not among those: where it is is not known.",
                    remedy:
                        "Have the backend tell its Stripe location (stripe_location_id) for a cart: then its readers alone are listed."
                ))
        }
        guard inStripe else {
            return .failure(
                ReaderTrouble(
                    .notListed, "Stripe does not list the reader \(id.text).",
                    remedy: "Register the reader at this location, or correct the settings."))
        }
        guard let address, !address.isEmpty, address != "0.0.0.0" else {
            return .failure(
                ReaderTrouble(
                    .unreachable, "Stripe knows no address of the reader \(name).",
                    remedy: "Switch the reader on and connect it to the shop's network; it reports its address by itself."))
        }
        return .success(ReaderRoute(address: address, port: port, host: host(for: address)))
    }

    /// The routes to the reader, the better first. The reader's own USB link comes first, because the shop's network cannot take it away.
    ///
    /// The name to verify is the same over USB as on the LAN. When Stripe knows no address of the reader, as with one that is on no
    /// network, the name is the label `usb` under the reader's own domain: readers' certificates are wildcards under it (inferred;
    /// reader-protocol, section 10). Without a domain of its own no name would prove which reader it is, so the agent does not use the
    /// link.
    package func routes(port: Int) -> Result<[ReaderRoute], ReaderTrouble> {
        let listed = route(port: port)
        var routes: [ReaderRoute] = []
        if let elsewhere = seenRoute(port: port) { routes.append(elsewhere) }
        if case .success(let route) = listed { routes.append(route) }
        if inStripe, let usbPlace {
            if let host = routes.first?.host {
                routes.insert(ReaderRoute(.usb(usbPlace), port: port, host: host), at: 0)
            } else if let baseURL, !baseURL.isEmpty {
                routes.append(ReaderRoute(.usb(usbPlace), port: port, host: "usb." + baseURL))
            }
        }
        return routes.isEmpty ? listed.map { [$0] } : .success(routes)
    }

    /// The route to the place where the reader's certificate was seen, when that differs from Stripe's word: the reader has moved, and
    /// Stripe has not heard of it.
    ///
    /// A sighting of a certificate proves nothing. The device there has to prove a name under the reader's own domain, as everywhere. That
    /// is the name of the new address when the certificate is a wildcard, else the certificate's own name, which may still be that of the
    /// old address. (It is documented at second hand that a reader gets a certificate for its new address. It is not known whether that is
    /// a wildcard and how long the old one stays: reader-protocol, section 10.)
    private func seenRoute(port: Int) -> ReaderRoute? {
        guard inStripe, let seen, seen.address != address, let name = seen.certificateName?.lowercased(), let baseURL,
            seen.domain == baseURL.lowercased()
        else { return nil }
        return ReaderRoute(address: seen.address, port: port, host: name.hasPrefix("*.") ? host(for: seen.address) : name)
    }

    /// The reader's address, as far as it is known.
    package var currentAddress: String? { seen?.address ?? address }

    private func host(for address: String) -> String {
        let domain = baseURL.flatMap { $0.isEmpty ? nil : $0 } ?? "device.stripe-terminal-local-reader.net"
        let dashed = String(address.map { $0 == "." ? "-" : $0 })
        return dashed + "." + domain
    }

    /// The reader's label, or else its id, for sentences.
    package var name: String { label.map(Self.cleaned) ?? id.text }

    /// The label without invisible characters. Comparisons use the label as it was written.
    package static func cleaned(_ label: String) -> String {
        String(
            String.UnicodeScalarView(
                label.unicodeScalars.filter { scalar in
                    switch scalar.properties.generalCategory {
                    case .control, .format, .surrogate, .privateUse, .unassigned, .lineSeparator, .paragraphSeparator: false
                    default: true
                    }
                }))
    }

    package func isNamed(_ reference: String) -> Bool { id.text == reference || serial == reference }
}
