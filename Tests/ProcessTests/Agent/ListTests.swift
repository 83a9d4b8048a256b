import CheckoutAPI
import CheckoutClient
import StoreSimulator
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(30)))
struct ListTests {
    @Test func `payments are listed, filtered and paged`() async throws {
        try await Store.open(readers: 2) { store in
            for number in 1...5 {
                let lane = number.isMultiple(of: 2) ? "till-2" : "till-1"
                if number == 3 { try store.simulator.script(CustomerScript(outcome: .decline("generic_decline")), reader: "Reader 1") }
                let payment = try await store.pay("p-\(number)", cart: "\(number)", "\(number).00", lane: lane)
                #expect(payment.state == (number == 3 ? .declined : .succeeded))
            }
            #expect(try await store.client.payments().payments.map(\.id) == ["p-5", "p-4", "p-3", "p-2", "p-1"])
            #expect(try await store.client.payments(cart: "2").payments.map(\.id) == ["p-2"])
            #expect(try await store.client.payments(state: .declined).payments.map(\.id) == ["p-3"])
            #expect(try await store.client.payments(lane: "till-2").payments.map(\.id) == ["p-4", "p-2"])
            #expect(try await store.client.payments(state: .succeeded, lane: "till-1").payments.map(\.id) == ["p-5", "p-1"])
            #expect(try await store.client.payments(cart: "none").payments.isEmpty)

            var pages: [[String]] = []
            var before: String?
            repeat {
                let page = try await store.client.payments(limit: 2, before: before)
                pages.append(page.payments.map(\.id))
                before = page.next
            } while before != nil && pages.count < 5
            #expect(pages.filter { !$0.isEmpty } == [["p-5", "p-4"], ["p-3", "p-2"], ["p-1"]])

            let wrong = try await refusal { () async throws(ClientError) in try await store.client.payments(limit: 100_000) }
            #expect(wrong.code == .invalidRequest)
            let none = try await refusal { () async throws(ClientError) in try await store.client.payment("nobody") }
            #expect(none.code == .paymentNotFound)
        }
    }

    @Test func `the readers of the location are listed with what is known of them`() async throws {
        try await Store.open(readers: 2) { store in
            #expect(try await store.pay("1", cart: "1", lane: "till-1").state == .succeeded)
            let readers = try await store.client.readers(refresh: true)
            #expect(readers.count == 2)
            for known in store.simulator.readers {
                let reader = try #require(readers.first { $0.reader == known.id })
                #expect(reader.label == known.label)
                #expect(reader.serial == known.serial)
                #expect(reader.address == known.address)
                #expect(reader.registered)
            }
            let first = try await store.client.reader(store.simulator.readers[0].serial)
            #expect(first.state == .ready)
            #expect(first.lane == "till-1")
            let none = try await refusal { () async throws(ClientError) in try await store.client.reader("tmr_nobody") }
            #expect(none.code == .readerNotFound)
            let unnamed = try await refusal { () async throws(ClientError) in try await store.pay("2", cart: "2") }
            #expect(unnamed.code == .noReader)
        }
    }
}
