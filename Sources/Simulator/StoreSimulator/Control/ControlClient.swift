import JSON
import FoundationEssentials

/// Talks to the control route of a running store, which it finds by its directory.
package struct ControlClient: Sendable {
    private let caller: HTTPCaller

    /// - Parameter directory: the directory that holds `store.json`.
    package init(directory: String) throws {
        let data: Data
        do {
            data = try Data(contentsOf: URL(filePath: directory + "/store.json"))
        } catch {
            throw SimulatorError("no simulated store runs in \(directory): cannot read store.json")
        }
        guard let text = try JSONValue.parse(Array(data))["control_url"]?.string, text.hasPrefix("http://127.0.0.1:"),
            let port = Int(text.dropFirst("http://127.0.0.1:".count))
        else { throw SimulatorError("store.json in \(directory) names no control route") }
        caller = HTTPCaller(address: "127.0.0.1", port: port)
    }

    package init(port: Int) { caller = HTTPCaller(address: "127.0.0.1", port: port) }

    package func ledger() async throws -> Ledger {
        let answer = try await caller.call("GET", "/control/ledger")
        guard answer.status == 200 else { throw SimulatorError("the store answered \(answer.status)") }
        return try JSONDecoder().decode(Ledger.self, from: Data(answer.body))
    }

    /// Makes a GET and returns its bytes.
    package func get(_ subject: String) async throws -> String {
        let answer = try await caller.call("GET", "/control/\(subject)")
        guard answer.status == 200 else { throw SimulatorError("the store answered \(answer.status): \(answer.text.prefix(300))") }
        return answer.text
    }

    /// Makes a POST with an order.
    @discardableResult
    package func post(_ subject: String, _ order: JSONValue) async throws -> JSONValue {
        let answer = try await caller.call(
            "POST", "/control/\(subject)", headers: ["Content-Type": "application/json"], body: order.bytes())
        let value = try JSONValue.parse(answer.body)
        guard answer.status == 200 else { throw SimulatorError(value["error"]?.string ?? "the store answered \(answer.status)") }
        return value
    }

    package func fault(_ fault: Fault) async throws {
        try await post("fault", JSONValue(encoding: fault))
    }

    package func script(_ script: CustomerScript, reader: String? = nil, times: Int = 1) async throws {
        var members = try JSONValue(encoding: script).object ?? [:]
        members["reader"] = JSONValue(reader)
        members["times"] = .integer(times)
        try await post("script", .object(members))
    }
}
