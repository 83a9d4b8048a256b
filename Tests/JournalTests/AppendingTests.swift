import FoundationEssentials
import GRDB
import GatewayModel
import Moments
import TestSupport
import Testing

@testable import Journal

@Suite struct AppendingTests {
    let directory: TemporaryDirectory
    let store: JournalStore

    init() throws {
        directory = try TemporaryDirectory()
        store = try JournalStore(path: directory.journal)
    }

    @Test func `a payment comes back as it was written`() throws {
        let payment = try Sample.fullPayment()
        let sequences = try store.append([Sample.entry(.ended, payment)])
        #expect(sequences == [1])
        #expect(try store.recall(payment: payment.id) == payment)
        #expect(try store.events(limit: 10).map(\.record) == [payment])
    }

    @Test func `what was written is there after the store is opened again`() throws {
        let payment = try Sample.fullPayment()
        var cart = Sample.cart("123")
        cart.intent = CartFacts.Intent(
            id: IntentID(unchecked: "pi_1"), amountMinor: 5678, currency: Currency(unchecked: "usd"),
            publishableKey: PublishableKey(unchecked: "pk_test_1"), amount: try DecimalAmount("56.78"), accountBalance: nil)
        _ = try store.append([Sample.entry(.ended, payment, cart: cart)])
        let identity = store.identity
        try store.close()

        let again = try JournalStore(path: directory.journal)
        #expect(again.identity == identity)
        #expect(try again.recall(payment: payment.id) == payment)
        #expect(try again.recall(cart: cart.cart) == cart)
        #expect(try again.append([Sample.entry(.cart, cart: cart)]) == [2])
        try again.close()
    }

    @Test func `every commit is synchronised to the disk`() throws {
        // 2 is FULL. GRDB's own choice for WAL is NORMAL, 1.
        let (synchronous, mode) = try store.pool.writeWithoutTransaction { database in
            (try Int.fetchOne(database, sql: "PRAGMA synchronous"), try String.fetchOne(database, sql: "PRAGMA journal_mode"))
        }
        #expect(synchronous == 2)
        #expect(mode == "wal")
        _ = try store.append([Sample.entry(.accepted, try Sample.payment())])
        #expect(try store.pool.writeWithoutTransaction { try Int.fetchOne($0, sql: "PRAGMA synchronous") } == 2)
    }

    @Test func `only the owner may read the files`() throws {
        _ = try store.append([Sample.entry(.accepted, try Sample.payment())])
        for suffix in ["", "-wal", "-shm"] {
            #expect(try Files.mode(directory.journal + suffix) == 0o600)
        }
        #expect(try Files.mode(directory.path + "/readerd.lock") == 0o600)
    }

    @Test func `the directory is made, for the owner alone`() throws {
        let path = directory.path + "/var/lib/readerd"
        let store = try JournalStore(path: path + "/journal.sqlite")
        #expect(try Files.mode(path) == 0o700)
        try store.close()
    }

    @Test func `the entries of an append are written together or not at all`() throws {
        let ended = try Sample.payment("a", state: .succeeded)
        _ = try store.append([Sample.entry(.ended, ended)])
        var changed = ended
        changed.state = .failed
        changed.money = .notTaken
        let other = try Sample.payment("b")
        #expect {
            _ = try store.append([Sample.entry(.accepted, other), Sample.entry(.ended, changed)])
        } throws: { error in
            guard case .refused(let detail)? = error as? JournalFailure else { return false }
            return detail.contains("never changes")
        }
        #expect(try store.recall(payment: other.id) == nil)
        #expect(try store.recall(payment: ended.id) == ended)
        #expect(try store.events(limit: 10).count == 1)
    }

    @Test func `an event may follow the end of a payment that it does not change`() throws {
        let ended = try Sample.payment("a", state: .succeeded)
        _ = try store.append([Sample.entry(.ended, ended)])
        _ = try store.append([Sample.entry(.evidence, ended, note: "the backend now says Failed")])
        #expect(try store.events(payment: ended.id, limit: 10).map(\.kind) == [.ended, .evidence])
    }

    @Test func `an event is never rewritten`() throws {
        _ = try store.append([Sample.entry(.accepted, try Sample.payment())])
        #expect(throws: DatabaseError.self) {
            try store.pool.write { try $0.execute(sql: "UPDATE events SET note = 'other'") }
        }
    }

    @Test func `nothing to write is nothing written`() throws {
        #expect(try store.append([]).isEmpty)
        #expect(try store.newestSequence() == 0)
    }

    @Test func `a cart is shown once however many events its payment has`() throws {
        for state in [PaymentState.queued, .preparing, .waitingForCard] {
            _ = try store.append([Sample.entry(.progress, try Sample.payment(state: state, display: Sample.display))])
        }
        let (displays, inEvents) = try store.pool.read { database in
            (
                try Int.fetchOne(database, sql: "SELECT count(*) FROM displays"),
                try Int.fetchOne(database, sql: "SELECT count(*) FROM events WHERE record LIKE '%Flat white%'")
            )
        }
        #expect(displays == 1)
        #expect(inEvents == 0)
        #expect(try store.events(limit: 10).allSatisfy { $0.record?.request.display == Sample.display })
        #expect(try store.openPayments().map(\.request.display) == [Sample.display])
    }

    @Test func `a note is bounded and has no control characters`() throws {
        let note = "one\ntwo\u{1b}[31m" + String(repeating: "x", count: 5000)
        _ = try store.append([Sample.entry(.progress, try Sample.payment(), note: note)])
        let kept = try #require(try store.events(limit: 1).first?.note)
        #expect(kept.hasPrefix("one two [31mxxx"))
        #expect(kept.count == 1000)
    }

    @Test func `the story reads well in SQL`() throws {
        _ = try store.append([Sample.entry(.accepted, try Sample.payment(), note: "from till-1")])
        _ = try store.append([JournalEntry(kind: .fact, at: Sample.time, fact: .init(key: "currency:pk_test_1", value: "usd"))])
        let rows = try store.pool.read { try Row.fetchAll($0, sql: "SELECT * FROM story") }
        let story = rows.map { row in row.map { "\($0.0)=\(String.fromDatabaseValue($0.1) ?? "-")" }.joined(separator: " ") }
        #expect(
            story == [
                "number=- at=2026-11-22T20:05:38.123Z payment=till-1-000123 cart=123 what=accepted state=queued money=not_taken amount=56.78 "
                    + "currency=- reader=tmr_123 failure=- note=from till-1",
                "number=- at=2026-11-22T20:05:38.123Z payment=- cart=- what=fact state=- money=- amount=- currency=- reader=- failure=- "
                    + "note=currency:pk_test_1 = usd",
            ])
    }

    @Test func `appends go ahead while a long read runs`() throws {
        _ = try store.append([Sample.entry(.accepted, try Sample.payment("a"))])
        try store.pool.read { database in
            let before = try Int.fetchOne(database, sql: "SELECT count(*) FROM events")
            _ = try store.append([Sample.entry(.accepted, try Sample.payment("b"))])
            // The read keeps the view that it began with.
            #expect(try Int.fetchOne(database, sql: "SELECT count(*) FROM events") == before)
        }
        #expect(try store.newestSequence() == 2)
    }

    @Test func `appends from many threads each get numbers of their own`() async throws {
        let store = store
        let numbers = try await withThrowingTaskGroup(of: [Int64].self) { group in
            for index in 0..<40 {
                group.addTask { try store.append([Sample.entry(.accepted, try Sample.payment("p\(index)"))]) }
            }
            return try await group.reduce(into: [Int64]()) { $0 += $1 }
        }
        #expect(numbers.sorted() == Array(1...40))
    }

    @Test func `closing folds the log into the file`() throws {
        _ = try store.append([Sample.entry(.accepted, try Sample.payment())])
        #expect(try store.openPayments().count == 1)
        try store.close()
        #expect(!FileManager.default.fileExists(atPath: directory.journal + "-wal"))
        #expect(!FileManager.default.fileExists(atPath: directory.journal + "-shm"))
    }

    @Test func `a closed store says so, and closing twice does nothing`() throws {
        try store.close()
        try store.close()
        #expect(throws: JournalFailure.self) { try store.append([Sample.entry(.accepted, try Sample.payment())]) }
        #expect(throws: JournalFailure.self) { try store.openPayments() }
    }

    @Test func `the probe writes and leaves no event`() throws {
        try store.probe()
        try store.probe()
        #expect(try store.newestSequence() == 0)
    }

    @Test func `a secret cannot be encoded, so it cannot be stored`() throws {
        let secrets: [any Sendable] = [
            Secret("s"), ConnectionToken(Secret("pst_1")), ClientSecret(Secret("pi_1_secret")), SessionToken(Secret("t")),
        ]
        for secret in secrets { #expect(!(secret is any Encodable)) }
        // Not even by way of a record that would come to hold one in a field that is not coded.
        var cart = Sample.cart()
        cart.replaced = [IntentID(unchecked: "pi_0")]
        #expect(
            types(in: try Sample.fullPayment()).union(types(in: cart)).isDisjoint(with: [
                "Secret", "ConnectionToken", "ClientSecret", "SessionToken",
            ]))
    }

    /// The names of all types that a value is made of.
    private func types(in value: Any) -> Set<String> {
        Mirror(reflecting: value).children.reduce(into: ["\(type(of: value))"]) { $0.formUnion(types(in: $1.value)) }
    }

    @Test func `an entry that the rules refuse is left out, and all others land in one transaction`() throws {
        let ended = try Sample.payment("a", state: .succeeded)
        _ = try store.append([Sample.entry(.ended, ended)])
        let other = Sample.entry(.ended, try Sample.payment("a", state: .failed))
        let left = try store.appendAllowed([
            Sample.entry(.progress, try Sample.payment("b")), other, Sample.entry(.ended, try Sample.payment("b", state: .failed)),
        ])
        #expect(left.map(\.entry) == [other])
        #expect(left.first?.detail.contains("never changes") == true)
        #expect(try store.recall(payment: ended.id) == ended)
        #expect(try store.recall(payment: PaymentID(unchecked: "b"))?.state == .failed)
        #expect(try store.events(limit: 10).count == 3)
    }

    @Test func `with an entry that something is begun upon all are refused`() throws {
        _ = try store.append([Sample.entry(.ended, try Sample.payment("a", state: .succeeded))])
        #expect(throws: JournalFailure.self) {
            try store.appendAllowed([
                Sample.entry(.progress, try Sample.payment("b")), Sample.entry(.confirming, try Sample.payment("a", state: .authorizing)),
            ])
        }
        #expect(try store.events(limit: 10).count == 1)
    }
}
