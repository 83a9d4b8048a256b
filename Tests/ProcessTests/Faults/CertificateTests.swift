import CheckoutAPI
import CheckoutClient
import StoreSimulator
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(30)))
struct CertificateTests {
    private static func word(_ flaw: CertificateFlaw) -> String {
        switch flaw {
        case .otherName, .addressOnly: "certificate of another name"
        case .expired: "has expired"
        case .notYetValid: "not valid yet"
        case .otherAuthority: "does not trust"
        }
    }

    @Test(arguments: CertificateFlaw.allCases)
    func `a reader that does not prove itself is refused with the reason`(flaw: CertificateFlaw) async throws {
        try await Store.open { store in
            try await store.simulator.setCertificate(flaw)
            let payment = try await store.pay("c-1", cart: "1")
            #expect(payment.state == .failed)
            #expect(payment.failure?.code == .readerLost)
            #expect(payment.failure?.message.contains(Self.word(flaw)) == true, "\(payment.failure?.message ?? "")")
            store.expectHonest(payment)
            let reader = try await store.client.reader("Reader 1")
            #expect(reader.state == .unreachable)
            #expect(reader.reason?.code == "untrusted")
            #expect(reader.reason?.message.contains(Self.word(flaw)) == true)
            #expect(reader.reason?.remedy != nil)
            let ledger = store.ledger
            #expect(!ledger.calls.contains { $0.call.hasPrefix("reader.") }, "not a byte was said to it")
            #expect(ledger.tokens.allSatisfy { $0.spentAt == nil })

            try await store.simulator.setCertificate(nil)
            let again = try await store.payPatiently("c-2", cart: "1")
            #expect(again.state == .succeeded)
            store.expectHonest(again)
        }
    }

    @Test(arguments: [CertificateFlaw.otherName, .expired, .otherAuthority])
    func `a session does not outlive the trust in its reader`(flaw: CertificateFlaw) async throws {
        try await Store.open { store in
            try store.simulator.script(CustomerScript(neverPresents: true))
            _ = try await store.client.pay("d-1", PaymentBody(cart: "1", amount: "12.34"))
            try await store.payment("d-1", becomes: .waitingForCard)
            // The connection drops, and who answers at the address then is somebody else.
            try await store.simulator.setCertificate(flaw)
            let payment = try await store.client.payment("d-1", wait: .seconds(20))
            #expect(payment.state == .failed)
            #expect(payment.failure?.code == .readerLost)
            store.expectHonest(payment)
        }
    }
}
