import Moments
import Testing

@testable import GatewayCore
@testable import GatewayModel

@Suite struct CallRegisterTests {
    private let payment = LeaseHolder.payment(PaymentID(unchecked: "p1"))

    @Test func `an answer is taken once, for what was asked`() {
        var calls = CallRegister()
        let id = calls.ask(.append, for: nil).id
        #expect(calls.isAsking(.append))
        let taken = [calls.answered(id), calls.answered(id)]
        #expect(taken == [.append, nil])
        #expect(!calls.isAsking(.append))
    }

    @Test func `an answer to a question that nobody asked is nobody's`() {
        var calls = CallRegister()
        _ = calls.ask(.networks, for: nil)
        let taken = calls.answered(CallID(7))
        #expect(taken == nil)
        #expect(calls.purposes == [.networks])
    }

    @Test func `evidence is as old as its question, not as its answer`() {
        var calls = CallRegister()
        calls.begin(at: 1_000)
        let id = calls.ask(.status(PaymentID(unchecked: "p1")), for: payment).id
        calls.begin(at: 9_000)
        _ = calls.ask(.append, for: nil)
        _ = calls.answered(id)
        #expect(calls.asked == 1_000)
    }

    @Test func `calls of one holder are numbered, and those of the agent have one line of numbers`() {
        var calls = CallRegister()
        let setup = CardSetupID(unchecked: "p1")
        let traces = [
            calls.ask(.baseline(PaymentID(unchecked: "p1")), for: payment), calls.ask(.append, for: nil),
            calls.ask(.status(PaymentID(unchecked: "p1")), for: payment), calls.ask(.setupIntent(setup), for: .cardSetup(setup)),
        ].map(\.trace)
        #expect(traces == ["p1.1", "agent.2", "p1.2", "setup.p1.1"])
    }

    @Test func `a holder that has ended is forgotten, and its open calls are answered still`() {
        var calls = CallRegister()
        let id = calls.ask(.baseline(PaymentID(unchecked: "p1")), for: payment).id
        calls.forget(payment)
        #expect(calls.followed.isEmpty)
        #expect(calls.purpose(of: id) == .baseline(PaymentID(unchecked: "p1")))
    }
}
