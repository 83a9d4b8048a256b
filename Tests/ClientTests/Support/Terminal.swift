import Glibc

/// A terminal for a program to write to.
final class Terminal: Sendable {
    private let descriptor: CInt
    /// The program's end: while it is open, what was written stays.
    private let kept: CInt
    let path: String

    init() throws {
        var own: CInt = -1
        var other: CInt = -1
        guard openpty(&own, &other, nil, nil, nil) == 0, let name = ttyname(other) else { throw Program.Fault.cannotStart(errno) }
        descriptor = own
        kept = other
        path = String(cString: name)
    }

    deinit {
        close(descriptor)
        close(kept)
    }

    /// What was written to it, once the program has ended.
    func written() -> String {
        var text: [UInt8] = []
        _ = fcntl(descriptor, F_SETFL, O_NONBLOCK)
        while true {
            var bytes = [UInt8](repeating: 0, count: 4096)
            let count = read(descriptor, &bytes, bytes.count)
            guard count > 0 else { return String(decoding: text, as: UTF8.self) }
            text += bytes.prefix(count)
        }
    }
}
