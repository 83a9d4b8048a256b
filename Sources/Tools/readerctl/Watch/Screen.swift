import Glibc

/// The whole terminal, for as long as something is shown on it.
///
/// What was on it before comes back when it is left. It is drawn line by line, and only the lines that have changed, so that nothing flickers.
final class Screen {
    /// Alternate screen, no cursor, no wrapping at the right edge: a letter that is wider than it was taken for must not push the rest down.
    private static let enter = "\u{1B}[?1049h\u{1B}[?25l\u{1B}[?7l\u{1B}[2J"
    private static let leave = "\u{1B}[?7h\u{1B}[?25h\u{1B}[?1049l"
    /// Terminals that know it show a frame when it is whole; the others ignore it.
    private static let beginFrame = "\u{1B}[?2026h"
    private static let endFrame = "\u{1B}[?2026l"

    private let output: Output
    /// How the terminal read its keys before; nil when standard input is none.
    private var before: termios?
    private var isShown = false
    private var last: [String] = []
    private var lastSize: WatchView.Size?

    init(_ output: Output) { self.output = output }

    /// Whether there is a terminal to draw on.
    static var isThere: Bool { isatty(STDOUT_FILENO) == 1 }
    static var hasKeys: Bool { isatty(STDIN_FILENO) == 1 }

    static var size: WatchView.Size {
        var size = winsize()
        guard ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0, size.ws_row > 0 else {
            return WatchView.Size(columns: 80, rows: 24)
        }
        return WatchView.Size(columns: Int(size.ws_col), rows: Int(size.ws_row))
    }

    func show() throws(Output.Closed) {
        guard !isShown else { return }
        isShown = true
        readKeysAtOnce()
        last = []
        lastSize = nil
        try output.raw(Self.enter)
    }

    /// Gives the terminal back as it was: called on every way out.
    func hide() {
        guard isShown else { return }
        isShown = false
        // A terminal that is gone needs nothing.
        do { try output.raw(Self.leave) } catch {}
        if var before { tcsetattr(STDIN_FILENO, TCSANOW, &before) }
        before = nil
    }

    func draw(_ lines: [String], _ size: WatchView.Size) throws(Output.Closed) {
        guard isShown else { return }
        var frame = ""
        if size != lastSize {
            frame += "\u{1B}[2J"
            last = []
            lastSize = size
        }
        for (row, line) in lines.enumerated() where row >= last.count || last[row] != line {
            // Erased before: after a line as wide as the terminal the cursor stands on its last letter.
            frame += "\u{1B}[\(row + 1);1H\u{1B}[2K\(line)"
        }
        if lines.count < last.count { frame += "\u{1B}[\(lines.count + 1);1H\u{1B}[J" }
        last = lines
        guard !frame.isEmpty else { return }
        try output.raw(Self.beginFrame + frame + Self.endFrame)
    }

    /// Has each key come at once and unseen. Ctrl-C stays a signal; Ctrl-Z becomes a key, so that the terminal can be given back first.
    private func readKeysAtOnce() {
        var settings = termios()
        guard tcgetattr(STDIN_FILENO, &settings) == 0 else { return }
        before = settings
        settings.c_lflag &= ~tcflag_t(ICANON | ECHO)
        withUnsafeMutableBytes(of: &settings.c_cc) { keys in
            keys[Int(VMIN)] = 1
            keys[Int(VTIME)] = 0
            keys[Int(VSUSP)] = 0
        }
        tcsetattr(STDIN_FILENO, TCSANOW, &settings)
    }
}
