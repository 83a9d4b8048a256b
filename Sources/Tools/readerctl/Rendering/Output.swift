import CheckoutAPI
import FoundationEssentials
import Glibc

/// Where the words go: standard output for what was asked, standard error for what went wrong.
struct Output: Sendable {
    /// Standard output takes no more: nobody reads it (`readerctl events | head`), or its disk is full.
    struct Closed: Error {
        var code: CInt
    }

    /// Whether JSON is written instead of words.
    var json: Bool
    var color: Bool
    /// Whether the terminal, if there is one, understands more than lines.
    var canMoveCursor: Bool
    /// Whether the locale has ASCII alone: words are written without typographic marks. JSON is UTF-8 wherever it goes.
    var isPlain: Bool

    init(json: Bool, noColor: Bool, environment: [String: String]) {
        self.json = json
        isPlain = !json && PlainText.isWanted(environment)
        canMoveCursor = environment["TERM"] != "dumb" && !(environment["TERM"] ?? "").isEmpty
        color =
            !json && !noColor && (environment["NO_COLOR"] ?? "").isEmpty && environment["TERM"] != "dumb" && isatty(STDOUT_FILENO) == 1
    }

    func line(_ text: String = "") throws(Closed) {
        try Self.write(fit(text) + "\n", to: STDOUT_FILENO)
    }

    private func fit(_ text: String) -> String { isPlain ? PlainText.of(text) : text }

    func lines(_ lines: [String]) throws(Closed) {
        try line(lines.joined(separator: "\n"))
    }

    /// Writes the text as it is: what moves a terminal's cursor.
    func raw(_ text: String) throws(Closed) {
        try Self.write(text, to: STDOUT_FILENO)
    }

    /// Writes one JSON object on one line.
    func object(_ value: some Encodable) throws {
        try line(try JSONLine.text(value))
    }

    /// Writes the object as JSON, or else these words.
    func tell(_ value: some Encodable, or words: @autoclosure () -> [String]) throws {
        if json { try object(value) } else { try lines(words()) }
    }

    /// Writes to standard error. If that is closed there is nobody left to tell.
    func complain(_ text: String) {
        do { try Self.write(fit(text) + "\n", to: STDERR_FILENO) } catch {}
    }

    /// Writes a question to standard error: standard output is for what was asked for.
    func ask(_ question: String) {
        do { try Self.write(fit(question), to: STDERR_FILENO) } catch {}
    }

    /// How a command ends whose output could not be written. That nobody reads any more is no fault.
    func status(_ closed: Closed) -> ExitStatus {
        guard closed.code != EPIPE else { return .ok }
        Complaint(
            code: "not_written", title: "The output could not be written", detail: "\(String(cString: strerror(closed.code))).",
            remedy: "Make room where the output goes, or write it elsewhere.", retryable: false, status: .refused
        ).tell(self)
        return .refused
    }

    func bold(_ text: String) -> String { styled(text, "1") }
    func good(_ text: String) -> String { styled(text, "1;32") }
    func bad(_ text: String) -> String { styled(text, "1;31") }
    func doubtful(_ text: String) -> String { styled(text, "1;33") }
    func quiet(_ text: String) -> String { styled(text, "2") }

    private func styled(_ text: String, _ code: String) -> String {
        color ? "\u{1B}[\(code)m\(text)\u{1B}[0m" : text
    }

    /// Writes all of it, without a buffer: what is printed stays printed, whatever ends the program.
    private static func write(_ text: String, to descriptor: CInt) throws(Closed) {
        var bytes = Array(text.utf8)[...]
        while !bytes.isEmpty {
            let count = bytes.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if count > 0 {
                bytes = bytes.dropFirst(count)
            } else if errno == EAGAIN {
                var poll = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
                _ = Glibc.poll(&poll, 1, 1000)
            } else if errno != EINTR {
                throw Closed(code: errno)
            }
        }
    }
}
