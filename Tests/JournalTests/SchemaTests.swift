import GRDB
import GatewayModel
import Moments
import TestSupport
import Testing

@testable import Journal

@Suite struct SchemaTests {
    /// The next version, as it might come to be.
    private let later = Schema(steps: Schema.current.steps + ["ALTER TABLE payments ADD COLUMN remark TEXT"])

    private func open(_ directory: TemporaryDirectory, _ schema: Schema) throws -> JournalStore {
        try JournalStore(path: directory.journal, schema: schema, pageSize: 4096)
    }

    private func version(_ store: JournalStore) throws -> Int? {
        try store.pool.read { try Int.fetchOne($0, sql: "PRAGMA user_version") }
    }

    @Test func `an empty file becomes a journal`() throws {
        let directory = try TemporaryDirectory()
        try Files.write([], to: directory.journal)
        let store = try JournalStore(path: directory.journal)
        #expect(try version(store) == Schema.current.version)
        try store.close()
    }

    @Test func `an empty journal of version 1 is brought up to date`() throws {
        let directory = try TemporaryDirectory()
        // As the first version made it; what came later is not there yet.
        let first = try DatabaseQueue(path: directory.journal)
        try first.writeWithoutTransaction { database in
            _ = try Schema(steps: Array(Schema.current.steps.prefix(1)))
                .apply(to: database, at: "2026-01-02T03:04:05.678Z", identity: "0123456789abcdef")
            #expect(try Int.fetchOne(database, sql: "PRAGMA user_version") == 1)
        }
        try first.close()
        let second = try open(directory, later)
        #expect(try version(second) == later.version)
        #expect(try second.append([Sample.entry(.accepted, try Sample.payment())]) == [1])
        try second.close()
    }

    @Test func `a journal with payments keeps them when it is brought up to date`() throws {
        let directory = try TemporaryDirectory()
        let payment = try Sample.fullPayment()
        let first = try open(directory, .current)
        let identity = first.identity
        _ = try first.append([Sample.entry(.ended, payment)])
        try first.close()
        let second = try open(directory, later)
        #expect(second.identity == identity)
        #expect(try second.recall(payment: payment.id) == payment)
        try second.close()
    }

    @Test func `a journal of a newer version is refused and left as it is`() throws {
        let directory = try TemporaryDirectory()
        try open(directory, later).close()
        let before = try Files.bytes(directory.journal)
        #expect(throws: JournalFailure.newerSchema(found: later.version, known: Schema.current.version)) {
            try JournalStore(path: directory.journal)
        }
        #expect(try Files.bytes(directory.journal) == before)
    }

    @Test func `a step that fails changes nothing`() throws {
        let directory = try TemporaryDirectory()
        try open(directory, .current).close()
        let broken = Schema(steps: Schema.current.steps + ["CREATE TABLE half (a); SELECT no_such_function()"])
        #expect(throws: JournalFailure.self) { try open(directory, broken) }
        let store = try JournalStore(path: directory.journal)
        #expect(try version(store) == Schema.current.version)
        #expect(try store.pool.read { try !$0.tableExists("half") })
        try store.close()
    }

    @Test func `what version 1 wrote is read for ever`() throws {
        let payment = """
            {"afterwards":"a field of a later version is passed over","attempts":1,"authorized":false,"cancelRequested":false,\
            "createdAt":1795377938123,"id":"till-1-000123","intent":"pi_abc213","leased":true,"money":"unknown","reader":"tmr_123",\
            "request":{"afterKeyedEntry":false,"amount":"56.78","cart":"123","lane":"till-1","timeoutSeconds":120},"state":"unresolved",\
            "timeline":[{"at":1795377938123,"state":"queued"}],"tipMinor":0,"updatedAt":1795377938123}
            """
        let record = try RecordCoder().payment(payment, display: nil)
        #expect(record.state == .unresolved && record.intent?.text == "pi_abc213" && record.request.amount.text == "56.78")
        #expect(record.warnings.isEmpty && record.receipt == nil && record.amountChargedMinor == nil && record.decidesBy == nil)
        let cart = """
            {"cart":"123","intent":{"amount":"56.78","amountMinor":5678,"currency":"usd","everConfirmed":true,"id":"pi_1",\
            "knownNotCharged":false,"publishableKey":"pk_test_1"},"keyedEntry":false,"openPayments":["a"],"paid":false,"replaced":["pi_0"]}
            """
        #expect(try RecordCoder().cart(cart).intent?.everConfirmed == true)
    }

    @Test(arguments: [
        (JournalFailure.full, "full"), (.locked(by: 42), "42"), (.locked(by: nil), "in use"),
        (.newerSchema(found: 3, known: 2), "schema 3"),
        (.corrupt(detail: "x"), "set it aside"), (.readOnly(detail: "x"), "writable"),
    ])
    func `a failure says what is the matter`(failure: JournalFailure, word: String) {
        #expect("\(failure)".contains(word))
    }
}
