import CheckoutAPI
import CheckoutClient
import StoreSimulator
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(30)))
struct EventTests {
    /// The states that the events show, without repeats.
    private static func states(_ events: [Event]) -> [Payment.State] {
        events.compactMap(\.payment?.state).reduce(into: []) { if $0.last != $1 { $0.append($1) } }
    }

    /// Nobody answers at its address; whether Stripe has noticed too decides between the two.
    private static func isAway(_ state: Reader.State) -> Bool { state == .unreachable || state == .offline }

    @Test func `the events of a payment tell every state, and again after a restart`() async throws {
        try await Store.open { store in
            _ = try await store.client.pay("e", PaymentBody(cart: "1", amount: "12.34"))
            var live: [Event] = []
            for try await event in store.client.paymentEvents("e") { live.append(event) }
            let payment = try await store.client.payment("e")
            #expect(payment.state == .succeeded)
            #expect(Self.states(live) == payment.timeline.map(\.state))
            #expect(live.last?.payment == payment)
            #expect(Set(live.map(\.cursor)).count == live.count)

            try await store.stop()
            try await store.start()
            let middle = live.count / 2
            var replayed: [Event] = []
            for try await event in store.client.paymentEvents("e", after: live[middle].cursor) { replayed.append(event) }
            #expect(replayed == Array(live.dropFirst(middle + 1)))

            var all: [Event] = []
            for try await event in store.client.events(topics: [.payments], after: live[0].cursor) {
                all.append(event)
                if event.payment?.state.isEnd == true { break }
            }
            #expect(all == Array(live.dropFirst()))
        }
    }

    @Test func `a cursor of another journal is refused`() async throws {
        try await Store.open { store in
            var error: ClientError?
            do {
                for try await _ in store.client.events(topics: [.payments], after: "elsewhere-1") { break }
            } catch let caught as ClientError {
                error = caught
            }
            guard case .problem(let problem)? = error else {
                Issue.record("it should be refused, but: \(String(describing: error))")
                return
            }
            #expect(problem.code == .cursorGone)
            #expect(problem.status == 410)
        }
    }

    @Test func `the stream tells of a reader that goes and comes back`() async throws {
        try await Store.open { store in
            #expect(try await store.pay("1", cart: "1").state == .succeeded)
            async let seen: [Reader.State] = {
                var states: [Reader.State] = []
                for try await event in store.client.events(topics: [.readers]) {
                    guard let reader = event.reader else { continue }
                    #expect(reader.label == "Reader 1")
                    states.append(reader.state)
                    if reader.state == .ready, states.contains(where: Self.isAway) { break }
                }
                return states
            }()
            try await store.simulator.powerOff()
            // Whether or not the stream was there in time: it tells of each try until the reader is back.
            let away = try await store.pay("2", cart: "2")
            #expect(away.failure?.code == .readerLost)
            try await eventually("the reader is away") { Self.isAway(try await store.client.reader("Reader 1").state) }
            try await store.simulator.powerOn()
            #expect(try await store.payPatiently("3", cart: "3").state == .succeeded)
            #expect(try await seen.last == .ready)
        }
    }
}
