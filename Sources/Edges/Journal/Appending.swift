import FoundationEssentials
import GRDB
import GatewayModel
import JSON
import Moments
import Synchronization

extension JournalStore {
    /// Writes all entries, or none. They are on the disk when this returns.
    ///
    /// - Returns: the sequence number of each entry, rising.
    package func append(_ entries: [JournalEntry]) throws(JournalFailure) -> [Int64] {
        guard !entries.isEmpty else { return [] }
        // Work that can be done beforehand is not done while the file is held.
        let rows = try JournalStore.translating(path) { try EventRow.rows(of: entries) }
        let sequences = try write { database in try rows.map { try $0.insert(into: database) } }
        newest.withLock { $0.add(zip(entries, sequences).map { StoredEvent($0, sequence: $1) }) }
        return sequences
    }
}

extension JournalStore {
    /// An entry that the journal's own rules refuse, and that was left out of the journal.
    package struct LeftOut: Sendable, Equatable {
        package var entry: JournalEntry
        package var detail: String
    }

    /// Works as `append`, but leaves out entries that the journal's own rules refuse (another end for a payment that has ended), for they
    /// would block every later one. All others are written in one transaction, or none. An entry upon which something is begun is never
    /// left out: with it all are refused.
    ///
    /// - Returns: the entries that were left out.
    package func appendAllowed(_ entries: [JournalEntry]) throws(JournalFailure) -> [LeftOut] {
        guard !entries.isEmpty else { return [] }
        let rows = try JournalStore.translating(path) { try EventRow.rows(of: entries) }
        newest.withLock { $0.clear() }
        return try write { database in
            var leftOut: [LeftOut] = []
            for row in rows {
                do {
                    try database.inSavepoint {
                        _ = try row.insert(into: database)
                        return .commit
                    }
                } catch let error as DatabaseError where error.resultCode == .SQLITE_CONSTRAINT && !row.entry.kind.beginsSomething {
                    leftOut.append(LeftOut(entry: row.entry, detail: JournalStore.bounded(error.message ?? "\(error.resultCode)")))
                }
            }
            return leftOut
        }
    }
}

extension JournalKind {
    /// As soon as the entry is on disk, readerd asks something of a reader or the backend, or tells a caller that it holds.
    fileprivate var beginsSomething: Bool {
        switch self {
        case .accepted, .confirming, .keyedEntry, .acknowledged: true
        case .leased, .intent, .collecting, .progress, .answer, .released, .cancelRequested, .unresolved, .evidence, .ended, .contradicted,
            .warned, .cart, .fact, .cardSetup:
            false
        }
    }
}

/// One entry, put into the words of the tables.
private struct EventRow {
    let entry: JournalEntry
    let at: String
    let record: String?
    /// The members of `record`, to tell what has changed.
    let members: JSONObject?
    let display: String?
    let cartRecord: String?
    let cardSetupRecord: String?

    static func rows(of entries: [JournalEntry]) throws -> [EventRow] {
        let coder = RecordCoder()
        return try entries.map { try EventRow($0, coder) }
    }

    private init(_ entry: JournalEntry, _ coder: RecordCoder) throws {
        self.entry = entry
        self.at = CivilTime(entry.at).rfc3339
        self.record = try entry.payment.map(coder.text(of:))
        self.members = record.flatMap(RecordChange.members)
        self.display = try entry.payment?.request.display.map(coder.text(of:))
        self.cartRecord = try entry.cart.map(coder.text(of:))
        self.cardSetupRecord = try entry.cardSetup.map(coder.text(of:))
    }

    func insert(into database: Database) throws -> Int64 {
        let (whole, change) = try payment(toKeepIn: database)
        let (wholeCart, cartChange) = try cart(toKeepIn: database)
        let statement = try database.cachedStatement(
            sql: """
                INSERT INTO events
                    (at, at_ms, kind, payment, cart, state, money, note, record, change, cart_record, cart_change, fact_key, fact_value,
                     card_setup)
                VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
                """)
        try statement.execute(
            arguments: [
                at, entry.at.milliseconds, entry.kind.rawValue, entry.payment?.id.text,
                (entry.payment?.request.cart ?? entry.cart?.cart)?.text,
                (entry.payment?.state ?? entry.cardSetup?.state)?.rawValue, entry.payment?.money.rawValue,
                entry.note.map { JournalStore.note($0) },
                whole, change, wholeCart, cartChange, entry.fact?.key, entry.fact?.value, entry.cardSetup?.id.text,
            ])
        let sequence = database.lastInsertedRowID
        if let payment = entry.payment, let record { try keep(payment, record, sequence, in: database) }
        if let cart = entry.cart, let cartRecord { try keep(cart, cartRecord, in: database) }
        if let setup = entry.cardSetup, let cardSetupRecord { try keep(setup, cardSetupRecord, sequence, in: database) }
        if let fact = entry.fact { try keep(fact, in: database) }
        return sequence
    }

    /// What the event keeps of the payment: it as a whole, or what has changed of it.
    private func payment(toKeepIn database: Database) throws -> (whole: String?, change: String?) {
        guard let payment = entry.payment, let members else { return (record, nil) }
        let change = try RecordChain.change(of: payment.id.text, to: members, in: database)
        return (change == nil ? record : nil, change)
    }

    /// The same of the cart: nothing when the event did not change it. What changed is for people and never read again, so no event after
    /// the first has to keep the cart whole.
    private func cart(toKeepIn database: Database) throws -> (whole: String?, change: String?) {
        guard let cart = entry.cart, let cartRecord else { return (nil, nil) }
        let before = try String.fetchOne(
            database.cachedStatement(sql: "SELECT record FROM carts WHERE cart = ?"), arguments: [cart.cart.text])
        if before == cartRecord { return (nil, nil) }
        guard let old = before.flatMap(RecordChange.members), let new = RecordChange.members(of: cartRecord),
            let change = RecordChange(from: old, to: new)
        else { return (cartRecord, nil) }
        return (nil, change.text)
    }

    private func keep(_ payment: PaymentRecord, _ record: String, _ sequence: Int64, in database: Database) throws {
        let statement = try database.cachedStatement(
            sql: """
                INSERT INTO payments (number, id, cart, lane, reader, state, money, created, ended, ended_ms, record)
                VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
                ON CONFLICT (id) DO UPDATE SET
                    cart = excluded.cart, lane = excluded.lane, reader = excluded.reader, state = excluded.state, money = excluded.money,
                    ended = excluded.ended, ended_ms = excluded.ended_ms, record = excluded.record
                """)
        // A payment has ended when its state says so. Recovery asks for that, so it does not depend on a time's being set.
        let ended: WallTime? = payment.state.isEnd ? payment.endedAt ?? payment.updatedAt : nil
        try statement.execute(
            arguments: [
                sequence, payment.id.text, payment.request.cart.text, payment.request.lane?.text, payment.reader.text,
                payment.state.rawValue,
                payment.money.rawValue, CivilTime(payment.createdAt).rfc3339, ended.map { CivilTime($0).rfc3339 }, ended?.milliseconds,
                record,
            ])
        guard let display else { return }
        let shown = try database.cachedStatement(
            sql: """
                INSERT INTO displays (payment, display) VALUES (?, ?)
                ON CONFLICT (payment) DO UPDATE SET display = excluded.display WHERE display IS NOT excluded.display
                """)
        try shown.execute(arguments: [payment.id.text, display])
    }

    private func keep(_ cart: CartFacts, _ record: String, in database: Database) throws {
        let statement = try database.cachedStatement(
            sql: """
                INSERT INTO carts (cart, open, busy, updated, updated_ms, record) VALUES (?, ?, ?, ?, ?, ?)
                ON CONFLICT (cart) DO UPDATE SET
                    open = excluded.open, busy = excluded.busy, updated = excluded.updated, updated_ms = excluded.updated_ms,
                    record = excluded.record
                """)
        try statement.execute(
            arguments: [cart.cart.text, cart.isOpen ? 1 : 0, cart.openPayments.isEmpty ? 0 : 1, at, entry.at.milliseconds, record])
    }

    private func keep(_ setup: CardSetupRecord, _ record: String, _ sequence: Int64, in database: Database) throws {
        let statement = try database.cachedStatement(
            sql: """
                INSERT INTO card_setups (number, id, reader, state, created, ended, ended_ms, record) VALUES (?, ?, ?, ?, ?, ?, ?, ?)
                ON CONFLICT (id) DO UPDATE SET
                    reader = excluded.reader, state = excluded.state, ended = excluded.ended, ended_ms = excluded.ended_ms,
                    record = excluded.record
                """)
        let ended: WallTime? = setup.state.isEnd ? setup.endedAt ?? setup.updatedAt : nil
        try statement.execute(
            arguments: [
                sequence, setup.id.text, setup.reader.text, setup.state.rawValue, CivilTime(setup.createdAt).rfc3339,
                ended.map { CivilTime($0).rfc3339 }, ended?.milliseconds, record,
            ])
    }

    private func keep(_ fact: JournalEntry.Fact, in database: Database) throws {
        let statement = try database.cachedStatement(
            sql: """
                INSERT INTO facts (key, value, updated) VALUES (?, ?, ?)
                ON CONFLICT (key) DO UPDATE SET value = excluded.value, updated = excluded.updated
                """)
        try statement.execute(arguments: [fact.key, fact.value, at])
    }
}
