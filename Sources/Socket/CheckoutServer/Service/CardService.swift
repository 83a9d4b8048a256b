import CheckoutAPI

/// A card set-up that was taken on (201), or was known already (200).
package struct AcceptedCardSetup: Sendable, Equatable {
    package var created: Bool
    package var setup: CardSetup

    package init(created: Bool, setup: CardSetup) {
        self.created = created
        self.setup = setup
    }
}

/// What stands behind the routes of cards on file.
package protocol CardService: Sendable {
    /// Returns when the set-up is durably accepted, or found under its id. Never waits for its end.
    func createCardSetup(_ id: String, _ body: CardSetupBody, caller: Caller) async throws(Problem) -> AcceptedCardSetup
    /// The set-up when it has ended, or as it is after `waitUpTo`, or at once when that is nil or the task is cancelled.
    func cardSetup(_ id: String, waitUpTo: Duration?, caller: Caller) async throws(Problem) -> CardSetup
    func cancelCardSetup(_ id: String, caller: Caller) async throws(Problem) -> CardSetup
    func storeBankcard(_ body: BankcardBody, caller: Caller) async throws(Problem) -> Bankcard
}
