import CLibUSB
import GatewayModel
import Synchronization

/// An open device with its claimed reader link.
///
/// The owner closes it once, after the last of its transfers has come back: libusb neither counts its transfers nor notices a second close.
/// ``PumpMachine`` decides when that is.
final class USBHandle: @unchecked Sendable {
    // `@unchecked` holds because libusb's calls on a handle may be made from any thread (libusb, "Multi-threaded applications and
    // asynchronous I/O") until it is closed. `isClosed` lets one caller close it. No transfer is submitted by then, for the machine submits
    // nothing after "give back".
    let pointer: OpaquePointer
    let place: USBPlace
    private let isClosed = Atomic(false)

    /// The milliseconds in which a device answers a control request. The USB specification gives it 50 (USB 2.0, section 9.2.6.4), and
    /// cheap devices take more.
    static let controlLimit: UInt32 = 1_000

    init(pointer: OpaquePointer, place: USBPlace) {
        self.pointer = pointer
        self.place = place
    }

    /// Begins a new stream, which ends an earlier one: both ends forget what they had of it. The call blocks, and belongs on a thread that
    /// may wait.
    ///
    /// The request goes out as a control transfer and not through `libusb_set_interface_alt_setting`. That call of libusb 1.0.26 (Debian
    /// 12) unlocks a lock that it does not hold when the device has just been pulled out, and `libusb_close` then ends the process. The
    /// kernel would also have begun both endpoints' packets with DATA0 again. Clearing their halts does that here.
    ///
    /// - Returns: libusb's code.
    func begin() -> CInt {
        // The request is SET_INTERFACE (USB 2.0, section 9.4.10) with alternate setting 0, the only one that the interface has.
        let result = libusb_control_transfer(pointer, 0x01, 0x0b, 0, UInt16(place.interface), nil, 0, Self.controlLimit)
        guard result >= 0 else { return result }
        for endpoint in [place.endpointIn, place.endpointOut] {
            let cleared = libusb_clear_halt(pointer, endpoint)
            guard cleared == 0 else { return cleared }
        }
        return 0
    }

    /// Ends the stream and gives the interface back. The call blocks, and belongs on a thread that may wait.
    ///
    /// - Returns: whether this call did it, as the first one does.
    @discardableResult
    func close() -> Bool {
        guard !isClosed.exchange(true, ordering: .acquiringAndReleasing) else { return false }
        // The device drops what is left of the stream. One that has been pulled out cannot, and need not.
        _ = begin()
        libusb_release_interface(pointer, CInt(place.interface))
        libusb_close(pointer)
        return true
    }
}
