import JSON
import FoundationEssentials
import NIOCore
import Testing

@testable import StoreSimulator

/// An open store and a client of everything that it serves.
struct StoreBench: Sendable {
    let store: SimulatedStore
    var token: String

    /// Opens a store, uses it, closes it.
    static func with<Result>(
        _ change: (inout StoreConfiguration) -> Void = { _ in }, _ body: (StoreBench) async throws -> Result
    ) async throws -> Result {
        var configuration = StoreConfiguration()
        configuration.reader.cardAfter = 0
        configuration.reader.issuerAfter = 20
        configuration.backend.orderDelay = 0
        change(&configuration)
        let store = try await SimulatedStore.start(configuration)
        do {
            let token = try String(contentsOfFile: store.tokenFile, encoding: .utf8).split(separator: "\n").first.map(String.init) ?? ""
            let result = try await body(StoreBench(store: store, token: token))
            await store.stop()
            return result
        } catch {
            await store.stop()
            throw error
        }
    }

    /// Starts something that is not going to be answered, waits until the ledger is as wished, then gives up on it.
    func abandon(
        _ call: @escaping @Sendable () async throws -> Void, once condition: @escaping @Sendable (Ledger) -> Bool
    ) async throws -> Bool {
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                do {
                    try await call()
                    Issue.record("what should not have been answered was answered")
                } catch {
                    // Given up, or cut off: what this waits for.
                }
            }
            let isReached = try await store.waitUntil(condition)
            group.cancelAll()
            return isReached
        }
    }

    private func caller(_ url: String) -> HTTPCaller {
        HTTPCaller(
            address: "127.0.0.1", port: Int(url.split(separator: ":").last ?? "") ?? 0, host: "localhost", trustRoots: store.caPEM)
    }

    // MARK: The backend

    func backend(
        _ call: String, _ body: JSONValue = [:], token: String? = nil, headers: [String: String] = [:], within: TimeAmount = .seconds(60)
    ) async throws -> HTTPAnswer {
        var all = ["Authorization": "Bearer \(token ?? self.token)", "Content-Type": "application/json", "Accept": "application/json"]
        all.merge(headers) { _, new in new }
        return try await caller(store.backendURL).call("POST", "/api/stripe/v1/\(call)/", headers: all, body: body.bytes(), within: within)
    }

    func backendRaw(_ method: String, _ path: String, headers: [String: String] = [:], body: String = "") async throws -> HTTPAnswer {
        try await caller(store.backendURL).call(method, path, headers: headers, body: Array(body.utf8))
    }

    func json(_ answer: HTTPAnswer) throws -> JSONValue { try JSONValue.parse(answer.body) }

    /// A new intent of a cart.
    func intent(cart: String, amount: String = "56.00", type: String = "terminal") async throws -> (id: String, secret: String, key: String)
    {
        let answer = try json(
            try await backend("payment_intent", ["cart": .string(cart), "amount": .string(amount), "payment_type": .string(type)]))
        return (
            try #require(answer["stripe_payment_intent_id"]?.string), try #require(answer["client_secret"]?.string),
            try #require(answer["stripe_publishable_api_key"]?.string)
        )
    }

    func connectionToken(cart: String = "1") async throws -> String {
        try #require(try json(try await backend("connection_token", ["cart": .string(cart)]))["stripe_connection_token"]?.string)
    }

    func status(cart: String) async throws -> JSONValue { try json(try await backend("payment_status", ["cart": .string(cart)])) }

    // MARK: Stripe

    func stripe(_ path: String, bearer: String?) async throws -> HTTPAnswer {
        try await caller(store.stripeURL).call("GET", path, headers: bearer.map { ["Authorization": "Bearer \($0)"] } ?? [:])
    }

    // MARK: Readers

    /// One envelope to a reader; the HTTP answer as it is.
    func post(
        _ method: String, _ message: JSONValue, session: String = "", device: String = "pos-one", reader index: Int = 0,
        headers: [String: String] = [:], within: TimeAmount = .seconds(60)
    ) async throws -> HTTPAnswer {
        let reader = store.readers[index]
        var envelope = EnvelopeTests.good.object ?? [:]
        envelope["method"] = .string(method)
        envelope["content"] = .string(Base64.encode(message.bytes()))
        envelope["session_token"] = .string(session)
        var info = envelope["device_info"]?.object ?? [:]
        info["device_uuid"] = .string(device)
        envelope["device_info"] = .object(info)
        var all = ["Content-Type": "application/json"]
        all.merge(headers) { _, new in new }
        return try await HTTPCaller(address: reader.address, port: reader.port, host: reader.host, trustRoots: store.caPEM)
            .call("POST", "/protojsonservice/JackRabbitService", headers: all, body: JSONValue.object(envelope).bytes(), within: within)
    }

    /// One call of a reader, unwrapped.
    func reader(
        _ method: String, _ message: JSONValue = [:], session: String = "", device: String = "pos-one", reader: Int = 0,
        within: TimeAmount = .seconds(60)
    ) async throws -> ReaderAnswer {
        let answer = try await post(method, message, session: session, device: device, reader: reader, within: within)
        let body = try json(answer)
        return ReaderAnswer(
            rpcCode: body["rpc_error_code"]?.string ?? "", appCode: body["app_error_code"]?.string ?? "", error: body["error"]?.string,
            content: try body["content"]?.string.flatMap(Base64.decode).map { try JSONValue.parse($0) })
    }

    /// A session of a reader with a token of its own.
    func activate(reader index: Int = 0, device: String = "pos-one", failIfInUse: Bool = true) async throws -> String {
        let token = try await connectionToken()
        let answer = try await reader(
            "activateTerminal", ReaderBench.activation(token: token, device: device, failIfInUse: failIfInUse), device: device,
            reader: index)
        return try #require(answer.content?["session_token"]?.string)
    }

    /// A whole payment up to the answer of the confirm.
    func pay(
        cart: String, amount: String = "56.00", minor: Int = 5600, session: String, transaction: String = "tx-1"
    ) async throws
        -> ReaderAnswer
    {
        let intent = try await intent(cart: cart, amount: amount)
        _ = try await reader("collectPaymentMethod", ReaderBench.collect(minor, transaction), session: session)
        _ = try await reader("queryPaymentMethod", ReaderBench.query(transaction), session: session)
        return try await reader("confirmPayment", ReaderBench.confirm(intent.id, transaction), session: session)
    }
}
