import JSON
import Foundation
import GatewayModel
import ReaderRPC
import Synchronization
import WebCall

/// Listens to the agent's messages while a reader is tried out, and records them beside.
package final class TrialTap: Sendable {
    private let directory: String
    private let about: Recorder.About
    private let recorders = Mutex<[Int: Recorder]>([:])
    private let lastNumber = Mutex(0)

    /// The number of recordings of trials that are kept. The oldest go.
    static let kept = 20
    private static let sizeLimit = 16 << 20

    /// - Parameter directory: the directory, which is made when the first trial begins.
    package init(directory: String, about: Recorder.About) {
        self.directory = directory
        self.about = about
    }

    package var webObserver: @Sendable (WebExchange) -> Void {
        { exchange in for recorder in self.listening { recorder.webObserver(exchange) } }
    }

    package var readerObserver: @Sendable (ReaderID, ReaderExchange) -> Void {
        { id, exchange in for recorder in self.listening { recorder.readerObserver(id, exchange) } }
    }

    private var listening: [Recorder] { recorders.withLock { Array($0.values) } }

    /// - Parameter name: the file's name without its ending.
    package func begin(_ name: String) throws(Recorder.Problem) -> TrialRecording {
        try prepare()
        let recording = TrialRecording(path: "\(directory)/\(name).jsonl")
        let recorder = try Recorder(
            path: recording.path, about: about, sizeLimit: Self.sizeLimit, onLine: { [weak recording] in recording?.note($0) },
            complain: { [weak recording] in recording?.broke($0) })
        let number = lastNumber.withLock { last in
            last += 1
            return last
        }
        recorders.withLock { $0[number] = recorder }
        recording.whenEnded { [weak self] in _ = self?.recorders.withLock { $0.removeValue(forKey: number) } }
        return recording
    }

    private func prepare() throws(Recorder.Problem) {
        do {
            try FileManager.default.createDirectory(
                atPath: directory, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
            let files = try FileManager.default.contentsOfDirectory(atPath: directory).filter { $0.hasSuffix(".jsonl") }.sorted()
            for file in files.dropLast(Self.kept - 1) { try FileManager.default.removeItem(atPath: "\(directory)/\(file)") }
        } catch {
            throw Recorder.Problem(description: "the directory \(directory) cannot be used: \(error.localizedDescription)")
        }
    }
}

/// The messages that are heard while one reader is tried out.
package final class TrialRecording: Sendable {
    private struct State {
        var exchanges: [TrialExchange] = []
        var trouble: String?
        var end: (@Sendable () -> Void)?
    }

    private static let limit = 4_000

    package let path: String
    private let state = Mutex(State())

    init(path: String) { self.path = path }

    func note(_ line: JSONObject) {
        guard let exchange = TrialExchange(line) else { return }
        state.withLock { if $0.exchanges.count < Self.limit { $0.exchanges.append(exchange) } }
    }

    func broke(_ words: String) { state.withLock { $0.trouble = words } }
    func whenEnded(_ end: @escaping @Sendable () -> Void) { state.withLock { $0.end = end } }

    /// The fault in writing. Nil means that everything was written.
    package var trouble: String? { state.withLock { $0.trouble } }

    /// The exchanges that were heard since the last call.
    package func take() -> [TrialExchange] {
        state.withLock { state in
            defer { state.exchanges = [] }
            return state.exchanges
        }
    }

    package func end() {
        let end = state.withLock { state in
            defer { state.end = nil }
            return state.end
        }
        end?()
    }

    deinit { end() }
}

/// One exchange in words, with secrets and card data taken out.
package struct TrialExchange: Sendable {
    /// The peer: `reader`, `backend` or `stripe`.
    package var peer: String
    package var call: String
    package var sent: String
    package var received: String

    init?(_ line: JSONObject) {
        guard let peer = line["with"]?.string, let call = line["call"]?.string else { return nil }
        self.peer = peer
        self.call = call
        sent = call + " " + Self.text(line["request"]?["message"] ?? line["request"]?["body"] ?? .object([:]))
        if let failure = line["failure"] {
            received = failure["words"]?.string ?? "no answer"
        } else {
            let answer = line["answer"] ?? .object([:])
            let codes = [
                answer["status"]?.integer.map { "HTTP \($0)" }, answer["rpc"]?.string, answer["app"]?.string, answer["error"]?.string,
            ].compactMap { $0 }.filter { !$0.isEmpty }
            let body = answer["message"] ?? answer["body"] ?? answer["text"]
            received = (codes + [body.map(Self.text)].compactMap { $0 }).joined(separator: " ")
        }
    }

    private static func text(_ value: JSONValue) -> String {
        let text = value.text()
        return text.count <= 4_000 ? text : text.prefix(4_000) + "…"
    }
}
