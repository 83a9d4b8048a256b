import JSON
import FoundationEssentials
import GatewayModel
import Moments
import Glibc
import ReaderRPC
import Synchronization
import WebCall

/// Writes down every message with readers, the backend and Stripe, with secrets and card data taken out: a support case that can be played
/// again.
///
/// Each line is one JSON object. A file that is there already is continued, so that the recording goes on over a restart.
package final class Recorder: Sendable {
    /// The reason why there can be no recording.
    package struct Problem: Error, CustomStringConvertible {
        package var description: String
    }

    /// What a replay needs to know of the agent.
    package struct About: Sendable {
        package var version: String
        package var location: String
        package var backend: WebBase
        package var stripe: WebBase
        package var readerPort: Int
        package var lanes: [String: String]

        package init(version: String, location: String, backend: WebBase, stripe: WebBase, readerPort: Int, lanes: [String: String]) {
            self.version = version
            self.location = location
            self.backend = backend
            self.stripe = stripe
            self.readerPort = readerPort
            self.lanes = lanes
        }
    }

    /// The size in bytes at which a recording ends by itself: the journal needs the disk more.
    package static let sizeLimit = 256 << 20
    private static let form: Int64 = 1

    private struct State: ~Copyable {
        var descriptor: CInt
        var size: Int
        var number: Int64 = 0
        var line: RecordingLine
    }

    private let path: String
    private let sizeLimit: Int
    private let complain: @Sendable (String) -> Void
    private let onLine: (@Sendable (JSONObject) -> Void)?
    private let state: Mutex<State>

    /// - Parameters:
    ///   - onLine: gets each line before it is written, with secrets and card data taken out.
    ///   - complain: is called once when no more can be written.
    package init(
        path: String, about: About, sizeLimit: Int = Recorder.sizeLimit, onLine: (@Sendable (JSONObject) -> Void)? = nil,
        complain: @escaping @Sendable (String) -> Void
    ) throws(Problem) {
        let (descriptor, size) = try Self.open(path)
        self.path = path
        self.sizeLimit = sizeLimit
        self.complain = complain
        self.onLine = onLine
        state = Mutex(
            State(
                descriptor: descriptor, size: size,
                line: RecordingLine(scrubber: Scrubber(), backend: about.backend, stripe: about.stripe)))
        write { _ in
            [
                "readerd_recording": .integer(Self.form), "version": .string(about.version), "location": .string(about.location),
                "backend": .string(about.backend.place), "stripe": .string(about.stripe.place),
                "reader_port": .integer(about.readerPort),
                "lanes": .object(JSONObject(about.lanes.sorted { $0.key < $1.key }.map { ($0.key, .string($0.value)) })),
            ]
        }
    }

    deinit {
        state.withLock { state in
            if state.descriptor >= 0 { close(state.descriptor) }
            state.descriptor = -1
        }
    }

    /// The observer for a client of the backend or of Stripe.
    package var webObserver: @Sendable (WebExchange) -> Void {
        { exchange in self.write { $0.web(exchange) } }
    }

    /// The observer for the clients of readers.
    package var readerObserver: @Sendable (ReaderID, ReaderExchange) -> Void {
        { id, exchange in self.write { $0.reader(id, exchange) } }
    }

    private static func open(_ path: String) throws(Problem) -> (descriptor: CInt, size: Int) {
        let descriptor = Glibc.open(path, O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0o600)
        guard descriptor >= 0 else {
            throw Problem(description: "the recording \(path) cannot be written: \(String(cString: strerror(errno)))")
        }
        var facts = stat()
        var first = [UInt8](repeating: 0, count: "{\"readerd_recording\":".utf8.count)
        guard fstat(descriptor, &facts) == 0, facts.st_mode & S_IFMT == S_IFREG, fchmod(descriptor, 0o600) == 0,
            facts.st_size == 0
                || (pread(descriptor, &first, first.count, 0) == first.count && first.elementsEqual("{\"readerd_recording\":".utf8))
        else {
            close(descriptor)
            throw Problem(
                description: "\(path) is there already and is no recording of readerd's; name another file, so that nothing is lost")
        }
        return (descriptor, Int(facts.st_size))
    }

    private func write(_ make: (inout RecordingLine) -> JSONObject) {
        let trouble: String? = state.withLock { state in
            guard state.descriptor >= 0 else { return nil }
            var fields = make(&state.line)
            onLine?(fields)
            // The mark of a recording stands first in its line, so that a file's beginning tells what it is.
            if fields["readerd_recording"] == nil {
                state.number += 1
                fields = JSONObject([("n", .integer(state.number))] + fields)
            }
            fields["at"] = .string(Self.now())
            let trouble = Self.append(fields, to: state.descriptor, size: &state.size, limit: sizeLimit)
            if trouble != nil {
                close(state.descriptor)
                state.descriptor = -1
            }
            return trouble
        }
        if let trouble { complain("the recording \(path) has ended: \(trouble); payments go on without it") }
    }

    private static func append(_ fields: JSONObject, to descriptor: CInt, size: inout Int, limit: Int) -> String? {
        let bytes = JSONValue.object(fields).bytes() + [0x0a]
        guard size + bytes.count <= limit else { return "it has reached \(limit >> 20) MiB" }
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if count < 0 {
                if errno == EINTR { continue }
                return String(cString: strerror(errno))
            }
            rest = rest.dropFirst(count)
        }
        size += bytes.count
        return nil
    }

    private static func now() -> String { Date.ISO8601FormatStyle(includingFractionalSeconds: true).format(Date()) }
}
