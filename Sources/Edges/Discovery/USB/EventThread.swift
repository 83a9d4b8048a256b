import CLibUSB
import Glibc
import Synchronization

/// The one thread that handles a libusb context's events.
final class EventThread: Sendable {
    enum Failure: Error { case cannotStart(CInt) }

    /// `@unchecked` holds because libusb's contexts may be used from any thread (libusb, "Multi-threaded applications and asynchronous
    /// I/O"). The pointer is never written, and the context's owner ends it only when this thread has ended.
    private struct Context: @unchecked Sendable { var pointer: OpaquePointer }

    private final class Work: Sendable {
        let context: Context
        let isStopping = Atomic(false)

        init(_ context: Context) { self.context = context }

        func run() {
            while !isStopping.load(ordering: .acquiring) {
                var limit = timeval(tv_sec: 60, tv_usec: 0)
                let result = libusb_handle_events_timeout_completed(context.pointer, &limit, nil)
                // An error that comes back at once must not make this thread spin.
                if result != 0, result != LIBUSB_ERROR_INTERRUPTED.rawValue { usleep(100_000) }
            }
        }
    }

    private let work: Work
    private let thread: pthread_t

    init(_ context: OpaquePointer) throws(Failure) {
        let work = Work(Context(pointer: context))
        var thread = pthread_t()
        let retained = Unmanaged.passRetained(work)
        let result = pthread_create(
            &thread, nil,
            { argument in
                guard let argument else { return nil }
                Unmanaged<Work>.fromOpaque(argument).takeRetainedValue().run()
                return nil
            }, retained.toOpaque())
        guard result == 0 else {
            retained.release()
            throw .cannotStart(result)
        }
        self.work = work
        self.thread = thread
    }

    /// Returns when the thread has ended.
    func stop() {
        work.isStopping.store(true, ordering: .releasing)
        libusb_interrupt_event_handler(work.context.pointer)
        pthread_join(thread, nil)
    }
}
