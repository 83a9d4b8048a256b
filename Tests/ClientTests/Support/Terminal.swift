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
        var name = [CChar](repeating: 0, count: 128)
        guard openpty(&own, &other, nil, nil, nil) == 0, ttyname_r(other, &name, name.count) == 0 else {
            throw Program.Fault.cannotStart(errno)
        }
        descriptor = own
        kept = other
        path = String(decoding: name.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    /// How many columns and rows it says it has.
    func resize(columns: UInt16, rows: UInt16) {
        var size = winsize(ws_row: rows, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0)
        _ = ioctl(descriptor, UInt(TIOCSWINSZ), &size)
    }

    /// Presses keys.
    func type(_ text: String) {
        let bytes = Array(text.utf8)
        _ = write(descriptor, bytes, bytes.count)
    }

    /// Whether it waits for whole lines, and shows what is typed.
    var isOrdinary: Bool {
        var settings = termios()
        guard tcgetattr(kept, &settings) == 0 else { return false }
        return settings.c_lflag & tcflag_t(ICANON) != 0 && settings.c_lflag & tcflag_t(ECHO) != 0
    }

    deinit {
        close(descriptor)
        close(kept)
    }

    /// What was written to it since this was last asked.
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
