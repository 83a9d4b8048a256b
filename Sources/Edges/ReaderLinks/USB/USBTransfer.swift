import CLibUSB
import GatewayModel
import Moments
import NIOCore
import Synchronization

/// One asynchronous transfer. Its callback completes the promise exactly once, also when it is cancelled or the device is gone. The buffer
/// and the transfer live until then.
final class USBTransfer: @unchecked Sendable {
    // `@unchecked` holds because libusb uses `pointer` and `buffer` between `submit` and the callback, and the waiter on the promise uses
    // them after it. `cancel` is libusb's own thread-safe call. The callback frees them under the lock of `isDone`, and `cancel` reads it
    // under the same lock, so that neither touches freed memory.
    private let pointer: UnsafeMutablePointer<libusb_transfer>
    private let buffer: UnsafeMutableRawBufferPointer
    private let promise: EventLoopPromise<ByteBuffer>
    private let isDone = Mutex(false)

    enum Failure: Error { case ended(String) }

    /// - Parameter bytes: the bytes to send. Nil reads up to `size` bytes.
    static func submit(
        _ handle: USBHandle, bytes: ByteBuffer?, size: Int, timeout: UInt32, promise: EventLoopPromise<ByteBuffer>
    ) -> USBTransfer? {
        guard let pointer = libusb_alloc_transfer(0) else {
            promise.fail(Failure.ended("this box has no memory left for USB"))
            return nil
        }
        let length = bytes?.readableBytes ?? size
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: max(1, length), alignment: 8)
        bytes?.withUnsafeReadableBytes { buffer.copyMemory(from: $0) }
        let transfer = USBTransfer(pointer, buffer, promise)
        let retained = Unmanaged.passRetained(transfer)
        libusb_fill_bulk_transfer(
            pointer, handle.pointer, bytes == nil ? handle.place.endpointIn : handle.place.endpointOut,
            buffer.baseAddress?.assumingMemoryBound(to: UInt8.self), CInt(length),
            { pointer in
                guard let user = pointer?.pointee.user_data else { return }
                Unmanaged<USBTransfer>.fromOpaque(user).takeRetainedValue().completed()
            }, retained.toOpaque(), timeout)
        if bytes != nil { pointer.pointee.flags = UInt8(LIBUSB_TRANSFER_ADD_ZERO_PACKET.rawValue) }
        // A device that is pulled out at this moment makes libusb run the callback before this call has returned. The call still holds the
        // transfer's own lock then, so the callback must not free it yet.
        let result = transfer.isDone.withLock { _ in libusb_submit_transfer(pointer) }
        guard result == 0 else {
            retained.release()
            transfer.free()
            promise.fail(Failure.ended(USBHost.words(result)))
            return nil
        }
        return transfer
    }

    private init(
        _ pointer: UnsafeMutablePointer<libusb_transfer>, _ buffer: UnsafeMutableRawBufferPointer, _ promise: EventLoopPromise<ByteBuffer>
    ) {
        self.pointer = pointer
        self.buffer = buffer
        self.promise = promise
    }

    func cancel() {
        isDone.withLock { isDone in
            // A transfer that libusb does not find has completed, and its callback is on the way.
            if !isDone { _ = libusb_cancel_transfer(pointer) }
        }
    }

    private func completed() {
        let status = pointer.pointee.status
        let isIn = pointer.pointee.endpoint & 0x80 != 0
        let length = Int(pointer.pointee.length)
        let actual = min(max(0, Int(pointer.pointee.actual_length)), length)
        let bytes = isIn ? ByteBuffer(bytes: UnsafeRawBufferPointer(rebasing: buffer.prefix(actual))) : ByteBuffer()
        free()
        switch status {
        case LIBUSB_TRANSFER_COMPLETED where isIn || actual == length: promise.succeed(bytes)
        case LIBUSB_TRANSFER_COMPLETED: promise.fail(Failure.ended("the reader took \(actual) of \(length) bytes"))
        case LIBUSB_TRANSFER_TIMED_OUT: promise.fail(Failure.ended("the reader took nothing in time"))
        case LIBUSB_TRANSFER_STALL: promise.fail(Failure.ended("the reader ended the stream"))
        case LIBUSB_TRANSFER_NO_DEVICE, LIBUSB_TRANSFER_ERROR: promise.fail(Failure.ended("the reader was pulled out"))
        case LIBUSB_TRANSFER_OVERFLOW: promise.fail(Failure.ended("the reader sent more than was asked for"))
        default: promise.fail(Failure.ended("the transfer was given up"))
        }
    }

    private func free() {
        isDone.withLock { isDone in
            isDone = true
            libusb_free_transfer(pointer)
            buffer.deallocate()
        }
    }
}
