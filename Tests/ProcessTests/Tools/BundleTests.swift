import CheckoutAPI
import CheckoutClient
import FoundationEssentials
import Glibc
import StoreSimulator
import TestSupport
import Testing

/// What leaves the shop when somebody asks for help: of a real daemon that knows real secrets and has read a card.
@Suite(.timeLimit(.minutes(30))) struct BundleTests {
    @Test func `a support archive holds the story of a payment, no secret and nothing of a card`() async throws {
        try await Store.open { store in
            let payment = try await store.pay("b-1", cart: "1")
            let last4 = try #require(payment.card?.last4)
            let program = try ChildProcess.built("readerctl")
            let file = store.directory.file("b.tar.gz")
            let made = try await run(
                [program, "--socket", store.socket, "bundle", "--yes", "--settings", store.settingsFile, "--output", file])
            #expect(made.status == 0, "\(made.errors)")
            let open = store.directory.file("open")
            try FileManager.default.createDirectory(atPath: open, withIntermediateDirectories: false)
            let opened = try await run(["tar", "-xzf", file, "-C", open])
            #expect(opened.status == 0, "\(opened.errors)")
            let names = try FileManager.default.subpathsOfDirectory(atPath: open).filter { $0.contains("/") }
            #expect(names.contains { $0.hasSuffix("/settings.txt") } && names.contains { $0.hasSuffix("/traces.jsonl") })
            var all = ""
            for name in names {
                let text = String(decoding: bytes(ofFile: open + "/" + name) ?? [], as: UTF8.self)
                all += text
                store.remember(answer: text)
                #expect(!text.contains("\"last4\":\"\(last4)\"") && !text.contains("visa"), "a card in \(name)")
            }
            #expect(all.contains("b-1") && all.contains("confirmPayment"))
            #expect(all.contains(store.simulator.tokenFile), "where the token is may be told")
            #expect(try await store.client.payment("b-1") == payment, "looking changes nothing")
        }
    }
}
