import Glibc
import Synchronization

/// The keys that are pressed, read by a thread of its own: a read from a terminal cannot be waited for in another way without changing how everybody
/// else reads from it.
final class Keys: Sendable {
    let pressed: AsyncStream<UInt8>
    private let report: AsyncStream<UInt8>.Continuation
    /// The descriptor that is closed to end the thread.
    private let stopper: Mutex<CInt?>

    /// Nil when no thread can be made for it: then there are no keys.
    init?() {
        var pipe: [CInt] = [-1, -1]
        guard Glibc.pipe(&pipe) == 0 else { return nil }
        (pressed, report) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(64))
        stopper = Mutex(pipe[1])
        let work = Work(stop: pipe[0], report: report)
        var thread = pthread_t()
        let box = Unmanaged.passRetained(work)
        let code = pthread_create(
            &thread, nil,
            { raw in
                guard let raw else { return nil }
                Unmanaged<Work>.fromOpaque(raw).takeRetainedValue().run()
                return nil
            }, box.toOpaque())
        guard code == 0 else {
            box.release()
            close(pipe[0])
            stop()
            return nil
        }
        pthread_detach(thread)
    }

    deinit { stop() }

    func stop() {
        stopper.withLock { stopper in
            if let descriptor = stopper { close(descriptor) }
            stopper = nil
        }
    }

    private final class Work: Sendable {
        let stop: CInt
        let report: AsyncStream<UInt8>.Continuation

        init(stop: CInt, report: AsyncStream<UInt8>.Continuation) {
            self.stop = stop
            self.report = report
        }

        func run() {
            defer {
                close(stop)
                report.finish()
            }
            while true {
                var waits = [
                    pollfd(fd: STDIN_FILENO, events: Int16(POLLIN), revents: 0), pollfd(fd: stop, events: Int16(POLLIN), revents: 0),
                ]
                let count = poll(&waits, 2, -1)
                if count < 0, errno == EINTR { continue }
                guard count > 0, waits[1].revents == 0 else { return }
                var bytes = [UInt8](repeating: 0, count: 64)
                let length = read(STDIN_FILENO, &bytes, bytes.count)
                if length < 0, errno == EINTR || errno == EAGAIN { continue }
                // Nothing more comes from a terminal that was hung up.
                guard length > 0 else { return }
                for byte in bytes.prefix(length) { report.yield(byte) }
            }
        }
    }
}
