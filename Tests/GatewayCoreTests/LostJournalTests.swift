import GatewayCore
import GatewayModel
import Moments
import Testing

/// A journal was damaged and set aside: nothing is accepted until somebody has agreed to that.
@Suite struct LostJournalTests {
    private static let loss = StoredFacts.lossKey + "journal.sqlite.aside-1"
    private static let now = Now(mono: 1, wall: 1)

    private func refusal(_ actions: [Action]) -> Refusal? {
        actions.lazy.compactMap { if case .respond(_, .refused(let refusal)) = $0 { refusal } else { nil } }.first
    }

    private func pay(_ machine: inout GatewayMachine, _ number: UInt64) throws -> [Action] {
        let request = PaymentRequest(cart: CartID(unchecked: "c1"), amount: try DecimalAmount("1.00"))
        return machine.handle(.request(RequestID(number), .pay(PaymentID(unchecked: "p\(number)"), request, Recall())), at: Self.now)
    }

    @Test func `after the loss of a journal nothing is accepted until the agreement is on disk`() throws {
        var machine = GatewayMachine(policy: GatewayPolicy(), seed: 1)
        _ = machine.handle(.start(open: [], carts: [], facts: [Self.loss: StoredFacts.lossNotAccepted]), at: Self.now)
        #expect(refusal(try pay(&machine, 1))?.code == .journalUnavailable)
        let agreed = machine.handle(.request(RequestID(2), .acceptLoss(by: "anna", note: "compared")), at: Self.now)
        let append = agreed.lazy.compactMap { action -> (CallID, [JournalEntry])? in
            if case .call(let id, .append(let entries), _, _) = action { (id, entries) } else { nil }
        }.first
        let (id, entries) = try #require(append)
        #expect(entries.map(\.note) == ["the loss of journal.sqlite.aside-1 was accepted by anna: compared"])
        #expect(refusal(try pay(&machine, 3))?.code == .journalUnavailable, "not on disk yet")
        let written = machine.handle(.answer(id, .append(.success(()))), at: Self.now)
        #expect(written.contains(.respond(RequestID(2), .done)))
        #expect(refusal(try pay(&machine, 4)) == nil)
    }

    @Test func `no card is kept meanwhile, and what is not known is not called absent`() throws {
        var machine = GatewayMachine(policy: GatewayPolicy(), seed: 1)
        let started = machine.handle(.start(open: [], carts: [], facts: [Self.loss: StoredFacts.lossNotAccepted]), at: Self.now)
        #expect(started.contains { if case .notice(let notice) = $0 { notice.code == "journal_lost" } else { false } })
        let card = CardSetupRequest(user: "77", partner: "1", postalCode: "01234")
        let keep = machine.handle(.request(RequestID(1), .keepCard(CardSetupID(unchecked: "s1"), card, Recall())), at: Self.now)
        #expect(refusal(keep)?.code == .journalUnavailable)
        #expect(refusal(keep)?.remedy?.contains("readerctl journal accept-loss") == true)
        let cancel = machine.handle(.request(RequestID(2), .cancel(PaymentID(unchecked: "p9"), Recall())), at: Self.now)
        #expect(refusal(cancel)?.code == .journalUnavailable, "it may be in the journal that was lost")
        let cancelCard = machine.handle(.request(RequestID(3), .cancelCardSetup(CardSetupID(unchecked: "s9"), Recall())), at: Self.now)
        #expect(refusal(cancelCard)?.code == .journalUnavailable)
    }

    @Test func `an agreement that cannot be written does not hold`() throws {
        var machine = GatewayMachine(policy: GatewayPolicy(), seed: 1)
        _ = machine.handle(.start(open: [], carts: [], facts: [Self.loss: StoredFacts.lossNotAccepted]), at: Self.now)
        let agreed = machine.handle(.request(RequestID(2), .acceptLoss(by: "anna", note: "compared")), at: Self.now)
        for case .call(let id, .append, _, _) in agreed {
            let failed = machine.handle(.answer(id, .append(.failure(JournalTrouble(detail: "full")))), at: Self.now)
            #expect(refusal(failed)?.code == .journalUnavailable)
        }
        #expect(refusal(try pay(&machine, 3))?.code == .journalUnavailable)
    }

    @Test func `an agreement that was journaled survives a restart`() throws {
        var machine = GatewayMachine(policy: GatewayPolicy(), seed: 1)
        _ = machine.handle(.start(open: [], carts: [], facts: [Self.loss: "accepted"]), at: Self.now)
        #expect(refusal(try pay(&machine, 1)) == nil)
    }
}
