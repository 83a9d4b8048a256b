import CLibUSB
internal import GatewayModel
import Moments
import Glibc

/// The reason why USB cannot be scanned.
package struct USBFailure: Error, Sendable, CustomStringConvertible {
    package var description: String

    init(_ what: String, _ code: CInt) {
        description = "\(what): \(String(cString: libusb_strerror(code)))"
    }
}

/// libusb for scanning, not for opening: the list of what is plugged in, and a signal whenever that changes.
///
/// One thread handles libusb's events. The callback that it runs only hands the signal over. The thread ends with ``stop()``.
final class USBContext: Sendable {
    /// libusb's context is safe to use from several threads (libusb, "Multi-threaded applications"); nothing else is held here.
    private struct Pointers: @unchecked Sendable {
        var context: OpaquePointer
        var hotplug: libusb_hotplug_callback_handle
    }

    /// The receiver of the callback's signal. The context retains it until its thread has ended.
    private final class Poked: Sendable {
        let poke: @Sendable () -> Void
        init(_ poke: @escaping @Sendable () -> Void) { self.poke = poke }
    }

    private let pointers: Pointers
    private let poked: Poked
    private let thread: EventThread
    /// Whether libusb reports plug events by itself here. Without that only the rescan finds them.
    let hasHotplug: Bool

    init(poke: @escaping @Sendable () -> Void) throws(USBFailure) {
        var context: OpaquePointer?
        let result = libusb_init(&context)
        guard result == 0, let context else { throw USBFailure("libusb does not start", result) }
        let poked = Poked(poke)
        var hotplug: libusb_hotplug_callback_handle = 0
        let events = CInt(LIBUSB_HOTPLUG_EVENT_DEVICE_ARRIVED.rawValue | LIBUSB_HOTPLUG_EVENT_DEVICE_LEFT.rawValue)
        let any = CInt(-1)  // LIBUSB_HOTPLUG_MATCH_ANY
        let registered = libusb_hotplug_register_callback(
            context, events, 0, any, any, any,
            { _, _, _, user in
                if let user { Unmanaged<Poked>.fromOpaque(user).takeUnretainedValue().poke() }
                return 0
            }, Unmanaged.passUnretained(poked).toOpaque(), &hotplug)
        hasHotplug = registered == 0
        self.poked = poked
        pointers = Pointers(context: context, hotplug: hotplug)
        do throws(EventThread.Failure) {
            thread = try EventThread(context)
        } catch {
            libusb_exit(context)
            throw USBFailure("no thread for libusb's events", CInt(LIBUSB_ERROR_NO_MEM.rawValue))
        }
    }

    /// Everything that is plugged in now, hubs included.
    ///
    /// - Returns: the sightings, and whether all could be read. A device that is coming or going at this moment could not.
    func enumerate() throws(USBFailure) -> (sightings: [USBSighting], isWhole: Bool) {
        var list: UnsafeMutablePointer<OpaquePointer?>?
        let count = libusb_get_device_list(pointers.context, &list)
        guard count >= 0, let list else { throw USBFailure("the USB devices cannot be listed", CInt(count)) }
        defer { libusb_free_device_list(list, 1) }
        var sightings: [USBSighting] = []
        var isWhole = true
        for index in 0..<Int(count) {
            guard let device = list[index] else { continue }
            var ports = [UInt8](repeating: 0, count: 8)
            let depth = Int(libusb_get_port_numbers(device, &ports, CInt(ports.count)))
            // A root hub has no port.
            guard depth > 0 else { continue }
            let bus = Int(libusb_get_bus_number(device))
            let path = ports.prefix(depth).map { String($0) }.joined(separator: ".")
            let files = USBFiles(bus: bus, portPath: path)
            if let sighting = files.sighting(bus: bus, device: Int(libusb_get_device_address(device)), portPath: path) {
                sightings.append(sighting)
            } else {
                isWhole = false
            }
        }
        return (sightings, isWhole)
    }

    /// Ends the thread and frees libusb. No call may follow.
    func stop() {
        if hasHotplug { libusb_hotplug_deregister_callback(pointers.context, pointers.hotplug) }
        thread.stop()
        libusb_exit(pointers.context)
    }
}
