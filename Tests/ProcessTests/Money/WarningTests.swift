import CheckoutAPI
import CheckoutClient
import Glibc
import StoreSimulator
import TestSupport
import Testing

/// What a receipt must bear, and what a person should know of a payment.
@Suite(.timeLimit(.minutes(30)))
struct WarningTests {
    @Test func `what a receipt must bear is told, journaled, kept over a restart, and not for a monitor`() async throws {
        let settings = ["socket.mode": quoted("0666"), "roles.monitor.users": "[\(quoted("nobody"))]"]
        try await Store.open(settings: settings) { store in
            let paid = try await store.pay("r", cart: "1")
            #expect(
                paid.receipt
                    == Payment.Receipt(
                        applicationName: "VISA CREDIT", aid: "A0000000031010", accountType: "credit", authorizationCode: "731904",
                        authorizationResponseCode: "3030", cryptogram: "F666F8891F870D33", tvr: "8080008000", tsi: "6800", cvm: "approval"))
            #expect(paid.amountChargedMinor == 1234 && paid.warnings.isEmpty)
            let row = try await run([
                "sqlite3", "-readonly", store.directory.file("state/journal.sqlite"),
                "SELECT json_extract(record, '$.receipt.aid') FROM payments WHERE id = 'r'",
            ])
            #expect(row.output == "A0000000031010\n")
            try await store.stop()
            try await store.start()
            #expect(try await store.client.payment("r") == paid)
            guard getuid() == 0 else { return }
            let nobody = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]
            let seen = try await store.request("GET", "/v1/payments/r", before: nobody)
            #expect(seen.body.contains("\"receipt\":null") && !seen.body.contains("A0000000031010"))
            let acknowledge = try await store.request(
                "POST", "/v1/payments/r/acknowledge", body: #"{"note": "n"}"#, before: nobody)
            #expect(acknowledge.status == 403)
        }
    }

    @Test func `6: less charged than shown is told until a technician has seen to it, and is no success of readerctl`() async throws {
        try await Store.open { store in
            try store.simulator.script(CustomerScript(authorises: 500))
            let program = try await run([
                try ChildProcess.built("readerctl"), "--socket", store.socket, "pay", "--id", "w", "--cart", "6", "--amount", "12.34",
            ])
            #expect(program.status == 15, "\(program.output) \(program.errors)")
            #expect(program.output.contains("WARNING"))
            let paid = try await store.client.payment("w")
            #expect(paid.state == .succeeded && paid.money == .taken)
            #expect(paid.amountMinor == 1234 && paid.amountChargedMinor == 500)
            #expect(paid.warnings.map(\.code) == [.chargedAmountDiffers])
            // A restart forgets nothing of it.
            try await store.stop()
            try await store.start()
            // The second time without asking the journal: that answer must not outlive what a technician does.
            for _ in 0..<3 { #expect(try await store.client.payment("w") == paid) }
            try await eventually("payments can be taken") { try await store.client.status().canTakePayments }
            #expect(try await store.client.status().reasons.contains { $0.code == "charged_amount_differs" })
            let check = try await run([try ChildProcess.built("readerctl"), "--socket", store.socket, "check", "payments"])
            #expect(check.status == 30 && check.output.contains("5.00 USD was charged"), "\(check.output)")
            let seen = try await run([
                try ChildProcess.built("readerctl"), "--socket", store.socket, "payments", "acknowledge", "w", "--note", "the rest in cash",
            ])
            #expect(seen.status == 0, "\(seen.errors)")
            var without = paid
            without.warnings = []
            for _ in 0..<3 { #expect(try await store.client.payment("w") == without) }
            #expect(try await store.client.status().reasons.allSatisfy { $0.code != "charged_amount_differs" })
            let story = try await run([try ChildProcess.built("readerctl"), "--socket", store.socket, "payments", "show", "w"])
            #expect(story.output.contains("the rest in cash"), "\(story.output)")
        }
    }
}
