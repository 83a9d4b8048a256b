import JSON
import FoundationEssentials
import Glibc
import Testing

@testable import StoreSimulator

extension OverTheWire {
    @Suite struct SimulatedStoreTests {
        @Test func `many stores run side by side and stop without a trace`() async throws {
            let directories = try await withThrowingTaskGroup(of: String.self) { group in
                for _ in 0..<8 {
                    group.addTask {
                        try await StoreBench.with {
                            $0.readers = 3
                        } _: { bench async throws in
                            let session = try await bench.activate()
                            _ = try await bench.pay(cart: "1", session: session)
                            #expect(bench.store.ledger().totalTaken(cart: "1") == 5600)
                            return bench.store.directory
                        }
                    }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(Set(directories).count == 8)
            for directory in directories { #expect(!FileManager.default.fileExists(atPath: directory)) }
        }

        @Test func `a stopped store refuses connections`() async throws {
            let bench = try await StoreBench.with { $0 }
            await #expect(throws: (any Error).self) { try await bench.backend("configuration") }
            await #expect(throws: (any Error).self) { try await bench.post("terminalHeartbeat", [:]) }
        }

        @Test func `readers share a port and have addresses of their own`() async throws {
            try await StoreBench.with {
                $0.readers = 4
                $0.unregisteredReaders = 2
            } _: { bench async throws in
                let readers = bench.store.readers
                #expect(Set(readers.map(\.port)).count == 1)
                #expect(Set(readers.map(\.address)).count == 6)
                #expect(
                    readers.allSatisfy { $0.address.hasPrefix("127.") && $0.host.hasSuffix(".device.stripe-terminal-local-reader.net") })
                #expect(readers.filter { $0.id == nil }.compactMap(\.registrationCode).count == 2)
            }
        }

        @Test func `files are ready for the daemon and the token is for its owner`() async throws {
            try await StoreBench.with { bench async throws in
                let store = bench.store
                let settings = try String(contentsOfFile: store.directory + "/readerd.toml", encoding: .utf8)
                #expect(settings.contains("base_url = \"\(store.backendURL)\""))
                #expect(settings.contains("token_file = \"\(store.tokenFile)\""))
                #expect(settings.contains("lanes.\"till-1\".reader = \"\(store.readers[0].id ?? "none")\""))
                #expect(!settings.contains("maintenance_cart"))
                #expect(permissions(of: store.tokenFile) == 0o600)
                let described = try JSONValue.parse(try String(contentsOfFile: store.directory + "/store.json", encoding: .utf8))
                #expect(described == store.description)
                #expect(try String(contentsOfFile: store.caFile, encoding: .utf8) == store.caPEM)
            }
        }

        private func permissions(of path: String) -> mode_t {
            var status = stat()
            return stat(path, &status) == 0 ? status.st_mode & 0o777 : 0
        }

        @Test func `every secret bears the marker and the ledger bears none`() async throws {
            try await StoreBench.with {
                $0.secretsPrefix = "QZMARKER"
            } _: { bench async throws in
                let token = try await bench.connectionToken()
                let intent = try await bench.intent(cart: "1")
                let session = try await bench.activate()
                for secret in [
                    token, intent.secret, session, bench.token, bench.store.oauth.clientSecret, bench.store.oauth.refreshToken,
                ] { #expect(secret.contains("QZMARKER")) }
                for open in [intent.id, intent.key, bench.store.oauth.clientID] { #expect(!open.contains("QZMARKER")) }
                _ = try await bench.stripe("/v1/payment_intents/\(intent.id)?client_secret=\(intent.secret)", bearer: intent.key)
                _ = try await bench.pay(cart: "1", session: session)
                let ledger = String(decoding: try JSONBytes.encode(bench.store.ledger()), as: UTF8.self)
                #expect(ledger.contains(intent.id))
                #expect(!ledger.contains("QZMARKER"))
            }
        }

        @Test func `the ledger keeps request ids and counts`() async throws {
            try await StoreBench.with { bench async throws in
                _ = try await bench.backend("payment_status", ["cart": "77"], headers: ["X-Request-Id": "till-1-000123.4"])
                let ledger = bench.store.ledger()
                #expect(ledger.counts["backend.payment_status"]?.lastRequestID == "till-1-000123.4")
                let call = try #require(ledger.calls.last)
                #expect(call.subject == "77")
                #expect(call.answer == "200")
            }
        }

        @Test(arguments: ["jpy", "kwd"])
        func `other currencies have other minor units`(currency: String) async throws {
            try await StoreBench.with {
                $0.currency = currency
            } _: { bench async throws in
                _ = try await bench.intent(cart: "1", amount: "5")
                #expect(bench.store.ledger().intents.first?.amount == (currency == "jpy" ? 5 : 5000))
            }
        }
    }
}
