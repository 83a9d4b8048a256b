import CLibUSB
import GatewayModel
import Moments
import Glibc

/// libusb for the open reader links: one context, and one thread that handles its events. The host is made when the first link is opened.
final class USBHost: Sendable {
    /// `@unchecked` holds because libusb's contexts may be used from any thread (libusb, "Multi-threaded applications and asynchronous
    /// I/O"). The pointer is never written, and a context whose thread has started is never ended: it serves until the process ends.
    private struct Context: @unchecked Sendable { var pointer: OpaquePointer }

    private let context: Context

    init() throws(ReaderFailure) {
        var context: OpaquePointer?
        let result = libusb_init(&context)
        guard result == 0, let context else {
            throw .unreachable(detail: "libusb does not start (\(Self.words(result)))")
        }
        self.context = Context(pointer: context)
        var thread = pthread_t()
        // The host lives as long as the process: links come and go, and a thread that waits costs nothing.
        let retained = Unmanaged.passRetained(self)
        let started = pthread_create(
            &thread, nil,
            { argument in
                if let argument { Unmanaged<USBHost>.fromOpaque(argument).takeUnretainedValue().handleEvents() }
                return nil
            }, retained.toOpaque())
        guard started == 0 else {
            retained.release()
            libusb_exit(context)
            throw .unreachable(detail: "this box has no thread left for USB")
        }
        pthread_detach(thread)
    }

    private func handleEvents() {
        while true {
            var limit = timeval(tv_sec: 60, tv_usec: 0)
            let result = libusb_handle_events_timeout_completed(context.pointer, &limit, nil)
            // An error that comes back at once must not make this thread spin.
            if result != 0, result != LIBUSB_ERROR_INTERRUPTED.rawValue { usleep(100_000) }
        }
    }

    /// Opens and claims the link at its place, and begins a new stream. The call blocks, and belongs on a thread that may wait.
    func open(_ place: USBPlace) throws(ReaderFailure) -> USBHandle {
        var list: UnsafeMutablePointer<OpaquePointer?>?
        let count = libusb_get_device_list(context.pointer, &list)
        guard count >= 0, let list else { throw .unreachable(detail: "the USB devices cannot be listed (\(Self.words(CInt(count))))") }
        defer { libusb_free_device_list(list, 1) }
        for index in 0..<Int(count) {
            guard let device = list[index], Int(libusb_get_bus_number(device)) == place.bus,
                Int(libusb_get_device_address(device)) == place.device
            else { continue }
            var pointer: OpaquePointer?
            let opened = libusb_open(device, &pointer)
            guard opened == 0, let pointer else { throw Self.failure("\(place.name) cannot be opened", opened) }
            let claimed = libusb_claim_interface(pointer, CInt(place.interface))
            guard claimed == 0 else {
                libusb_close(pointer)
                throw Self.failure("the reader link of \(place.name) cannot be claimed", claimed)
            }
            let handle = USBHandle(pointer: pointer, place: place)
            let began = handle.begin()
            guard began == 0 else {
                handle.close()
                throw Self.failure("no stream can be begun with \(place.name)", began)
            }
            return handle
        }
        throw .unreachable(detail: "\(place.name) is not plugged in any more")
    }

    private static func failure(_ what: String, _ code: CInt) -> ReaderFailure {
        switch code {
        case LIBUSB_ERROR_ACCESS.rawValue:
            .unreachable(detail: "\(what): readerd may not (install its udev rules, and plug the reader in again)")
        case LIBUSB_ERROR_BUSY.rawValue: .unreachable(detail: "\(what): another program or a kernel driver has it")
        case LIBUSB_ERROR_PIPE.rawValue: .unreachable(detail: "\(what): it refuses the request")
        case LIBUSB_ERROR_TIMEOUT.rawValue: .unreachable(detail: "\(what): it does not answer in time")
        case LIBUSB_ERROR_NO_DEVICE.rawValue, LIBUSB_ERROR_IO.rawValue, LIBUSB_ERROR_NOT_FOUND.rawValue:
            .unreachable(detail: "\(what): it has been pulled out")
        default: .unreachable(detail: "\(what) (\(words(code)))")
        }
    }

    static func words(_ code: CInt) -> String { String(cString: libusb_strerror(code)) }
}
