import GRDB

/// The journal's tables, version by version.
///
/// A version that was released is never edited: a change is a new step at the end. A new `JournalKind` or `PaymentState` that an older
/// readerd could not read is a new version too, even with an empty step: the older readerd then says so instead of calling the journal
/// damaged.
struct Schema: Sendable {
    /// The mark of a readerd journal, "rdrd" (`PRAGMA application_id`).
    static let applicationID: Int32 = 0x7264_7264

    /// Step n turns version n into n + 1.
    var steps: [String]

    var version: Int { steps.count }

    static let current = Schema(steps: [first, cardSetups, contradictions, warnings, cartLocks, changes])

    /// From here on an event holds what it changed, and the events of payments that ended long ago stand in one row together. An older
    /// readerd would miss both.
    private static let changes = """
        -- What the event changed of the payment, as JSON, where it does not hold the record whole: a merge patch (RFC 7396) of the record
        -- before it, in which "NAME+" holds what was appended to a list.
        ALTER TABLE events ADD COLUMN change TEXT;
        -- The same of the cart. It is NULL where the event did not change it. It is read by people alone: once compaction has removed the
        -- cart's first row, the record that later rows have changed is not in the journal any more.
        ALTER TABLE events ADD COLUMN cart_change TEXT;

        -- The events of a payment that ended long ago, and of its cart meanwhile, which are not in "events" any more.
        CREATE TABLE stories (
            number INTEGER PRIMARY KEY NOT NULL,  -- of the payment
            -- [[sequence, at_ms, kind, state, money, note, fact], ...]. What is missing is left out or null: state and money of a cart's event
            events TEXT NOT NULL
        ) STRICT;

        DROP VIEW story;
        CREATE VIEW story AS
            SELECT
                sequence AS number,
                at,
                payment,
                events.cart AS cart,
                kind AS what,
                events.state AS state,
                events.money AS money,
                json_extract(payments.record, '$.request.amount') AS amount,
                json_extract(payments.record, '$.currency') AS currency,
                json_extract(payments.record, '$.reader') AS reader,
                CASE WHEN events.state = payments.state THEN json_extract(payments.record, '$.failure.code') END AS failure,
                coalesce(note, fact_key || ' = ' || fact_value) AS note
            FROM events LEFT JOIN payments ON payments.id = payment
            UNION ALL
            SELECT
                json_extract(value, '$[0]'),
                strftime('%Y-%m-%dT%H:%M:%fZ', json_extract(value, '$[1]') / 1000.0, 'unixepoch'),
                payments.id,
                told.cart,
                json_extract(value, '$[2]'),
                json_extract(value, '$[3]'),
                json_extract(value, '$[4]'),
                json_extract(payments.record, '$.request.amount'),
                json_extract(payments.record, '$.currency'),
                json_extract(payments.record, '$.reader'),
                CASE WHEN json_extract(value, '$[3]') = payments.state THEN json_extract(payments.record, '$.failure.code') END,
                coalesce(json_extract(value, '$[5]'), json_extract(value, '$[6]'))
            FROM stories JOIN payments AS told ON told.number = stories.number JOIN json_each(stories.events)
                LEFT JOIN payments ON payments.number = stories.number AND json_extract(value, '$[3]') IS NOT NULL
            ORDER BY number;
        """

    /// The step changes the number alone: rows may have the kind "contradicted" from here on, which an older readerd could not read.
    private static let contradictions = "SELECT 1"

    /// Rows may have the kinds "warned" and "acknowledged" and the failure `cart_unresolved` from here on. An index finds payments with
    /// warnings without reading all rows.
    private static let warnings = """
        CREATE INDEX payments_warned ON payments (number) WHERE json_extract(record, '$.warnings') IS NOT NULL;
        """

    /// A cart's row holds the form that all spellings of the cart have in common. Rows of older versions, which hold the till's spelling,
    /// are found by it too.
    private static let cartLocks = """
        CREATE INDEX carts_lock ON carts (lower(ltrim(trim(cart), '0')));
        """

    private static let cardSetups = """
        ALTER TABLE events ADD COLUMN card_setup TEXT;

        -- Every card set-up as its last event left it.
        CREATE TABLE card_setups (
            number   INTEGER PRIMARY KEY NOT NULL,  -- the sequence of its first event
            id       TEXT NOT NULL UNIQUE,
            reader   TEXT NOT NULL,
            state    TEXT NOT NULL,
            created  TEXT NOT NULL,
            ended    TEXT,
            ended_ms INTEGER,
            record   TEXT NOT NULL
        ) STRICT;
        CREATE INDEX card_setups_by_end ON card_setups (ended_ms);
        CREATE TRIGGER card_setups_ended_stand BEFORE UPDATE ON card_setups
            WHEN OLD.ended_ms IS NOT NULL AND (NEW.state IS NOT OLD.state OR NEW.ended_ms IS NOT OLD.ended_ms)
            BEGIN SELECT RAISE(ABORT, 'a card set-up that ended never changes'); END;
        """

    private static let first = """
        CREATE TABLE meta (
            name  TEXT PRIMARY KEY NOT NULL,
            value TEXT NOT NULL
        ) STRICT, WITHOUT ROWID;

        -- What happened, in order. Rows are added, never changed; compaction removes those of payments that ended long ago.
        CREATE TABLE events (
            sequence    INTEGER PRIMARY KEY AUTOINCREMENT,
            at          TEXT NOT NULL,     -- RFC 3339, UTC
            at_ms       INTEGER NOT NULL,  -- the same in milliseconds since 1970
            kind        TEXT NOT NULL,
            payment     TEXT,
            cart        TEXT,
            state       TEXT,              -- of the payment, after the event
            money       TEXT,
            note        TEXT,
            record      TEXT,              -- the payment after the event, as JSON, without the cart shown on the reader (see displays)
            cart_record TEXT,              -- the cart after the event, as JSON
            fact_key    TEXT,
            fact_value  TEXT
        ) STRICT;
        CREATE INDEX events_of_payment ON events (payment, sequence) WHERE payment IS NOT NULL;
        CREATE INDEX events_of_none ON events (at_ms) WHERE payment IS NULL;
        CREATE TRIGGER events_stand BEFORE UPDATE ON events
            BEGIN SELECT RAISE(ABORT, 'an event is never rewritten'); END;

        -- Every payment as its last event left it.
        CREATE TABLE payments (
            number    INTEGER PRIMARY KEY NOT NULL,  -- the sequence of its first event
            id        TEXT NOT NULL UNIQUE,
            cart      TEXT NOT NULL,
            lane      TEXT,
            reader    TEXT NOT NULL,
            state     TEXT NOT NULL,
            money     TEXT NOT NULL,
            created   TEXT NOT NULL,
            ended     TEXT,
            ended_ms  INTEGER,
            record    TEXT NOT NULL
        ) STRICT;
        CREATE INDEX payments_of_cart ON payments (cart, number);
        CREATE INDEX payments_of_lane ON payments (lane, number) WHERE lane IS NOT NULL;
        CREATE INDEX payments_by_state ON payments (state, number);
        CREATE INDEX payments_by_end ON payments (ended_ms);
        CREATE TRIGGER payments_ended_stand BEFORE UPDATE ON payments
            WHEN OLD.ended_ms IS NOT NULL
                AND (NEW.state IS NOT OLD.state OR NEW.money IS NOT OLD.money OR NEW.ended_ms IS NOT OLD.ended_ms)
            BEGIN SELECT RAISE(ABORT, 'a payment that ended never changes'); END;

        -- The cart that a payment shows on the reader: kept once, not with every event, for it can be large.
        CREATE TABLE displays (
            payment TEXT PRIMARY KEY NOT NULL,
            display TEXT NOT NULL
        ) STRICT;

        CREATE TABLE carts (
            cart       TEXT PRIMARY KEY NOT NULL,
            open       INTEGER NOT NULL,  -- 1: something is still to be watched or waited for
            busy       INTEGER NOT NULL,  -- 1: a payment of it has not ended
            updated    TEXT NOT NULL,
            updated_ms INTEGER NOT NULL,
            record     TEXT NOT NULL
        ) STRICT;
        CREATE INDEX carts_open ON carts (cart) WHERE open = 1;
        CREATE INDEX carts_by_age ON carts (updated_ms) WHERE busy = 0;

        CREATE TABLE facts (
            key     TEXT PRIMARY KEY NOT NULL,
            value   TEXT NOT NULL,
            updated TEXT NOT NULL
        ) STRICT;

        -- For people: sqlite3 -readonly journal.sqlite "SELECT * FROM story WHERE payment = 'till-1-000123'"
        CREATE VIEW story AS
            SELECT
                sequence AS number,
                at,
                payment,
                cart,
                kind AS what,
                state,
                money,
                json_extract(record, '$.request.amount') AS amount,
                json_extract(record, '$.currency') AS currency,
                json_extract(record, '$.reader') AS reader,
                json_extract(record, '$.failure.code') AS failure,
                coalesce(note, CASE WHEN fact_key IS NOT NULL THEN fact_key || ' = ' || fact_value END) AS note
            FROM events
            ORDER BY sequence;
        """
}

extension Schema {
    /// Brings a file to this version, each step in a transaction of its own. The result is the number of steps taken.
    @discardableResult
    func apply(to database: Database, at time: String, identity: String) throws -> Int {
        let found = try Int.fetchOne(database, sql: "PRAGMA user_version") ?? 0
        let owner = try Int32.fetchOne(database, sql: "PRAGMA application_id") ?? 0
        let tables = try Int.fetchOne(database, sql: "SELECT count(*) FROM sqlite_schema") ?? 0
        if owner != Schema.applicationID, tables > 0 || found != 0 {
            throw JournalFailure.corrupt(detail: "it is an SQLite file of another program")
        }
        guard found <= version else { throw JournalFailure.newerSchema(found: found, known: version) }
        guard found >= 0 else { throw JournalFailure.corrupt(detail: "its schema version is \(found)") }
        for (number, step) in steps.enumerated().dropFirst(found) {
            try database.inTransaction(.immediate) {
                try database.execute(sql: step)
                if number == 0 {
                    try database.execute(sql: "PRAGMA application_id = \(Schema.applicationID)")
                    try database.execute(
                        sql: "INSERT INTO meta (name, value) VALUES ('created', ?), ('identity', ?), ('compacted_through', '0')",
                        arguments: [time, identity])
                }
                try database.execute(sql: "PRAGMA user_version = \(number + 1)")
                return .commit
            }
        }
        return version - found
    }
}
