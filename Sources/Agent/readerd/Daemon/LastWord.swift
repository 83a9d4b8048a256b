import TextSafety
import CheckoutAPI
import CheckoutServer
import FoundationEssentials
import Glibc

/// The answer to whoever has called a readerd that could not start.
///
/// systemd holds the socket, so a till's call waits there while the start fails. Without an answer it would see a cut connection; with it the
/// till, and the person before it, are told the cause. Each such call starts readerd once more, and so finds out when the cause is gone.
struct LastWord {
    /// Calls that have come meanwhile are few; no more than so many are told, and not for longer than this.
    private static let mostCallers = 64
    private static let patience: Int32 = 200
    private static let longest: Duration = .seconds(3)

    let answer: [UInt8]

    init(_ cause: String) {
        let words = cause.split(separator: "\n").prefix(5).joined(separator: " ")
        let problem = Problem(
            .notStarted, "readerd cannot start: " + Shown.line(words, limit: 1_000),
            remedy: "Mend that, then: sudo systemctl restart readerd. What is wrong is said by: sudo readerd --check-config")
        let body = Self.json(problem)
        let head =
            "HTTP/1.1 503 Service Unavailable\r\nContent-Type: application/problem+json\r\nContent-Length: \(body.count)\r\n"
            + "Readerd-Version: \(ReaderdVersion.current)\r\nConnection: close\r\n\r\n"
        answer = Array(head.utf8) + body
    }

    private static func json(_ problem: Problem) -> [UInt8] {
        do {
            return try JSONLine.bytes(problem)
        } catch {
            // A problem is text and numbers; should it not be written all the same, its code is answer enough.
            return Array(#"{"code":"not_started","status":503,"retryable":false}"#.utf8)
        }
    }

    /// Answers everybody who waits on the socket that systemd handed over; does nothing where there is none.
    func tellCallers(environment: [String: String]) {
        guard case .inherited(let descriptor)? = SocketSource.activated(environment: environment) else { return }
        signal(SIGPIPE, SIG_IGN)
        let end = ContinuousClock.now + Self.longest
        var told = 0
        while told < Self.mostCallers, ContinuousClock.now < end, Self.waits(descriptor, Self.patience) {
            let caller = accept(descriptor, nil, nil)
            guard caller >= 0 else {
                if errno == EINTR || errno == EAGAIN || errno == ECONNABORTED { continue }
                return
            }
            tell(caller)
            told += 1
        }
    }

    private func tell(_ caller: CInt) {
        defer { close(caller) }
        // The whole request first: a connection that is closed with bytes unread is cut, and the answer with it.
        var buffer = [UInt8](repeating: 0, count: 16_384)
        var heard = 0
        while heard < 65_536, Self.waits(caller, Self.patience) {
            let count = read(caller, &buffer, buffer.count)
            if count <= 0 { break }
            heard += count
            if Self.ends(buffer[..<count]) { break }
        }
        var rest = answer[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { send(caller, $0.baseAddress, $0.count, CInt(MSG_NOSIGNAL)) }
            if count > 0 { rest = rest.dropFirst(count) } else if errno != EINTR { return }
        }
        shutdown(caller, CInt(SHUT_WR))
    }

    /// The end of a head; a body that follows in the same breath is read with it.
    private static func ends(_ bytes: ArraySlice<UInt8>) -> Bool {
        String(decoding: bytes, as: UTF8.self).contains("\r\n\r\n")
    }

    private static func waits(_ descriptor: CInt, _ milliseconds: Int32) -> Bool {
        var waiting = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        return poll(&waiting, 1, milliseconds) > 0
    }
}
