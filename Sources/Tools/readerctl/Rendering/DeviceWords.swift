import CheckoutAPI

/// A device in words.
enum DeviceWords {
    /// What it is, as far as it is known.
    static func name(_ device: Device) -> String {
        if let model = device.model { return model }
        if let usb = device.usb {
            let said = [usb.manufacturer, usb.product].compactMap { $0 }.joined(separator: " ")
            return said.isEmpty ? "USB device \(usb.vendorID):\(usb.productID)" : said
        }
        return device.host == nil ? "no reader" : "card reader"
    }

    static func place(_ device: Device) -> String {
        if let usb = device.usb { return "USB \(usb.bus)-\(usb.portPath)" }
        return device.address ?? shown(device.device, limit: 60)
    }

    /// What it is to this agent, in a word.
    static func standing(_ device: Device) -> String {
        guard let reason = device.reason else { return device.reader.map { "reader \($0)" } ?? "can be driven" }
        return shown(reason.code, limit: 40).split(separator: "_").joined(separator: " ")
    }

    /// The devices as a table, and below it what is to be said of each, but of those that are no readers only when there is something to do.
    static func table(_ devices: [Device]) -> [String] {
        guard !devices.isEmpty else { return ["No devices are seen."] }
        var table = Table([.init(title: "WHERE"), .init(title: "WHAT", gives: true), .init(title: "STANDING", gives: true)])
        let sorted = devices.sorted { order($0).lexicographicallyPrecedes(order($1)) }
        for device in sorted { table.add([place(device), name(device), standing(device)]) }
        return table.lines
            + sorted.compactMap { device in device.reason.map { wrapped("\(shown(place(device))): \(ReaderWords.reason($0))") } }
    }

    /// The order of the table: USB before the LAN, each by its numbers and not by their digits.
    private static func order(_ device: Device) -> [Int] {
        let numbers = place(device).split { !$0.isASCII || !$0.isNumber }.map { Int($0) ?? 0 }
        return [device.transport == .usb ? 0 : 1] + numbers
    }

    /// The end of a scan.
    static func summary(_ summary: DiscoverySummary) -> [String] {
        let tenths = Int((summary.durationSeconds * 10).rounded())
        let seconds = "\(tenths / 10).\(tenths % 10) s"
        let devices = summary.devices == 1 ? "1 device" : "\(summary.devices) devices"
        let count = summary.addresses == 1 ? "1 address" : "\(summary.addresses) addresses"
        let lan = summary.addresses == 0 ? "" : ", \(count)" + networks(summary)
        return ["\(devices)\(lan), in \(seconds)."] + summary.notes.map { wrapped(ReaderWords.reason($0)) }
    }

    private static func networks(_ summary: DiscoverySummary) -> String {
        summary.subnets.isEmpty ? "" : " (\(summary.subnets.map { shown($0, limit: 20) }.joined(separator: ", ")))"
    }
}
