import CheckoutAPI
import CheckoutClient
import Glibc
import StoreSimulator
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(30)), .enabled(if: getuid() == 0, "needs root, to be somebody else"))
struct RoleTests {
    private static let nobody = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]
    private static let body = #"{"cart": "9", "amount": "1.00"}"#

    @Test func `who is not named may do nothing, and is told what to do`() async throws {
        try await Store.open(settings: ["socket.mode": quoted("0666")]) { store in
            for (method, path, body) in [
                ("GET", "/v1/info", nil), ("GET", "/v1/payments", nil), ("PUT", "/v1/payments/x", Self.body), ("GET", "/v1/nowhere", nil),
            ] {
                let answer = try await store.request(method, path, body: body, before: Self.nobody)
                #expect(answer.status == 403, "\(method) \(path)")
                let problem = try store.decoded(Problem.self, answer.body)
                #expect(problem.code == .notPermitted)
                #expect(problem.remedy?.isEmpty == false)
            }
            #expect(try await store.client.payments().payments.isEmpty)
        }
    }

    @Test func `a monitor reads payments without their cards, and changes nothing`() async throws {
        let settings = ["socket.mode": quoted("0666"), "roles.monitor.users": "[\(quoted("nobody"))]"]
        try await Store.open(settings: settings) { store in
            let paid = try await store.pay("1", cart: "1")
            #expect(paid.card != nil)
            let one = try await store.request("GET", "/v1/payments/1", before: Self.nobody)
            #expect(one.status == 200)
            #expect(try store.decoded(Payment.self, one.body).card == nil)
            #expect(one.body.contains("\"card\":null"))
            let all = try await store.request("GET", "/v1/payments", before: Self.nobody)
            #expect(try store.decoded(PaymentList.self, all.body).payments.map(\.card) == [nil])
            let events = try await store.curl(arguments: ["http://localhost/v1/payments/1/events"], before: Self.nobody)
            #expect(events.contains("succeeded"))
            #expect(!events.contains("4242"))
            let info = try await store.request("GET", "/v1/info", before: Self.nobody)
            #expect(try store.decoded(Info.self, info.body).caller.role == .monitor)
            for (method, path, body) in [
                ("PUT", "/v1/payments/x", Self.body), ("POST", "/v1/payments/1/cancel", nil), ("PUT", "/v1/carts/9", "{}"),
                ("POST", "/v1/connection-tokens", #"{"cart": "9"}"#),
            ] {
                let answer = try await store.request(method, path, body: body, before: Self.nobody)
                #expect(answer.status == 403, "\(method) \(path)")
                #expect(try store.decoded(Problem.self, answer.body).code == .notPermitted)
            }
            #expect(try await store.client.payments().payments.count == 1)
        }
    }

    @Test func `a checkout may pay and may not resolve`() async throws {
        let settings = ["socket.mode": quoted("0666"), "roles.checkout.groups": "[\(quoted("nogroup"))]"]
        try await Store.open(settings: settings) { store in
            let paid = try await store.request("PUT", "/v1/payments/1?wait=30", body: Self.body, before: Self.nobody)
            #expect(paid.status == 201)
            let payment = try store.decoded(Payment.self, paid.body)
            #expect(payment.state == .succeeded)
            #expect(payment.card?.last4 == "4242")
            store.expectHonest(payment)
            let resolve = try await store.request(
                "POST", "/v1/payments/1/resolve", body: #"{"outcome": "failed", "note": "no"}"#, before: Self.nobody)
            #expect(resolve.status == 403)
        }
    }
}
