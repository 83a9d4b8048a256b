import GatewayCore
import GatewayModel
import Moments
import Testing

@Suite struct CardSetupTests {
    private struct Fixture {
        var machine: CardSetupMachine
        var now = Now(mono: 1_000, wall: 1_769_851_800_000)

        init() {
            let request = CardSetupRequest(user: "77", partner: "1", postalCode: "01234")
            let record = CardSetupRecord(
                id: CardSetupID(unchecked: "card-1"), request: request, reader: ReaderID(unchecked: "tmr_1"), readerLabel: nil, at: now.wall
            )
            machine = CardSetupMachine(record: record, policy: GatewayPolicy(), now: now)
        }

        mutating func answer(_ command: ReaderCommand, _ reply: ReaderReply) -> [CardSetupMachine.Action] {
            machine.answered(command, .success(reply), at: now)
        }

        mutating func fail(_ command: ReaderCommand, _ failure: ReaderFailure) -> [CardSetupMachine.Action] {
            machine.answered(command, .failure(failure), at: now)
        }

        /// Up to the first query.
        mutating func collect() {
            _ = machine.granted(at: now)
            _ = machine.sessionReady(at: now)
            _ = machine.intentReady("seti_1", at: now)
            _ = answer(.collectReusable, .done)
        }

        /// Up to the PaymentMethod that waits to be written.
        mutating func makeMethod() -> [CardSetupMachine.Action] {
            collect()
            _ = answer(.queryReusable, .reusableCard(echo: Self.echo, summary: Self.card))
            return answer(.confirmReusable(echo: Self.echo), .createdReusable(paymentMethod: "pm_1"))
        }

        static let echo = Secret("{}")
        static let card = CardSummary(brand: "visa", last4: "4242", entry: "chip")
    }

    @Test func `the card is asked for once there are a session and a setup intent`() {
        var setup = Fixture()
        #expect(setup.machine.granted(at: setup.now).contains(.prepareIntent))
        #expect(setup.machine.sessionReady(at: setup.now) == [])
        #expect(setup.machine.intentReady("seti_1", at: setup.now).last == .command(.collectReusable))
        #expect(setup.machine.record.setupIntent == "seti_1")
    }

    @Test(arguments: ["lock_timeout", "rate_limit"])
    func `that Stripe was busy is no refusal of the card that is to be kept`(code: String) throws {
        var setup = Fixture()
        setup.collect()
        _ = setup.answer(.queryReusable, .reusableCard(echo: Fixture.echo, summary: Fixture.card))
        _ = setup.answer(.confirmReusable(echo: Fixture.echo), .reusableRefused(code: code, message: nil))
        #expect(setup.machine.record.state == .failed && setup.machine.record.failure?.code == .intentFailed)
        #expect(setup.machine.record.failure?.remedy?.contains("same card") == true)
    }

    @Test func `nothing is stored before the payment method is on disk`() {
        var setup = Fixture()
        let actions = setup.makeMethod()
        #expect(actions.first == .release(.idle))
        #expect(!actions.contains(.store(paymentMethod: "pm_1")))
        #expect(setup.machine.methodWritten(at: setup.now) == [.store(paymentMethod: "pm_1")])
        #expect(setup.machine.methodWritten(at: setup.now) == [], "it is asked for once")
        _ = setup.machine.stored(.success(StoredCard(paymentMethod: "pm_1", bankcard: "993")), at: setup.now)
        #expect(setup.machine.record.state == .succeeded)
        #expect(setup.machine.record.bankcard == "993")
    }

    @Test func `a lost answer to storing leaves the payment method and says so`() {
        var setup = Fixture()
        _ = setup.makeMethod()
        _ = setup.machine.methodWritten(at: setup.now)
        _ = setup.machine.stored(.failure(.unavailable(detail: "no answer", mayHaveActed: true)), at: setup.now)
        #expect(setup.machine.record.state == .failed)
        #expect(setup.machine.record.failure?.code == .backendUnavailable)
        #expect(setup.machine.record.paymentMethod == "pm_1")
        #expect(setup.machine.record.failure?.remedy?.contains("may or may not be stored") == true)
    }

    @Test func `a card that was read while a cancel was asked for is not kept`() {
        var setup = Fixture()
        setup.collect()
        _ = setup.machine.cancel(at: setup.now)
        let actions = setup.answer(.queryReusable, .reusableCard(echo: Fixture.echo, summary: Fixture.card))
        #expect(actions == [.command(.cancelReusable)])
        #expect(setup.answer(.cancelReusable, .done).contains(.release(.idle)))
        #expect(setup.machine.record.state == .canceled)
        #expect(setup.machine.record.paymentMethod == nil)
    }

    @Test func `a cancel that the reader does not acknowledge keeps the lease until it is seen idle`() {
        var setup = Fixture()
        setup.collect()
        _ = setup.answer(.queryReusable, .pending)
        _ = setup.machine.cancel(at: setup.now)
        let actions = setup.fail(.cancelReusable, .lost(detail: "silence"))
        #expect(actions.contains(.release(.unknown)))
        #expect(setup.machine.record.state == .failed)
        #expect(setup.machine.record.failure?.code == .readerLost)
    }

    @Test func `a refused contactless card is told apart from a declined one`() {
        var setup = Fixture()
        setup.collect()
        let card = CardSummary(brand: "visa", last4: "4242", entry: "contactless")
        _ = setup.answer(.queryReusable, .reusableCard(echo: Fixture.echo, summary: card))
        _ = setup.answer(.confirmReusable(echo: Fixture.echo), .reusableRefused(code: "card_declined", message: "no"))
        #expect(setup.machine.record.failure?.code == .cardNotSupported)
        var other = Fixture()
        other.collect()
        _ = other.answer(.queryReusable, .reusableCard(echo: Fixture.echo, summary: Fixture.card))
        _ = other.answer(.confirmReusable(echo: Fixture.echo), .reusableRefused(code: "card_declined", message: "no"))
        #expect(other.machine.record.state == .declined)
    }

    @Test func `the time for the card runs out`() {
        var setup = Fixture()
        setup.collect()
        _ = setup.answer(.queryReusable, .pending)
        setup.now.mono += 121_000
        #expect(setup.machine.tick(at: setup.now) == [.command(.cancelReusable)])
        _ = setup.answer(.cancelReusable, .done)
        #expect(setup.machine.record.state == .timedOut)
    }

    @Test func `an answer that nobody awaits changes nothing`() {
        var setup = Fixture()
        let before = setup.machine.record
        #expect(setup.answer(.confirmReusable(echo: Fixture.echo), .createdReusable(paymentMethod: "pm_9")).count == 1)
        #expect(setup.machine.record == before)
        #expect(setup.machine.stored(.success(StoredCard(paymentMethod: "pm_9", bankcard: "1")), at: setup.now) == [])
    }
}
