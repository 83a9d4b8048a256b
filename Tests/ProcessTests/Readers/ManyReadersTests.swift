import CheckoutAPI
import CheckoutClient
import StoreSimulator
import TestSupport
import Testing

/// One account, many stores: Stripe lists more readers than one page, one minute or one store holds.
@Suite(.timeLimit(.minutes(5)))
struct ManyReadersTests {
    @Test(arguments: [false, true])
    func `beside eleven hundred readers of other stores the shop sells`(wholeAccount: Bool) async throws {
        let simulate = { @Sendable (configuration: inout StoreConfiguration) in
            configuration.stripe.otherReaders = 1_100
            configuration.stripe.listsWholeAccount = wholeAccount
        }
        try await Store.open(simulate: simulate) { store in
            let began = ContinuousClock.now
            let payment = try await store.pay("p-1", cart: "1")
            #expect(payment.state == .succeeded && payment.money == .taken, "\(payment)")
            let pages = store.ledger.calls.count { $0.call == "stripe.readers" }
            print(
                "1,100 other readers, \(wholeAccount ? "all of them listed" : "asked by location"): \(pages) pages, \(ContinuousClock.now - began)"
            )
            #expect(try await store.client.readers().map(\.reader) == [try #require(store.simulator.readers.first?.id)], "nobody else's")
        }
    }

    @Test func `beside readers that only their vendor's program drives the shop sells, and nothing waits for them`() async throws {
        let simulate = { @Sendable (configuration: inout StoreConfiguration) in
            configuration.reader.deviceTypes = ["stripe_m2", "mobile_phone_reader"]
        }
        try await Store.open(readers: 3, simulate: simulate) { store in
            let began = ContinuousClock.now
            let payment = try await store.pay("p-1", cart: "1")
            #expect(payment.state == .succeeded && payment.money == .taken, "\(payment)")
            print("two mobile readers beside a smart one: the first sale took \(ContinuousClock.now - began)")
            let smart = try #require(store.simulator.readers.last?.id)
            #expect(payment.reader == smart)
            let others = try await store.client.readers().filter { $0.reader != smart }
            #expect(others.count == 2)
            for reader in others {
                #expect(reader.state == .notDriveable && reader.reason?.code == "vendor_sdk_only" && reader.driveable == false, "\(reader)")
            }
            let checked = try await run([try ChildProcess.built("readerctl"), "--socket", store.socket, "check", "readers"])
            #expect(checked.status == 0, "\(checked.output)")
        }
    }

    @Test func `a list that breaks off beyond the first page names nobody missing, and the shop sells when it is whole`() async throws {
        let simulate = { @Sendable (configuration: inout StoreConfiguration) in
            configuration.stripe.otherReaders = 150
            configuration.stripe.listsWholeAccount = true
        }
        try await Store.open(simulate: simulate) { store in
            // The second page, and whoever asks for it again, is refused; a list that begins anew is whole.
            store.simulator.fault(Fault("stripe.readers", .status(503, body: "later"), times: 3, after: 1))
            let first = try await store.pay("p-1", cart: "1")
            #expect(first.state == .succeeded || first.money == .notTaken, "\(first)")
            let reader = try #require(try await store.client.readers().first)
            #expect(reader.registered && reader.state != .unregistered, "\(reader)")
            var tries = 1
            try await eventually("the list is whole, and it sells") {
                tries += 1
                do throws(ClientError) {
                    return try await store.pay("p-\(tries)", cart: "2").state == .succeeded
                } catch {
                    guard case .problem(let problem) = error, problem.retryable else { throw error }
                    return false
                }
            }
        }
    }
}
