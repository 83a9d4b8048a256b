import GatewayCore
import GatewayModel
import Moments
import Testing

/// What stops sales is in the log once, and once when it is over.
@Suite struct StandingTests {
    private static let away = CallFailure.unavailable(detail: "terminal_readers: connection refused by b:443", mayHaveActed: false)
    private static let refused = CallFailure.unauthorized(detail: "terminal_readers: b:443 answered 401")

    /// Every list is answered so until `until` has passed.
    private func lists(_ failure: CallFailure?, _ store: inout StoreFixture, for milliseconds: Int64) {
        let end = store.now.mono + milliseconds
        repeat {
            while store.calls.contains(where: { $0.call.isList }) {
                let answer: Result<[BackendReader], CallFailure> = failure.map { .failure($0) } ?? .success(store.listed)
                store.answer(.backendReaders(answer), to: \.isList)
            }
            store.wait(500)
        } while store.now.mono < end
    }

    @Test func `a backend that is away is told once, with what to do, and once that it is back`() {
        var store = StoreFixture(holding: \.isList)
        lists(Self.away, &store, for: 90_000)
        #expect(store.told.count == 1)
        #expect(store.told.first?.hasPrefix("no payment can be taken: The backend refuses the connection: ") == true)
        #expect(store.told.first?.contains("What to do: Check the address in readerd.toml") == true)
        lists(nil, &store, for: 90_000)
        #expect(store.told.dropFirst() == ["the backend serves again"])
    }

    @Test func `a backend that goes away while no till asks is asked until it is back`() {
        var store = StoreFixture(holding: { $0.isList || $0.isConfiguration })
        lists(nil, &store, for: 1_000)
        for _ in 0..<4 {
            store.ask(.configuration(StoreFixture.cart))
            store.answer(.configuration(.failure(Self.away)), to: \.isConfiguration)
        }
        #expect(store.told.count == 1 && store.machine.backendTrouble != nil)
        lists(Self.away, &store, for: 60_000)
        lists(nil, &store, for: 70_000)
        #expect(store.told.count == 2 && store.told.last == "the backend serves again")
    }

    @Test func `a token that is refused is no outage, and a trouble of another kind is told anew`() {
        var store = StoreFixture(holding: \.isList)
        lists(Self.away, &store, for: 1_000)
        lists(Self.refused, &store, for: 90_000)
        #expect(store.told.count == 2)
        #expect(store.told.last?.hasPrefix("no payment can be taken: The backend refuses the agent's token: ") == true)
        #expect(store.told.last?.contains("/etc/readerd/credentials/backend-token") == true)
        #expect(store.told.allSatisfy { !$0.contains("internet") })
    }

    @Test func `a location that the backend does not know is never the internet`() {
        var store = StoreFixture(holding: \.isList)
        lists(.rejected(status: 404, detail: "terminal_readers: b:443 answered 404: no such location"), &store, for: 1_000)
        #expect(store.told.first?.contains("The backend does not know this location") == true)
        #expect(store.told.first?.contains("Correct location in readerd.toml") == true)
    }

    @Test func `a reader that is away is told once, and once that it is back`() {
        var store = StoreFixture()
        store.reader = { _ in .failure(.unreachable(detail: "nobody answers")) }
        store.ask(.openCart(StoreFixture.cart, lane: nil, reader: nil, Recall()))
        store.wait(120_000)
        let away = store.told.filter { $0.hasPrefix("the reader Front Desk cannot be used: The reader does not answer: nobody answers") }
        #expect(away.count == 1 && store.told.count == 1)
        store.reader = StoreFixture.usual
        store.wait(120_000)
        #expect(store.told.dropFirst() == ["the reader Front Desk can be used again"])
    }

    @Test func `a payment that fails is told with code, amount, cart and reader, and one that is canceled is not`() throws {
        var store = StoreFixture()
        store.reader = { command in
            if case .collect = command { .failure(.app(.other("X"), detail: "broken")) } else { StoreFixture.usual(command) }
        }
        try store.pay("p1")
        store.wait(2_000)
        let words = store.told.filter { $0.hasPrefix("payment ended: failed, money not_taken, reader_error") }
        #expect(words.count == 1)
        #expect(words.first?.contains("56.78") == true && words.first?.contains("cart c1, reader Front Desk, tmr_1") == true)
        store.reader = StoreFixture.usual
        let before = store.told.count
        try store.pay("p2")
        store.ask(.cancel(PaymentID(unchecked: "p2"), Recall()))
        store.wait(2_000)
        #expect(store.payment("p2")?.state == .canceled && store.told.count == before)
    }
}

extension Call {
    fileprivate var isConfiguration: Bool { if case .configuration = self { true } else { false } }
}
