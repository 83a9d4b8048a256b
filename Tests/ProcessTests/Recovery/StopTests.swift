import CheckoutAPI
import CheckoutClient
import Glibc
import StoreSimulator
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(30)))
struct StopTests {
    @Test func `stopped while the reader waits for the card, nothing is taken and the reader is free`() async throws {
        try await Store.open { store in
            try store.simulator.script(CustomerScript(neverPresents: true))
            let body = PaymentBody(cart: "1", amount: "12.34")
            _ = try await store.client.pay("s", body)
            try await store.payment("s", becomes: .waitingForCard)
            // Exit code 0 is expected in there.
            try await store.stop()
            #expect(store.ledger.readers.first?.state == "IDLE")
            try await store.start()
            let payment = try await store.client.pay("s", body)
            #expect(payment.state == .failed)
            #expect(payment.failure?.code == .agentRestarted)
            store.expectHonest(payment)
            #expect(try await store.payPatiently("s-2", cart: "1").state == .succeeded)
        }
    }

    @Test func `stopped while the card is being charged, it waits for the issuer`() async throws {
        try await Store.open(simulate: { $0.reader.issuerAfter = 2_000 }) { store in
            let body = PaymentBody(cart: "1", amount: "12.34")
            _ = try await store.client.pay("s", body)
            try await store.payment("s", becomes: .authorizing)
            store.process?.signal(SIGTERM)
            try await eventually("new work is refused") {
                do throws(ClientError) {
                    _ = try await store.client.openCart("2")
                    return false
                } catch {
                    guard case .problem(let problem) = error else { throw error }
                    return problem.code == .shuttingDown
                }
            }
            try await store.stop()
            #expect(store.ledger.charges.count == 1)
            try await store.start()
            let payment = try await store.client.pay("s", body, wait: .seconds(20))
            #expect(payment.state == .succeeded)
            store.expectHonest(payment)
        }
    }

    @Test func `a second daemon refuses to share the state directory, and the first goes on`() async throws {
        try await Store.open { store in
            let second = try await run([try ChildProcess.built("readerd"), "--config", store.settingsFile])
            #expect(second.status == 75)
            let owner = "belongs to the running process \(store.process?.pid ?? 0): only one readerd may use a state directory"
            #expect(second.errors.contains(owner), "it says why: \(second.errors)")
            store.remember(answer: second.errors + second.output)
            #expect(try await store.pay("1", cart: "1").state == .succeeded)
        }
    }

    @Test func `a second daemon refuses a socket that is served already, and leaves it alone`() async throws {
        try await Store.open { store in
            let other = store.directory.file("other-state")
            #expect(try await run(["mkdir", "-m", "700", other]).status == 0)
            let second = try await run(
                [try ChildProcess.built("readerd"), "--config", store.settingsFile, "--set", "state_directory=\(other)"])
            #expect(second.status == 75)
            #expect(second.errors.contains(store.socket), "it names the socket: \(second.errors)")
            store.remember(answer: second.errors + second.output)
            #expect(try await store.pay("1", cart: "1").state == .succeeded)
        }
    }

    @Test(arguments: [true, false])
    func `a new token in its file is taken up`(isTold: Bool) async throws {
        try await Store.open { store in
            #expect(try await store.pay("1", cart: "1").state == .succeeded)
            let fresh = try store.simulator.changeToken(writesFile: false)
            // The first call finds out, the next request is refused at once.
            let found = try await store.pay("2", cart: "2")
            #expect(found.state == .failed)
            #expect(found.failure?.code == .backendUnauthorized)
            store.expectHonest(found)
            let refused = try await refusal { () async throws(ClientError) in try await store.pay("3", cart: "3") }
            #expect(refused.code == .backendUnauthorized)
            #expect(refused.remedy != nil)
            #expect(try await !store.client.status().canTakePayments)
            try store.writeToken(fresh)
            if isTold { store.process?.signal(SIGHUP) }
            var paid: Payment?
            try await eventually("the new token is taken up") {
                do throws(ClientError) {
                    paid = try await store.pay("4", cart: "4")
                    return true
                } catch {
                    guard case .problem(let problem) = error else { throw error }
                    #expect(problem.code == .backendUnauthorized)
                    return false
                }
            }
            #expect(paid?.state == .succeeded)
            if isTold { try await eventually("the log says so") { store.log.contains("were read again") } }
        }
    }

    @Test func `settings that are wrong at SIGHUP leave the old ones in force`() async throws {
        try await Store.open { store in
            try store.set("payment.timeout_s", "\"soon\"")
            store.process?.signal(SIGHUP)
            try await eventually("the log says so") { store.log.contains("the settings were not taken over") }
            #expect(try await store.pay("1", cart: "1").state == .succeeded)
        }
    }
}
