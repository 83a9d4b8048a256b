internal import GatewayModel
import TextSafety
import Moments
import Glibc

/// What the kernel says of a USB device in `/sys/bus/usb/devices`. It is read without opening the device, so that nothing on it is
/// disturbed.
struct USBFiles {
    static let root = "/sys/bus/usb/devices"
    /// A device's descriptors are 18 bytes and 64 KiB a configuration at the very most. A longer file is cut off here and fails in the
    /// parser.
    static let descriptorLimit = 65_536

    /// The device's name there, `1-1.4`.
    let name: String

    init(bus: Int, portPath: String) { name = "\(bus)-\(portPath)" }

    private var directory: String { Self.root + "/" + name }

    /// The sighting is nil when the device has gone, or is another one by now.
    func sighting(bus: Int, device: Int, portPath: String) -> USBSighting? {
        guard let bytes = Self.bytes(directory + "/descriptors", limit: Self.descriptorLimit), number("devnum") == device else {
            return nil
        }
        let descriptors = USBDescriptors(bytes, configuration: number("bConfigurationValue").flatMap { UInt8(exactly: $0) })
        var sighting = USBSighting(
            bus: bus, device: device, portPath: portPath, vendorID: descriptors.vendorID, productID: descriptors.productID,
            deviceClass: descriptors.deviceClass, manufacturer: text("manufacturer"), product: text("product"), serial: text("serial"),
            interfaces: descriptors.interfaces, isAccessible: access(Self.node(bus, device), R_OK | W_OK) == 0,
            descriptorProblem: descriptors.problem)
        sighting.isAuthorized = number("authorized") != 0
        if sighting.serial == nil, KnownReader.find(sighting)?.hasSerialAsProduct == true { sighting.serial = sighting.product }
        let configuration = number("bConfigurationValue") ?? 1
        for index in sighting.interfaces.indices {
            let path = "\(directory):\(configuration).\(sighting.interfaces[index].number)"
            sighting.interfaces[index].driver = Self.link(path + "/driver")
            sighting.interfaces[index].networkInterface = Self.entries(path + "/net").min()
        }
        return sighting
    }

    private static func node(_ bus: Int, _ device: Int) -> String { "/dev/bus/usb/\(padded(bus))/\(padded(device))" }

    private static func padded(_ number: Int) -> String {
        let digits = String(number)
        return String(repeating: "0", count: max(0, 3 - digits.count)) + digits
    }

    /// A string that the device gave, fit to be shown. It is nil when the device gave none.
    private func text(_ attribute: String) -> String? {
        guard let bytes = Self.bytes(directory + "/" + attribute, limit: 512) else { return nil }
        // Serial numbers are compared, and one of 15 digits is an IMEI, which passes a card's check. The kernel ends each string with a
        // line end.
        let text = Shown.name(String(decoding: bytes.prefix(128).prefix { $0 != 0x0a }, as: UTF8.self))
        return text.isEmpty ? nil : text
    }

    private func number(_ attribute: String) -> Int? {
        guard let bytes = Self.bytes(directory + "/" + attribute, limit: 32) else { return nil }
        return Int(String(decoding: bytes.filter { $0 > 0x20 }, as: UTF8.self))
    }

    /// The file's bytes. They are nil when it cannot be read: a device that is being pulled out still has some of its files, and not
    /// others.
    private static func bytes(_ path: String, limit: Int) -> [UInt8]? {
        let file = open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { return nil }
        defer { close(file) }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 4096)
        while bytes.count < limit {
            let count = buffer.withUnsafeMutableBytes { read(file, $0.baseAddress, min($0.count, limit - bytes.count)) }
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { return nil }
            if count == 0 { break }
            bytes += buffer.prefix(count)
        }
        return bytes
    }

    /// The last part of a link's target.
    private static func link(_ path: String) -> String? {
        var buffer = [CChar](repeating: 0, count: 1024)
        let count = readlink(path, &buffer, buffer.count)
        guard count > 0 else { return nil }
        return String(decoding: buffer.prefix(count).map { UInt8(bitPattern: $0) }, as: UTF8.self).split(separator: "/").last.map(
            String.init)
    }

    private static func entries(_ path: String) -> [String] {
        guard let directory = opendir(path) else { return [] }
        defer { closedir(directory) }
        var names: [String] = []
        while names.count < 16, let entry = readdir(directory) {
            let name = withUnsafeBytes(of: entry.pointee.d_name) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
            if name != ".", name != ".." { names.append(name) }
        }
        return names
    }
}
