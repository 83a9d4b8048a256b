import CheckoutAPI

/// A reader in words.
enum ReaderWords {
    static func state(_ state: Reader.State) -> String {
        shown(state.rawValue, limit: 40).split(separator: "_").joined(separator: " ")
    }

    static func name(_ reader: Reader) -> String {
        reader.label ?? reader.serial ?? reader.reader ?? "(no name)"
    }

    /// Its address, or the cable; nothing while nobody knows where in the network it is.
    static func place(_ reader: Reader) -> String { reader.address ?? (reader.transport == .usb ? "usb" : "-") }

    /// The readers as a table, and below it why some cannot be used.
    static func table(_ readers: [Reader]) -> [String] {
        guard !readers.isEmpty else { return ["No readers are known."] }
        var table = Table([
            .init(title: "LABEL", gives: true), .init(title: "READER"), .init(title: "STATE"), .init(title: "LANE", gives: true),
            .init(title: "ADDRESS"),
        ])
        for reader in readers {
            table.add([
                name(reader), reader.reader ?? "-", state(reader.state), reader.lane ?? "-",
                place(reader),
            ])
        }
        return table.lines + readers.compactMap { reader in reader.reason.map { self.reason($0, of: name(reader)) } }
    }

    static func reason(_ reason: Reason, of name: String) -> String {
        wrapped("\(shown(name)): \(self.reason(reason))")
    }

    static func reason(_ reason: Reason) -> String {
        shown(reason.message) + (reason.remedy.map { " What to do: \(shown($0))" } ?? "")
    }
}
