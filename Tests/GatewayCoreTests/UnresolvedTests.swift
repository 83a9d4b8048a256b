import GatewayCore
import GatewayModel
import Moments
import Testing

@Suite struct UnresolvedTests {
    /// A payment whose confirm was journaled, taken up by a restarted agent.
    private func recovered() throws -> PaymentFixture {
        var payment = try PaymentFixture()
        _ = payment.send()
        _ = payment.restart()
        return payment
    }

    /// Lets virtual time pass, the backend saying `Open` whenever it is asked; when it was asked.
    private func asks(_ payment: inout PaymentFixture, for duration: Int64) -> [MonoTime] {
        let end = payment.now.mono + duration
        var asked: [MonoTime] = []
        while let wake = payment.machine.nextWake, wake <= end {
            payment.later(max(1, wake - payment.now.mono))
            let actions = payment.machine.tick(at: payment.now)
            if actions.contains(.askStatus) {
                asked.append(payment.now.mono)
                _ = payment.hears(.open)
            }
        }
        payment.later(max(0, end - payment.now.mono))
        return asked
    }

    @Test func `it is asked about for days, less and less often`() throws {
        var payment = try recovered()
        let minutes = asks(&payment, for: 10 * 60_000).count
        let hour = asks(&payment, for: 50 * 60_000).count
        let day = asks(&payment, for: 23 * 3_600_000).count
        let week = asks(&payment, for: 6 * 86_400_000).count
        #expect((50...75).contains(minutes), "\(minutes) in the first ten minutes")
        #expect((45...52).contains(hour), "\(hour) in the rest of the first hour")
        #expect((88...97).contains(day), "\(day) in the rest of the first day")
        #expect((23...28).contains(week), "\(week) in the six days after")
        #expect(payment.record.state == .unresolved)
        #expect(payment.record.money == .unknown)
    }

    @Test func `the backend's word ends it after days, and after another restart`() throws {
        var payment = try recovered()
        _ = asks(&payment, for: 3 * 86_400_000)
        _ = payment.restart()
        #expect(!asks(&payment, for: 60_000).isEmpty, "a restart asks at once")
        _ = payment.hears(.submitted(order: OrderID(unchecked: "8812")))
        #expect(payment.record.state == .succeeded)
        #expect(payment.record.money == .taken)
    }
}
