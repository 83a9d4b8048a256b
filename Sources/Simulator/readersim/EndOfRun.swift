import Dispatch
@preconcurrency import Glibc

/// Waits for the end of the program: SIGTERM, SIGINT, and if wished the end of standard input.
struct EndOfRun {
    private let signals: [any DispatchSourceSignal]
    private let ends: AsyncStream<Void>

    init(untilStdinCloses: Bool) {
        let (ends, continuation) = AsyncStream<Void>.makeStream(bufferingPolicy: .bufferingOldest(1))
        self.ends = ends
        signal(SIGPIPE, SIG_IGN)
        signals = [SIGTERM, SIGINT].map { number in
            signal(number, SIG_IGN)
            let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
            source.setEventHandler { continuation.yield() }
            source.activate()
            return source
        }
        if untilStdinCloses {
            // A blocking read needs a thread of its own. It ends with the program.
            DispatchQueue(label: "stdin").async {
                var bytes = [UInt8](repeating: 0, count: 512)
                while true {
                    let count = read(0, &bytes, bytes.count)
                    if count == 0 || (count < 0 && errno != EINTR) { break }
                }
                continuation.yield()
            }
        }
    }

    func wait() async {
        for await _ in ends { break }
        for source in signals { source.cancel() }
    }
}

/// Writes a line to standard output at once, also into a pipe.
func writeLine(_ text: String) {
    print(text)
    fflush(stdout)
}
