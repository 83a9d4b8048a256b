package import CheckoutAPI
package import CheckoutServer
internal import GatewayCore
internal import GatewayModel
import Moments
internal import Journal
internal import MarianaAPI

// MARK: - Cards on file

extension GatewayService {
    package func createCardSetup(_ id: String, _ body: CardSetupBody, caller: Caller) async throws(Problem) -> AcceptedCardSetup {
        let setup = try CardSetupID.checked(id)
        let request = CardSetupRequest(
            user: body.user, partner: body.partner, postalCode: body.postalCode, name: body.name,
            lane: body.lane.map { LaneName(unchecked: $0) }, reader: body.reader, timeoutSeconds: body.timeoutSeconds)
        guard case .cardSetup(let record, let created) = try await ask(cardSetup: setup, { .keepCard(setup, request, $0) }) else {
            throw Self.odd
        }
        return AcceptedCardSetup(created: created, setup: CardSetup(record))
    }

    package func cardSetup(_ id: String, waitUpTo limit: Duration?, caller: Caller) async throws(Problem) -> CardSetup {
        let setup = try CardSetupID.checked(id)
        let now = try await record(setup)
        guard let limit, limit > .zero, !now.state.isEnd else { return CardSetup(now) }
        await engine.waitForEnd(of: .cardSetup(setup), upTo: limit)
        return CardSetup(try await record(setup))
    }

    package func cancelCardSetup(_ id: String, caller: Caller) async throws(Problem) -> CardSetup {
        let setup = try CardSetupID.checked(id)
        guard case .cardSetup(let record, _) = try await ask(cardSetup: setup, { .cancelCardSetup(setup, $0) }) else { throw Self.odd }
        return CardSetup(record)
    }

    package func storeBankcard(_ body: BankcardBody, caller: Caller) async throws(Problem) -> Bankcard {
        let stored = try await calling { () async throws(CallFailure) in
            try await engine.edges.backend.storePaymentMethod(
                partner: body.partner, paymentMethod: body.paymentMethod, postalCode: body.postalCode, user: body.user, name: body.name,
                trace: caller.requestID, deadline: about.backendTimeout)
        }
        return Bankcard(paymentMethod: stored.paymentMethod, bankcard: stored.bankcard)
    }

    private func record(_ id: CardSetupID) async throws(Problem) -> CardSetupRecord {
        do throws(JournalFailure) {
            if let record = try await engine.record(id) { return record }
        } catch {
            throw Problem(.journalUnavailable, error.description)
        }
        try await refuseIfJournalLost()
        throw Problem(.notFound, "There is no card set-up \(id.text).", remedy: "Check the id.")
    }
}

extension CardSetup {
    init(_ record: CardSetupRecord) {
        self.init(
            id: record.id.text, user: record.request.user, lane: record.request.lane?.text, reader: record.reader.text,
            readerLabel: record.readerLabel, state: Payment.State(record.state), setupIntent: record.setupIntent,
            paymentMethod: record.paymentMethod, bankcard: record.bankcard,
            card: record.card.map { Payment.Card(brand: $0.brand, last4: $0.last4, entry: $0.entry) },
            failure: record.failure.map { Payment.Failure($0) }, cancelRequested: record.cancelRequested,
            createdAt: Timestamp(record.createdAt), updatedAt: Timestamp(record.updatedAt),
            endedAt: Timestamp(record.endedAt),
            timeline: record.timeline.map { .init(state: Payment.State($0.state), at: Timestamp($0.at)) })
    }
}

extension CardSetupID {
    static func checked(_ text: String) throws(Problem) -> CardSetupID {
        guard let id = CardSetupID(text) else { throw .invalid("id", "must be 1 to 128 of A-Z a-z 0-9 . _ -") }
        return id
    }
}
