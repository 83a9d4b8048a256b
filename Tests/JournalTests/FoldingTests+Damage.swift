import GRDB
import GatewayModel
import Moments
import Synchronization
import TestSupport
import Testing
@testable import Journal

/// Rows that cannot be, where payments are folded and their stories read.
extension FoldingTests {
    @Test func `a payment that cannot be folded is told, and keeps no other from being folded`() async throws {
        for number in 0..<15 { try Sample.run("o\(number)", cart: "c", at: at(Self.detail), in: store) }
        try trade(0...Self.detail - 1)
        try await store.pool.write { database in
            // Numbers that cannot be, a record that is none, and a story that is there already and cannot be added to.
            try database.execute(
                sql: """
                    INSERT INTO events (sequence, at, at_ms, kind, payment) VALUES (-5, '', 0, 'progress', 'o3');
                    DROP INDEX payments_warned;
                    UPDATE payments SET record = '{' WHERE id = 'o7';
                    CREATE TRIGGER refuse BEFORE INSERT ON stories WHEN NEW.number = (SELECT number FROM payments WHERE id = 'o9')
                        BEGIN SELECT RAISE(ABORT, 'no'); END;
                    """)
        }
        let told = Mutex<[JournalStore.Unfolded]>([])
        #expect(try await store.fold { left in told.withLock { $0.append(left) } } == 12)
        #expect(try folded == (0..<15).filter { ![3, 7, 9].contains($0) }.map { "o\($0)" })
        let left = try #require(told.withLock { $0 }.first)
        #expect(told.withLock { $0.count } == 1)
        #expect(left.payments == 3 && left.first == 13)
        #expect(left.failure == .corrupt(detail: "first says -5, which cannot be"))
        #expect(try number("SELECT count(*) FROM events WHERE payment = 'o9'") == 4, "what failed was undone as a whole")
        #expect(try await store.fold { left in told.withLock { $0.append(left) } } == 0)
    }

    @Test func `an index that gives a payment's last event as its first is told as damage`() async throws {
        try trade(0...Self.detail)
        try await store.pool.write { database in
            try database.execute(
                sql: """
                    PRAGMA writable_schema = ON;
                    UPDATE sqlite_schema SET sql = replace(sql, '(payment, sequence)', '(payment, sequence DESC)')
                        WHERE name = 'events_of_payment';
                    """)
        }
        try store.close()
        let again = try JournalStore(path: directory.journal)
        let told = Mutex<[JournalStore.Unfolded]>([])
        #expect(try await again.fold { left in told.withLock { $0.append(left) } } == 0)
        #expect(
            told.withLock { $0.map(\.failure) } == [.corrupt(detail: "a payment's last event comes before its first")])
        try again.close()
    }

    @Test(arguments: [
        "{", "{}", "7", "[7]", "[[]]", #"[["1",2,"ended","failed","taken"]]"#, #"[[1,2,"other","failed","taken"]]"#,
        #"[[-1,2,"ended","failed","taken"]]"#, #"[[1,9223372036854775807,"ended","failed","taken"]]"#, "[[[[[[]]]]]]",
    ])
    func `a story that cannot be is told as damage`(story: String) async throws {
        try trade(0...Self.detail)
        _ = try await store.fold()
        try replaceStories(by: story)
        #expect {
            try store.events(payment: PaymentID(unchecked: "d30"), limit: 10)
        } throws: { error in
            if case .corrupt(let detail)? = error as? JournalFailure { !detail.isEmpty } else { false }
        }
        #expect(try store.recall(payment: PaymentID(unchecked: "d30")) != nil)
    }
}
