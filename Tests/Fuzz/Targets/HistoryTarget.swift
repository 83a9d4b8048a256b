import GRDB
import GatewayModel
import JSON
import Moments

@testable import Journal

/// A payment's rows in the journal: the events that keep it whole, those that keep what they changed, and the story of one that was folded.
///
/// The first line of an input is the payment as it stands in its own row. Each other line begins with the letter of its column.
enum HistoryTarget {
    /// A chain that begins anywhere has to find a whole record within so many.
    private static let mostEvents = RecordChain.length - 1

    private static let database: DatabaseQueue = {
        do {
            let queue = try DatabaseQueue()
            try queue.inDatabase { database in
                _ = try Schema.current.apply(to: database, at: "2026-11-22T20:05:38Z", identity: "0123abcd")
                // A disk changes a row without asking the index, which would refuse what is no JSON.
                try database.execute(sql: "DROP INDEX payments_warned; PRAGMA journal_mode = OFF")
            }
            return queue
        } catch {
            fatalError("no database in memory: \(error)")
        }
    }()

    @Sendable static func run(_ bytes: [UInt8]) {
        let lines = String(decoding: bytes, as: UTF8.self).split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        differences(lines.map { String($0.dropFirst($0.hasPrefix("{") ? 0 : 1)) })
        do {
            try database.inDatabase { database in
                try fill(database, lines)
                events(database)
                story(database)
            }
        } catch {
            fatalError("what an input says could not be put into a row: \(error)")
        }
    }

    private static func fill(_ database: Database, _ lines: [String]) throws {
        for table in ["events", "payments", "stories", "displays"] {
            try database.cachedStatement(sql: "DELETE FROM \(table)").execute()
        }
        try database.cachedStatement(
            sql: """
                INSERT INTO payments (number, id, cart, reader, state, money, created, record)
                VALUES (1, 'p', '1', 'tmr_1', 'queued', 'not_taken', '2026-11-22T20:05:38Z', ?)
                """
        ).execute(arguments: [lines.first ?? ""])
        var events = 0
        for line in lines.dropFirst() {
            let rest = String(line.dropFirst())
            switch line.first {
            case "s":
                try database.cachedStatement(sql: "INSERT OR REPLACE INTO stories (number, events) VALUES (1, ?)").execute(arguments: [rest]
                )
            case "d":
                try database.cachedStatement(sql: "INSERT OR REPLACE INTO displays (payment, display) VALUES ('p', ?)")
                    .execute(arguments: [rest])
            case .some where events < mostEvents:
                events += 1
                try database.cachedStatement(
                    sql: """
                        INSERT INTO events (sequence, at, at_ms, kind, payment, record, change) VALUES (?, '', 0, 'progress', 'p', ?, ?)
                        """
                ).execute(arguments: [events, line.first == "r" ? rest : nil, line.first == "c" ? rest : nil])
            case .some, nil: break
            }
        }
    }

    /// From wherever a reader begins, an event's record is the same.
    private static func events(_ database: Database) {
        do {
            let rows = try Row.fetchAll(
                database.cachedStatement(sql: "SELECT sequence, record, change FROM events ORDER BY sequence")
            ).map(StoredRow.init)
            var chain = RecordChain(database)
            let coder = RecordCoder()
            for row in rows {
                guard let record = try chain.record(of: "p", in: row) else { continue }
                var other = RecordChain(database)
                require(try other.record(of: "p", in: row) == record, "a record is another when the reader begins at it")
                do { _ = try coder.payment(record, display: nil) } catch { _ = error }
            }
        } catch {
            require(error is JournalFailure, "rows that cannot be read are not said to be damaged: \(error)")
        }
    }

    private static func story(_ database: Database) {
        do {
            guard let story = try FoldedStory(of: PaymentID(unchecked: "p"), database) else { return }
            for event in try story.events(after: 3, limit: 20) {
                require(event.sequence > 3 && StoredNumber.times.contains(event.at.milliseconds), "an event that was not asked for")
            }
        } catch {
            require(error is JournalFailure || error is DecodingError, "a story that cannot be read is not said to be damaged: \(error)")
        }
    }

    /// What is written as changed is, when it is read again, what was changed.
    private static func differences(_ texts: [String]) {
        var before: JSONObject?
        for text in texts.prefix(8) {
            guard let record = unambiguous(text) else { continue }
            defer { before = record }
            guard let before, let change = RecordChange(from: before, to: record) else { continue }
            do throws(JournalFailure) {
                require(try RecordChange(stored: change.text).applied(to: before) == record, "a change makes another record of it")
            } catch {
                fatalError("a change that was written cannot be read: \(error)")
            }
        }
    }

    /// A record without members of one name, as the coder writes them.
    private static func unambiguous(_ text: String) -> JSONObject? {
        do {
            return try JSONParser.parse(Array(text.utf8), bounds: .init(depth: 16, values: 2000), repeatedNames: .refused).object
        } catch {
            return nil
        }
    }
}
