import Glibc

/// How wide lines may be: as the terminal is; 80 columns where there is none, so that what scripts and files get does not change.
enum TextWidth {
    private static let standard = 80
    /// Below this nothing is readable in any case, and a terminal that says so is wrong.
    private static let least = 40
    /// Longer lines of prose are hard to read.
    private static let mostOfProse = 100

    private static let terminal: Int? = {
        var size = winsize()
        guard isatty(STDOUT_FILENO) == 1, ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return nil }
        return Int(size.ws_col)
    }()

    /// The width of a table.
    static var table: Int { table(on: terminal) }
    /// The width of sentences.
    static var prose: Int { prose(on: terminal) }

    static func table(on columns: Int?) -> Int { max(least, columns ?? standard) }
    static func prose(on columns: Int?) -> Int { min(mostOfProse, table(on: columns)) }
}
