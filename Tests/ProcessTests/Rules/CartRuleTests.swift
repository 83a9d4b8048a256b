import CheckoutAPI
import CheckoutClient
import Glibc
import StoreSimulator
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(30)))
struct CartRuleTests {
    @Test func `a paid cart is not taken again`() async throws {
        try await Store.open { store in
            let paid = try await store.pay("1", cart: "100")
            let again = try await refusal { () async throws(ClientError) in try await store.pay("2", cart: "100") }
            #expect(again.code == .cartPaid)
            #expect(again.status == 409)
            #expect(again.payment == "1")
            #expect(again.order == paid.order)
            let open = try await refusal { () async throws(ClientError) in try await store.client.openCart("100") }
            #expect(open.code == .cartPaid)
            // The rule comes from the journal, not from memory.
            try await store.stop()
            try await store.start()
            let later = try await refusal { () async throws(ClientError) in try await store.pay("3", cart: "100") }
            #expect(later.code == .cartPaid)
            #expect(store.ledger.charges.count == 1)
        }
    }

    @Test func `one cart has one payment at a time`() async throws {
        try await Store.open(readers: 2) { store in
            try store.simulator.script(CustomerScript(neverPresents: true))
            _ = try await store.client.pay("1", PaymentBody(cart: "200", amount: "5.00", lane: "till-1"))
            let second = try await refusal { () async throws(ClientError) in
                try await store.client.pay("2", PaymentBody(cart: "200", amount: "5.00", lane: "till-2"))
            }
            #expect(second.code == .cartBusy)
            #expect(second.payment == "1")
            let keyed = try await refusal { () async throws(ClientError) in
                try await store.client.createPaymentIntent(IntentBody(cart: "200", amount: "5.00"))
            }
            #expect(keyed.code == .cartBusy)
            let close = try await refusal { () async throws(ClientError) in try await store.client.closeCart("200") }
            #expect(close.code == .cartBusy)
            try await store.client.cancelPayment("1")
            #expect(try await store.client.payment("1", wait: .seconds(20)).state == .canceled)
        }
    }

    @Test func `an open form for keyed entry keeps the reader away`() async throws {
        try await Store.open { store in
            let answer = try await store.request(
                "POST", "/v1/intents/payment", body: #"{"cart": "300", "amount": "12.34"}"#, handsOutSecrets: true)
            #expect(answer.status == 200 || answer.status == 201)
            let keyed = try store.decoded(IntentAnswer.self, answer.body)
            #expect(keyed.clientSecret.contains(store.marker))
            let busy = try await refusal { () async throws(ClientError) in try await store.pay("1", cart: "300") }
            #expect(busy.code == .cartBusy)
            #expect(busy.remedy?.contains("after_keyed_entry") == true)
            let body = PaymentBody(cart: "300", amount: "12.34", afterKeyedEntry: true)
            let payment = try await store.client.pay("3", body, wait: .seconds(30))
            #expect(payment.state == .succeeded)
            #expect(payment.paymentIntent != keyed.id)
            store.expectHonest(payment)
        }
    }

    @Test func `a restart does not forget an open form, and no till charges beside a card that cannot be asked about`() async throws {
        let settings = ["socket.mode": quoted("0666"), "roles.checkout.users": "[\(quoted("nobody"))]"]
        try await Store.open(settings: settings) { store in
            _ = try await store.request("POST", "/v1/intents/payment", body: #"{"cart": "301", "amount": "12.34"}"#, handsOutSecrets: true)
            try await store.stop()
            try await store.start()
            let still = try await refusal { () async throws(ClientError) in try await store.pay("2", cart: "301") }
            #expect(still.code == .cartBusy)
            // This backend makes another intent at each asking: what became of the typed card cannot be read any more.
            let body = #"{"cart": "301", "amount": "12.34", "after_keyed_entry": true}"#
            if getuid() == 0 {
                let nobody = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]
                let beside = try await store.request("PUT", "/v1/payments/3?wait=30", body: body, before: nobody)
                #expect(beside.status == 409 && beside.body.contains("\"cart_busy\""), "\(beside.body)")
                #expect(store.ledger.charges(cart: "301").isEmpty)
            }
            // Who runs this is a technician: who has looked the card up may say that it was not charged.
            let vouched = PaymentBody(cart: "301", amount: "12.34", afterKeyedEntry: true)
            let paid = try await store.client.pay("4", vouched, wait: .seconds(30))
            #expect(paid.state == .succeeded && store.ledger.charges(cart: "301").count == 1)
            store.expectHonest(paid)
        }
    }

    @Test func `a form that was paid after all is found out`() async throws {
        try await Store.open { store in
            let keyed = try await store.client.createPaymentIntent(IntentBody(cart: "400", amount: "12.34"))
            #expect(store.simulator.payWithForm(intent: keyed.id) != nil)
            try await store.ledger("the order of the form") { $0.cart("400")?.order != nil }
            let body = PaymentBody(cart: "400", amount: "12.34", afterKeyedEntry: true)
            let paid = try await refusal { () async throws(ClientError) in try await store.client.pay("1", body) }
            #expect(paid.code == .cartPaid)
            #expect(paid.order == store.ledger.cart("400")?.order)
            #expect(store.ledger.count("reader.collectPaymentMethod") == 0)
        }
    }

    @Test func `an id stands for one body`() async throws {
        try await Store.open { store in
            let body = PaymentBody(cart: "500", amount: "12.0")
            let first = try await store.client.pay("same", body, wait: .seconds(30))
            #expect(first.state == .succeeded)
            let equal = try await store.client.pay("same", PaymentBody(cart: "500", amount: "12.00"), wait: .seconds(30))
            #expect(equal == first)
            let other = try await refusal { () async throws(ClientError) in
                try await store.client.pay("same", PaymentBody(cart: "500", amount: "12.01"))
            }
            #expect(other.code == .paymentIDReused)
            #expect(other.status == 422)
            #expect(store.ledger.charges.count == 1)
        }
    }

    @Test func `twenty equal requests at once are one payment`() async throws {
        try await Store.open { store in
            let answers = try await withThrowingTaskGroup(of: (status: Int, body: String).self) { group in
                for _ in 0..<20 {
                    group.addTask {
                        try await store.request("PUT", "/v1/payments/twenty?wait=30", body: #"{"cart": "600", "amount": "12.34"}"#)
                    }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(answers.filter { $0.status == 201 }.count == 1)
            #expect(answers.filter { $0.status == 200 }.count == 19)
            #expect(Set(answers.map(\.body)).count == 1, "the answers are equal byte for byte")
            let payments = try Set(answers.map { try store.decoded(Payment.self, $0.body) })
            #expect(payments.count == 1)
            let payment = try #require(payments.first)
            #expect(payment.state == .succeeded)
            store.expectHonest(payment)
            #expect(store.ledger.charges.count == 1)
            #expect(store.ledger.intents.count == 1)
        }
    }
}
