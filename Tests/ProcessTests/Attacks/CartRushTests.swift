import CheckoutAPI
import CheckoutClient
import NIOPosix
import StoreSimulator
import TestSupport
import Testing

/// Very many sales that begin at once, on a backend that takes its time.
@Suite(.timeLimit(.minutes(30))) struct CartRushTests {
    private static func time(of payment: String, cart: String, in store: Store) async throws -> Duration {
        let began = ContinuousClock.now
        let state = try await store.pay(payment, cart: cart).state
        #expect(state == .succeeded)
        return ContinuousClock.now - began
    }

    @Test func `more carts than may be open hold up no payment, and nobody is blamed`() async throws {
        try await Store.open { store in
            store.simulator.fault(Fault("backend.*", .delayAnswer(milliseconds: 150), times: nil))
            let alone = try await Self.time(of: "alone", cart: "1", in: store)
            let path = store.socket
            let (begun, begin) = AsyncStream.makeStream(of: Void.self)
            async let answers = attackThreads.runIfActive {
                var answers: [Int: Int] = [:]
                let socket = try RawSocket(path)
                defer { socket.close() }
                for number in 0..<1050 {
                    try socket.send("PUT /v1/carts/rush-\(number) HTTP/1.1\r\nHost: x\r\n\r\n")
                    answers[try socket.answer().status, default: 0] += 1
                    if number == 50 { begin.finish() }
                }
                return answers
            }
            // A moment after the first of them.
            for await _ in begun { break }
            let beside = try await Self.time(of: "beside", cart: "2", in: store)
            let told = try await answers
            #expect((told[200] ?? 0) >= 990 && (told[429] ?? 0) >= 40, "\(told)")
            let status = try await store.client.status()
            #expect(status.canTakePayments && status.reasons.isEmpty, "\(status.reasons)")
            #expect(try await store.pay("after", cart: "3").state == .succeeded)
            // How much longer it takes is measured on a release build (Tests/Bench/attacks.py); here nothing but a hang is a fault.
            #expect(beside < alone + .seconds(60), "\(alone) alone, \(beside) beside")
        }
    }
}
