import GRDB
import GatewayModel

extension JournalStore {
    /// The card set-up as its last event left it, or nil when the journal does not know it.
    package func recall(cardSetup: CardSetupID) throws(JournalFailure) -> CardSetupRecord? {
        try read { database in try JournalStore.cardSetup(cardSetup, database) }
    }

    static func cardSetup(_ id: CardSetupID, _ database: Database) throws -> CardSetupRecord? {
        try String.fetchOne(database.cachedStatement(sql: "SELECT record FROM card_setups WHERE id = ?"), arguments: [id.text])
            .map { try RecordCoder().cardSetup($0) }
    }

    /// Card set-ups that have not ended, oldest first. A start has to end them.
    package func openCardSetups() throws(JournalFailure) -> [CardSetupRecord] {
        try read { database in
            let coder = RecordCoder()
            return try String.fetchAll(database, sql: "SELECT record FROM card_setups WHERE ended_ms IS NULL ORDER BY number")
                .map { try coder.cardSetup($0) }
        }
    }
}
