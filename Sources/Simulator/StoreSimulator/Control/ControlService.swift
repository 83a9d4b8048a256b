import JSON
import FoundationEssentials
import NIOCore
import NIOPosix
import Synchronization

/// The control route: plain HTTP on loopback, with JSON in and out.
///
/// `GET /control/store`, `GET /control/ledger`, `GET /control/faults`; `POST /control/fault`, `/control/clear`, `/control/script`,
/// `/control/reader`, `/control/backend`, `/control/stripe`, `/control/preset`.
final class ControlService: HTTPService {
    private let store = Mutex<SimulatedStore?>(nil)

    func serve(_ store: SimulatedStore?) { self.store.withLock { $0 = store } }

    func connectionClosed(_ connection: Int) {}

    func handle(_ request: HTTPRequest) -> Disposition {
        guard let store = store.withLock({ $0 }) else { return .reply(.json(503, ["error": "the store is not open"])) }
        let promise = MultiThreadedEventLoopGroup.singleton.any().makePromise(of: Disposition.self)
        store.timers.after(milliseconds: 0) {
            promise.succeed(.reply(await Self.answer(request, store)))
        } otherwise: {
            promise.succeed(.close)
        }
        return .whenReady(promise.futureResult)
    }

    private static func answer(_ request: HTTPRequest, _ store: SimulatedStore) async -> HTTPReply {
        do {
            switch (request.method, request.path) {
            case ("GET", "/control/store"): return .json(200, store.description)
            case ("GET", "/control/ledger"): return try encoded(store.ledger())
            case ("GET", "/control/faults"): return try encoded(store.ledger().faults)
            case ("POST", "/control/fault"):
                store.fault(try JSONValue.parse(request.body).decoded())
            case ("POST", "/control/script"):
                let order = try JSONValue.parse(request.body).decoded(as: ScriptOrder.self)
                for _ in 0..<max(1, min(order.times ?? 1, 1000)) { try store.script(order.script, reader: order.reader) }
            case ("POST", "/control/clear"), ("POST", "/control/reader"), ("POST", "/control/backend"), ("POST", "/control/stripe"),
                ("POST", "/control/preset"):
                let order = ControlOrder(request.body.isEmpty ? [:] : try JSONValue.parse(request.body))
                return .json(200, try await order.carryOut(String(request.path.dropFirst("/control/".count)), store))
            default: return .json(404, ["error": "no such control"])
            }
            return .json(200, ["done": true])
        } catch {
            return .json(400, ["error": .string(String(String(describing: error).prefix(300)))])
        }
    }

    private static func encoded(_ value: some Encodable) throws -> HTTPReply {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return HTTPReply(status: 200, contentType: "application/json", body: Array(try encoder.encode(value)))
    }

    /// A script and the reader that it is for.
    private struct ScriptOrder: Decodable {
        var reader: String?
        var times: Int?
        var script: CustomerScript

        private enum CodingKeys: String, CodingKey { case reader, times }

        init(from decoder: any Decoder) throws {
            let values = try decoder.container(keyedBy: CodingKeys.self)
            reader = try values.decodeIfPresent(String.self, forKey: .reader)
            times = try values.decodeIfPresent(Int.self, forKey: .times)
            script = try CustomerScript(from: decoder)
        }
    }
}

extension SimulatedStore {
    /// The content of `store.json`.
    package var description: JSONValue {
        [
            "directory": .string(directory), "ca_file": .string(caFile), "token_file": .string(tokenFile),
            "backend_url": .string(backendURL), "stripe_url": .string(stripeURL), "control_url": .string(controlURL),
            "location": .string(configuration.location), "currency": .string(configuration.currency),
            "readers": .array(
                readers.map { reader in
                    [
                        "id": JSONValue(reader.id), "serial": .string(reader.serial), "label": JSONValue(reader.label),
                        "address": .string(reader.address), "port": .integer(reader.port), "host": .string(reader.host),
                        "registration_code": JSONValue(reader.registrationCode),
                    ]
                }),
        ]
    }
}
