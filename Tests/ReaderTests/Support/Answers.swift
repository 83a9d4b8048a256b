import JSON
import FoundationEssentials
import GatewayModel
import Moments
import NIOCore
import NIOPosix

@testable import ReaderRPC

/// Builds what readers answer.
enum Answers {
    static func content(_ value: JSONValue) -> String {
        // A value made by a test always encodes.
        (try? Wire.encodeContent(value)) ?? ""
    }

    /// An envelope with members replaced, or left out where the value is nil.
    static func envelope(id: Int64? = nil, content: JSONValue? = [:], changing changes: [String: JSONValue?] = [:]) -> JSONValue {
        var members: JSONObject = ["rpc_error_code": "RPC_OK", "app_error_code": "OK"]
        if let id { members["request_id"] = .integer(id) }
        if let content { members["content"] = .string(Self.content(content)) }
        for (key, value) in changes { members[key] = value }
        return .object(members)
    }

    static func bytes(_ value: JSONValue) -> [UInt8] {
        value.bytes()
    }

    /// A whole HTTP answer.
    static func http(_ value: JSONValue, status: String = "200 OK", extra: String = "") -> [UInt8] {
        let body = bytes(value)
        return Array("HTTP/1.1 \(status)\r\nContent-Type: application/json\r\nContent-Length: \(body.count)\r\n\(extra)\r\n".utf8) + body
    }
}

extension JSONValue {
    /// A number by its text, which a test writes well.
    static func number(_ text: String) -> JSONValue { JSONNumber(text).map { .number($0) } ?? .null }
}

let identity = ReaderIdentity(
    deviceID: "pos-testtesttes", provingDeviceID: "pos-otherotherot", product: "readerd", productVersion: "0.0")
let transaction = TransactionContext(transactionID: "4711", startTime: 1_716_800_000_000)
let usd = Currency(unchecked: "usd")
let session = SessionToken(Secret("session-0123456789"))

let sampleCard = CollectedCard(summary: CardSummary(brand: nil, last4: nil, entry: nil), tipMinor: 0, echo: Secret("{}"))

/// One command of each kind.
let everyCommand: [ReaderCommand] = [
    .activate(token: ConnectionToken(Secret("pst_test_abc")), failIfInUse: true), .heartbeat,
    .display(
        transaction,
        DisplayCart(
            currency: usd, totalMinor: 1234, taxMinor: 34, lines: [DisplayLine(description: "Yoga", amountMinor: 1200, quantity: 1)])),
    .clearDisplay(nil), .clearDisplay(transaction),
    .collect(
        transaction, amountMinor: 5678, currency: usd,
        tip: TipConfiguration(options: [TipOption(label: "A little", amountMinor: 100)], hideCustomAmount: true)),
    .query(transaction), .cancelCollect(transaction), .confirm(transaction, intent: IntentID(unchecked: "pi_1"), card: sampleCard),
    .collectReusable, .queryReusable, .cancelReusable, .confirmReusable(echo: Secret(#"{"a":1}"#)),
    .prove(token: ConnectionToken(Secret("pst_test_def"))),
]

/// A client over plain TCP to the loopback address: what secures the stream is not its business.
func plainClient(port: Int, restLimit: Duration = ReaderClient.usualRestLimit) -> ReaderClient {
    ReaderClient(identity: identity, host: "reader.test", port: port, restLimit: restLimit) { timeout async throws(ReaderFailure) in
        do {
            return try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
                .connectTimeout(TimeAmount(timeout)).channelOption(.tcpOption(.tcp_nodelay), value: 1)
                .connect(host: "127.0.0.1", port: port).get()
        } catch {
            throw .unreachable(detail: "refused")
        }
    }
}
