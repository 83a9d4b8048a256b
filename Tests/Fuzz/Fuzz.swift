import Glibc

/// Fuzzes one of the parsers of what somebody else has written, by libFuzzer: `fuzz TARGET [libFuzzer's own options] [CORPUS…]`.
///
/// A target traps when something does not hold, as does whatever it calls. Built by `make fuzz`.
@main struct Fuzz {
    /// By name.
    static let targets: [String: @Sendable ([UInt8]) -> Void] = [
        "request": RequestTarget.run, "json": JSONTarget.run, "reader": ReaderTarget.run, "usb": USBTarget.run, "answers": AnswerTarget.run,
        "settings": SettingsTarget.run, "certificates": CertificateTarget.run, "journal": JournalTarget.run, "history": HistoryTarget.run,
        "scrubber": ScrubberTarget.run,
    ]

    /// The one that was asked for.
    nonisolated(unsafe) private static var chosen: (@Sendable ([UInt8]) -> Void)?

    static func main() {
        let names = targets.keys.sorted().joined(separator: ", ")
        guard CommandLine.arguments.count > 1, let target = targets[CommandLine.arguments[1]] else {
            print("usage: fuzz TARGET [options of libFuzzer] [CORPUS…]\nThe targets: \(names)")
            exit(64)
        }
        chosen = target
        // libFuzzer reads its options itself, and takes any other word for a directory: the target's name is not passed on.
        var words = CommandLine.unsafeArgv
        words[1] = words[0]
        words += 1
        var count = CommandLine.argc - 1
        var arguments: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>? = words
        exit(runDriver(&count, &arguments, runChosen))
    }

    /// One input.
    static func run(_ bytes: [UInt8]) { chosen?(bytes) }
}

/// One input, under the name that libFuzzer's own `main` refers to, which is linked although this program's is run.
///
/// A function of its own: Swift 6.3.1 crashes in its check of what is sent where this stands as a closure in `main`.
@_cdecl("LLVMFuzzerTestOneInput")
func runChosen(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    Fuzz.run(Array(UnsafeBufferPointer(start: start, count: count)))
    return 0
}

/// Of libFuzzer, which has no header that Swift could import.
@_silgen_name("LLVMFuzzerRunDriver")
private func runDriver(
    _ count: UnsafeMutablePointer<CInt>, _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?>,
    _ run: @convention(c) (UnsafePointer<UInt8>?, Int) -> CInt
) -> CInt

/// Ends the run with what was found.
func require(_ holds: Bool, _ what: @autoclosure () -> String) {
    if !holds { fatalError(what()) }
}

/// Bytes that decide something before the rest is parsed.
struct Choices {
    private(set) var rest: ArraySlice<UInt8>

    init(_ bytes: [UInt8]) { rest = bytes[...] }

    mutating func byte() -> UInt8 { rest.popFirst() ?? 0 }

    mutating func take(_ count: Int) -> [UInt8] {
        let taken = Array(rest.prefix(count))
        rest = rest.dropFirst(count)
        return taken
    }

    var text: String { String(decoding: rest, as: UTF8.self) }
}
