import GRDB
import JSON

/// The records of the payments in one answer. Each is put together from the last whole one and what has changed since.
struct RecordChain {
    /// One event in so many keeps the record whole, so that reading an event never means reading more than these.
    static let length = 32

    private enum Known {
        case whole(String)
        case members(JSONObject)
    }

    private let database: Database
    private var known: [String: Known] = [:]

    init(_ database: Database) { self.database = database }

    /// The payment's record after the event of this row, as JSON. It is nil when the event keeps none. Rows come in their order.
    mutating func record(of payment: String, in row: StoredRow) throws -> String? {
        if let record = try row.textIfAny("record") {
            known[payment] = .whole(record)
            return record
        }
        guard let change = try row.textIfAny("change") else { return nil }
        let sequence = try row.number("sequence").sequence()
        let before =
            switch known[payment] {
            case .members(let members): members
            case .whole(let record): try Self.members(of: record)
            case nil: try members(of: payment, before: sequence)
            }
        let members = try RecordChange(stored: change).applied(to: before)
        known[payment] = .members(members)
        return JSONValue.object(members).text()
    }

    /// The record that the event with this number changed.
    private func members(of payment: String, before sequence: Int64) throws -> JSONObject {
        let rows = try Row.fetchCursor(
            database.cachedStatement(
                sql: "SELECT record, change FROM events WHERE payment = ? AND sequence < ? ORDER BY sequence DESC LIMIT \(Self.length)"),
            arguments: [payment, sequence])
        var changes: [RecordChange] = []
        while let row = try rows.next().map(StoredRow.init) {
            if let record = try row.textIfAny("record") {
                return try changes.reversed().reduce(Self.members(of: record)) { try $1.applied(to: $0) }
            }
            if let change = try row.textIfAny("change") { changes.append(try RecordChange(stored: change)) }
        }
        throw JournalFailure.corrupt(detail: "an event says what changed of a payment that is not there")
    }

    private static func members(of record: String) throws -> JSONObject {
        guard let members = RecordChange.members(of: record) else { throw JournalFailure.corrupt(detail: "a record cannot be read") }
        return members
    }
}

extension RecordChain {
    /// What has changed of the payment since its last event. It is nil when the next event has to keep the record whole: the first one does,
    /// one in every ``length``, and one whose predecessor cannot be read.
    static func change(of payment: String, to record: JSONObject, in database: Database) throws -> String? {
        let isWhole = try Bool.fetchCursor(
            database.cachedStatement(
                sql: "SELECT record IS NOT NULL FROM events WHERE payment = ? ORDER BY sequence DESC LIMIT \(length - 1)"),
            arguments: [payment])
        guard try isWhole.contains(true) else { return nil }
        let before = try String.fetchOne(
            database.cachedStatement(sql: "SELECT record FROM payments WHERE id = ?"), arguments: [payment])
        guard let before = before.flatMap(RecordChange.members) else { return nil }
        return RecordChange(from: before, to: record)?.text
    }
}
