package import CheckoutAPI
package import CheckoutServer
internal import GatewayCore
internal import GatewayModel
internal import Journal

extension GatewayService {
    package func releaseReader(_ name: String, _ body: ReleaseBody, caller: Caller) async throws(Problem) -> Reader {
        let by = Self.name(of: caller)
        switch (body.payment, body.cardSetup) {
        case (let text?, nil):
            let payment = try PaymentID.checked(text)
            _ = try await ask(about: payment) { .release(name, .payment(payment), by: by, $0) }
        case (nil, let text?):
            let setup = try CardSetupID.checked(text)
            _ = try await ask(cardSetup: setup) { .release(name, .cardSetup(setup), by: by, $0) }
        case (nil, nil), (_?, _?): throw .invalid("payment", ReleaseBody.needsOne)
        }
        return try await reader(name, caller: caller)
    }

    package func acknowledgePayment(_ id: String, _ body: AcknowledgeBody, caller: Caller) async throws(Problem) -> Payment {
        let payment = try PaymentID.checked(id)
        let by = Self.name(of: caller)
        // Its cart may be held for it.
        let cart = try await record(payment).request.cart
        let answer = try await ask(about: payment, cart) { .acknowledge(payment, by: by, note: body.note, $0) }
        guard case .payment(let record, _) = answer else { throw Self.odd }
        return Payment(record)
    }

    package func acceptJournalLoss(_ body: AcceptLossBody, caller: Caller) async throws(Problem) {
        let by = Self.name(of: caller)
        _ = try await ask { _ in .acceptLoss(by: by, note: body.note) }
    }

    /// What is not known may be in a journal that was set aside: "no such payment" would be taken for "not paid".
    func refuseIfJournalLost() async throws(Problem) {
        if let lost = await engine.view({ $0.refusesForLoss }) { throw Problem(lost) }
    }

    /// The name under which a technician's decision is journaled.
    static func name(of caller: Caller) -> String { AccountNames.system.userName(caller.uid) ?? "uid \(caller.uid)" }
}
