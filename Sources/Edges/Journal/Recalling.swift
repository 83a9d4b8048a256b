import GRDB
import GatewayModel
import Moments

extension JournalStore {
    /// What the journal knows of the things that a request is about.
    package struct Known: Sendable {
        package var payment: PaymentRecord?
        package var cart: CartFacts?
        package var cardSetup: CardSetupRecord?
    }

    /// Recalls all of them at one moment, and reads once for that.
    package func recall(payment: PaymentID?, cart: CartID?, cardSetup: CardSetupID?) throws(JournalFailure) -> Known {
        guard payment != nil || cart != nil || cardSetup != nil else { return Known() }
        return try read { database in
            Known(
                payment: try payment.flatMap { try JournalStore.payment($0, database) },
                cart: try cart.flatMap { try JournalStore.cart($0, database) },
                cardSetup: try cardSetup.flatMap { try JournalStore.cardSetup($0, database) })
        }
    }

    /// The payment as its last event left it, or nil when the journal does not know it.
    package func recall(payment: PaymentID) throws(JournalFailure) -> PaymentRecord? {
        try read { database in try JournalStore.payment(payment, database) }
    }

    /// The cart as its last event left it. The payments themselves say which of them are open: a row of the cart may be older.
    package func recall(cart: CartID) throws(JournalFailure) -> CartFacts? {
        try read { database in try JournalStore.cart(cart, database) }
    }

    private static func payment(_ id: PaymentID, _ database: Database) throws -> PaymentRecord? {
        try payments(
            database, "SELECT number, record, display FROM payments LEFT JOIN displays ON payment = id WHERE id = ?", [id.text]
        ).first?.record
    }

    /// All spellings of a cart that share a lock have one row. Rows of older versions keep the till's spelling.
    private static func cart(_ cart: CartID, _ database: Database) throws -> CartFacts? {
        let lock = cart.lock.text
        let record =
            try String.fetchOne(database.cachedStatement(sql: "SELECT record FROM carts WHERE cart = ?"), arguments: [lock])
            ?? String.fetchOne(
                database.cachedStatement(
                    sql: """
                        SELECT record FROM carts WHERE lower(ltrim(trim(cart), '0')) = ?
                        ORDER BY json_extract(record, '$.paid') DESC, updated_ms DESC LIMIT 1
                        """),
                arguments: [lock])
        let open = try String.fetchAll(
            database.cachedStatement(
                sql: "SELECT id FROM payments WHERE ended_ms IS NULL AND lower(ltrim(trim(cart), '0')) = ? ORDER BY number"),
            arguments: [lock])
        guard record != nil || !open.isEmpty else { return nil }
        var facts = try record.map { try RecordCoder().cart($0) } ?? CartFacts(cart: cart.lock)
        facts.openPayments = open.map { PaymentID(unchecked: $0) }
        return facts
    }

    /// Payments that have not ended, oldest first. A start has to take them up again.
    package func openPayments() throws(JournalFailure) -> [PaymentRecord] {
        try read { database in
            try JournalStore.payments(
                database,
                """
                SELECT number, record, display FROM payments LEFT JOIN displays ON payment = id
                WHERE ended_ms IS NULL ORDER BY number
                """
            ).map(\.record)
        }
    }

    /// Payments with warnings that nobody has acknowledged, newest first.
    package func warnedPayments(limit: Int) throws(JournalFailure) -> [PaymentRecord] {
        try read { database in
            // The condition is worded as the index is, or SQLite would not use the index.
            try JournalStore.payments(
                database,
                """
                SELECT number, record, display FROM payments LEFT JOIN displays ON payment = id
                WHERE json_extract(record, '$.warnings') IS NOT NULL ORDER BY number DESC LIMIT ?
                """, [limit]
            ).map(\.record)
        }
    }

    /// Carts that readerd still has to watch or wait for: a payment has not ended, keyed entry is not closed, or a replaced intent's cart
    /// is not paid.
    package func openCarts() throws(JournalFailure) -> [CartFacts] {
        try read { database in
            let names = try String.fetchAll(
                database,
                sql: "SELECT cart FROM carts WHERE open = 1 UNION SELECT cart FROM payments WHERE ended_ms IS NULL ORDER BY cart")
            let locks = Set(names.map { CartID(unchecked: $0).lock }).sorted()
            return try locks.compactMap { try JournalStore.cart($0, database) }.filter(\.isOpen)
        }
    }

    /// Every value that is remembered under a key.
    package func facts() throws(JournalFailure) -> [String: String] {
        try read { database in
            var facts: [String: String] = [:]
            for row in try Row.fetchAll(database, sql: "SELECT key, value FROM facts").map(StoredRow.init) {
                facts[try row.text("key")] = try row.text("value")
            }
            return facts
        }
    }

    /// Lists payments, newest first.
    ///
    /// - Parameters:
    ///   - limit: the most payments that are given, kept within 1 to 1000.
    ///   - before: `next` of an earlier answer.
    /// - Returns: `next` is nil when there is nothing older.
    package func list(
        cart: CartID? = nil, state: PaymentState? = nil, lane: LaneName? = nil, limit: Int, before: Int64? = nil
    ) throws(JournalFailure) -> (records: [PaymentRecord], next: Int64?) {
        let limit = min(max(limit, 1), 1000)
        var conditions: [String] = []
        var arguments = StatementArguments()
        func add(_ condition: String, _ value: (any DatabaseValueConvertible)?) {
            guard let value else { return }
            conditions.append(condition)
            arguments += [value]
        }
        add("cart = ?", cart?.text)
        // A cart has few payments, and a state or a lane has very many: the plus keeps SQLite from choosing their index instead.
        let more = cart == nil ? "" : "+"
        add(more + "state = ?", state?.rawValue)
        add(more + "lane = ?", lane?.text)
        add("number < ?", before)
        let filter = conditions.isEmpty ? "" : "WHERE " + conditions.joined(separator: " AND ")
        arguments += [limit + 1]
        return try read { database in
            let found = try JournalStore.payments(
                database,
                """
                SELECT number, record, display FROM payments LEFT JOIN displays ON payment = id
                \(filter) ORDER BY number DESC LIMIT ?
                """, arguments)
            let page = found.prefix(limit)
            return (page.map(\.record), found.count > limit ? page.last?.number : nil)
        }
    }

    private static func payments(
        _ database: Database, _ sql: String, _ arguments: StatementArguments = StatementArguments()
    ) throws -> [(number: Int64, record: PaymentRecord)] {
        let coder = RecordCoder()
        return try Row.fetchAll(database.cachedStatement(sql: sql), arguments: arguments).map { row in
            let row = StoredRow(row)
            return (
                try row.number("number").sequence(), try coder.payment(try row.text("record"), display: try row.textIfAny("display"))
            )
        }
    }
}
