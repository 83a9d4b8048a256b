internal import CheckoutAPI
internal import Glibc

extension Checkup {
    /// Devices on USB, as the kernel shows them: looked at in `/sys`, never opened for writing.
    func usbLooks(_ agent: CheckedAgent) -> [Look] {
        let place = place
        return agent.devices.compactMap { device in device.usb.map { (device, $0) } }.filter(Self.isSpokenTo).flatMap { device, usb in
            let name = [usb.manufacturer, usb.product].compactMap { $0 }.joined(separator: " ")
            let subject = name.isEmpty ? device.device : name
            let path = "\(place.root)/sys/bus/usb/devices/\(usb.bus)-\(usb.portPath)"
            if let reason = device.reason, reason.code == "held_back" {
                return [Look("usb_access", subject, "readerd may open \(subject).") { .fail(reason.message, reason.remedy ?? "Allow it.") }]
            }
            return [
                Look("usb_access", subject, "readerd may open \(subject).") { Self.usbAccess(path, place) },
                Look("usb_driver", subject, "No kernel driver has taken \(subject).") { Self.usbDriver(path, usb) },
                Look("usb_modemmanager", subject, "ModemManager leaves \(subject) alone.") { Self.modemManager(path, place) },
                Look("usb_power", subject, "\(subject) is not switched off to save power.") { Self.usbPower(path) },
            ]
        }
    }

    /// Whether readerd speaks to it, or would: by a reader link, or as a registered reader behind a network interface of its own. A keyboard, a phone
    /// that shares its network, a smart-card reader and a card reader that only its maker's software can drive are no matter of these checks.
    static func isSpokenTo(_ device: Device, _ usb: USBIdentity) -> Bool {
        usb.link == "reader_link" || device.driveable || device.reader != nil
    }

    static func usbAccess(_ path: String, _ place: Place) -> Finding {
        guard let bus = kernelText(path + "/busnum").flatMap({ Int($0) }), let number = kernelText(path + "/devnum").flatMap({ Int($0) })
        else { return .skipped("It is not plugged in any more.") }
        func three(_ number: Int) -> String { String(repeating: "0", count: max(0, 3 - String(number).count)) + String(number) }
        let node = "\(place.root)/dev/bus/usb/\(three(bus))/\(three(number))"
        guard access(node, R_OK | W_OK) == 0 else {
            return .fail(
                "readerd may not open \(node): \(FileFacts.reason).",
                "Install readerd's udev rules (they come with the package), then: sudo udevadm control --reload && sudo udevadm trigger, or pull the plug and put it back."
            )
        }
        return .pass("\(node) can be opened.")
    }

    /// Drivers that a reader with a network interface of its own needs.
    private static let networkDrivers: Set<String> = ["cdc_ether", "cdc_ncm", "rndis_host", "cdc_subset"]

    static func usbDriver(_ path: String, _ usb: USBIdentity) -> Finding {
        let interfaces = (names(in: path) ?? []).filter { $0.contains(":") }
        let drivers = interfaces.compactMap { name -> (String, String)? in
            var buffer = [CChar](repeating: 0, count: 1024)
            let count = readlink("\(path)/\(name)/driver", &buffer, buffer.count - 1)
            guard count > 0 else { return nil }
            let text = String(decoding: buffer.prefix(count).map { UInt8(bitPattern: $0) }, as: UTF8.self)
            return (name, text.split(separator: "/").last.map(String.init) ?? text)
        }
        let others = drivers.filter { !networkDrivers.contains($0.1) && $0.1 != "usbfs" }
        guard !others.isEmpty else {
            return .pass(drivers.isEmpty ? "None has." : "\(drivers.map(\.1).joined(separator: ", ")) serves it, as it should.")
        }
        let list = others.map { "interface \($0.0) is claimed by the kernel driver \($0.1)" }.joined(separator: "; ")
        guard usb.link == "reader_link" else { return .pass("readerd does not need it: \(list).") }
        return .fail("\(list).", "Let go of it: echo \(others[0].0) | sudo tee /sys/bus/usb/drivers/\(others[0].1)/unbind")
    }

    static func modemManager(_ path: String, _ place: Place) -> Finding {
        let isModem = (names(in: path) ?? []).filter { $0.contains(":") }.contains { name in
            kernelText("\(path)/\(name)/bInterfaceClass") == "02" && kernelText("\(path)/\(name)/bInterfaceSubClass") == "02"
        }
        guard isModem else { return .pass("It does not look like a modem.") }
        let runs = (names(in: place.root + "/proc") ?? []).contains { name in
            name.utf8.allSatisfy { (48...57).contains($0) } && kernelText("\(place.root)/proc/\(name)/comm") == "ModemManager"
        }
        guard runs else { return .pass("It looks like a modem, but ModemManager does not run, as far as can be seen from here.") }
        return .warn(
            "It looks like a modem, and ModemManager runs: it probes such devices for some seconds after they are plugged in.",
            "readerd's udev rules tell it to leave the known readers alone. If this box needs no mobile network: sudo systemctl disable --now ModemManager"
        )
    }

    static func usbPower(_ path: String) -> Finding {
        guard let control = kernelText(path + "/power/control") else { return .skipped("The kernel does not say.") }
        let status = kernelText(path + "/power/runtime_status") ?? "unknown"
        guard control == "on" || status != "suspended" else {
            return .warn(
                "The kernel has switched it off to save power (autosuspend).",
                "readerd's udev rules keep the known readers on. For this one: echo on | sudo tee \(path)/power/control")
        }
        return .pass("Power management: \(control), \(status).")
    }
}
