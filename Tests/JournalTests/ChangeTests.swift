import GRDB
import GatewayModel
import JSON
import Moments
import TestSupport
import Testing

@testable import Journal

/// What events keep of their payment: it as a whole, or what they changed.
@Suite struct ChangeTests {
    let directory: TemporaryDirectory
    let store: JournalStore

    init() throws {
        directory = try TemporaryDirectory(inMemory: true)
        store = try JournalStore(path: directory.journal)
    }

    @Test(arguments: [1, 2, 3, 4, 5, UInt64.random(in: 6 ... .max)])
    func `every event of random payments is replayed exactly as it was appended`(seed: UInt64) throws {
        var dice = Seeded(seed)
        var payments = try ["a", "b", "c"].map { try Sample.payment($0, cart: "cart of \($0)") }
        var told: [(sequence: Int64, record: PaymentRecord)] = []
        for _ in 0..<50 {
            // Some appends have several entries, of one payment too.
            let entries = (0..<Int.random(in: 1...4, using: &dice)).map { _ in
                let chosen = Int.random(in: 0..<payments.count, using: &dice)
                RandomChange.make(&payments[chosen], &dice)
                return Sample.entry(.progress, payments[chosen])
            }
            told += zip(try store.append(entries), entries).compactMap { sequence, entry in entry.payment.map { (sequence, $0) } }
        }
        let all = try store.events(limit: 1000)
        #expect(all.map(\.sequence) == told.map(\.sequence), "seed \(seed)")
        for (event, expected) in zip(all, told) { try #require(event.record == expected.record, "seed \(seed), event \(event.sequence)") }
        // From any place, of one payment or all.
        for _ in 0..<40 {
            let after = Int64.random(in: 0...Int64(told.count), using: &dice)
            let payment = Bool.random(using: &dice) ? payments.randomElement(using: &dice)?.id : nil
            let limit = Int.random(in: 1...9, using: &dice)
            let expected = told.filter { $0.sequence > after && (payment == nil || $0.record.id == payment) }.prefix(limit)
            let events = try store.events(after: after, payment: payment, limit: limit)
            #expect(events.map(\.record) == expected.map(\.record), "seed \(seed), after \(after)")
        }
        for payment in payments { #expect(try store.recall(payment: payment.id)?.timeline == payment.timeline, "seed \(seed)") }
        let whole = try count("record IS NOT NULL")
        #expect(whole >= 3 && whole < told.count / 2, "seed \(seed): \(whole) of \(told.count) are whole")
    }

    private func count(_ condition: String) throws -> Int {
        try store.pool.read { try Int.fetchOne($0, sql: "SELECT count(*) FROM events WHERE \(condition)") ?? 0 }
    }

    @Test func `an event after the first keeps what it changed, and of a list that grew what was added`() throws {
        var payment = try Sample.payment(lane: nil)
        _ = try store.append([Sample.entry(.accepted, payment)])
        payment.state = .preparing
        payment.timeline.append(TimelineEntry(state: .preparing, at: Sample.time + 7))
        payment.readerLabel = nil
        payment.card = CardSummary(brand: "visa", last4: "4242", entry: "chip")
        _ = try store.append([Sample.entry(.progress, payment)])
        payment.card?.entry = "contactless"
        _ = try store.append([Sample.entry(.progress, payment)])
        _ = try store.append([Sample.entry(.evidence, payment)])
        let rows = try store.pool.read { try Row.fetchAll($0, sql: "SELECT record, change FROM events ORDER BY sequence") }
        #expect(
            rows.map { $0["change"] as String? } == [
                nil,
                #"{"card":{"brand":"visa","entry":"chip","last4":"4242"},"state":"preparing","#
                    + #""timeline+":[{"at":1795377938130,"state":"preparing"}],"readerLabel":null}"#,
                #"{"card":{"entry":"contactless"}}"#, "{}",
            ])
        #expect(rows.map { ($0["record"] as String?) != nil } == [true, false, false, false])
    }

    @Test func `a payment of very many events keeps itself whole from time to time`() throws {
        for number in 0..<100 {
            var payment = try Sample.payment()
            payment.attempts = number
            _ = try store.append([Sample.entry(.progress, payment)])
        }
        let whole = try store.pool.read { try Int64.fetchAll($0, sql: "SELECT sequence FROM events WHERE record IS NOT NULL") }
        #expect(whole == [1, 33, 65, 97])
        #expect(try store.events(limit: 1000).map(\.record?.attempts) == Array(0..<100))
    }

    @Test func `a cart is written with the events that changed it, and with no other`() throws {
        var cart = Sample.cart("1")
        var told: [CartFacts] = []
        for step in 0..<6 {
            if step == 2 {
                cart.intent = CartFacts.Intent(
                    id: IntentID(unchecked: "pi_1"), amountMinor: 5678, currency: Currency(unchecked: "usd"),
                    publishableKey: PublishableKey(unchecked: "pk_test_1"), amount: try DecimalAmount("56.78"), accountBalance: nil)
            }
            if step == 4 { cart.intent?.everConfirmed = true }
            if step == 5 { cart.replaced.append(IntentID(unchecked: "pi_0")) }
            _ = try store.append([Sample.entry(.progress, try Sample.payment(cart: "1"), cart: cart)])
            told.append(cart)
        }
        let rows = try store.pool.read { try Row.fetchAll($0, sql: "SELECT cart_record, cart_change FROM events ORDER BY sequence") }
        #expect(rows.map { ($0["cart_record"] as String?) != nil } == [true, false, false, false, false, false])
        #expect(rows.map { ($0["cart_change"] as String?) != nil } == [false, false, true, false, true, true])
        #expect(rows[4]["cart_change"] == #"{"intent":{"everConfirmed":true}}"#)
        // Nothing reads them, but for a person all is there.
        var members = JSONObject()
        for (row, cart) in zip(rows, told) {
            if let whole: String = row["cart_record"] { members = try #require(RecordChange.members(of: whole)) }
            if let change: String = row["cart_change"] { members = try RecordChange(stored: change).applied(to: members) }
            #expect(try RecordCoder().cart(JSONValue.object(members).text()) == cart)
        }
    }

    @Test func `what a merge patch cannot say is kept whole`() throws {
        func change(_ old: String, _ new: String) throws -> String? {
            RecordChange(from: try #require(RecordChange.members(of: old)), to: try #require(RecordChange.members(of: new)))?.text
        }
        #expect(try change(#"{"a":1}"#, #"{"a":null}"#) == nil)
        #expect(try change(#"{"a":{}}"#, #"{"a":{"b+":[]}}"#) == nil)
        #expect(try change(#"{"a":[1,2]}"#, #"{"a":[2]}"#) == #"{"a":[2]}"#)
        #expect(try change(#"{"a":[1,2]}"#, #"{"a":[1,2]}"#) == "{}")
        #expect(try change(#"{"a":{"b":1,"c":2}}"#, #"{"a":{"c":3},"d":[]}"#) == #"{"a":{"c":3,"b":null},"d":[]}"#)
        #expect(try change(#"{"a":7}"#, #"{"a":{"b":9223372036854775807}}"#) == #"{"a":{"b":9223372036854775807}}"#)
        #expect(RecordChange.members(of: "[]") == nil)
    }

    @Test func `rows of the version before and of this one are one story`() throws {
        let directory = try TemporaryDirectory(inMemory: true)
        var payment = try Sample.payment("p", cart: "1")
        var told: [PaymentRecord] = []
        let old = try DatabaseQueue(path: directory.journal)
        try old.writeWithoutTransaction { database in
            let before = Schema(steps: Array(Schema.current.steps.prefix(5)))
            try before.apply(to: database, at: "2026-01-02T03:04:05.678Z", identity: "0123abcd")
            for state in [PaymentState.queued, .preparing, .waitingForCard] {
                payment.state = state
                payment.timeline.append(TimelineEntry(state: state, at: Sample.time))
                told.append(payment)
                let record = try RecordCoder().text(of: payment)
                try database.execute(
                    sql: """
                        INSERT INTO events (at, at_ms, kind, payment, cart, state, money, record, cart_record)
                        VALUES ('2026-11-22T20:05:38.123Z', ?, 'progress', 'p', '1', ?, 'not_taken', ?, '{"cart":"1"}')
                        """, arguments: [Sample.time.milliseconds, state.rawValue, record])
                try database.execute(
                    sql: """
                        INSERT OR REPLACE INTO payments (number, id, cart, reader, state, money, created, record)
                        VALUES (1, 'p', '1', 'tmr_123', ?, 'not_taken', '2026-11-22T20:05:38.123Z', ?)
                        """, arguments: [state.rawValue, record])
            }
        }
        try old.close()
        let store = try JournalStore(path: directory.journal)
        for state in [PaymentState.authorizing, .finishing, .succeeded] {
            payment.state = state
            payment.timeline.append(TimelineEntry(state: state, at: Sample.time))
            told.append(payment)
            _ = try store.append([Sample.entry(.progress, payment)])
        }
        #expect(try store.events(limit: 10).map(\.record) == told)
        for after in 0..<6 { #expect(try store.events(after: Int64(after), limit: 1).map(\.record) == [told[after]]) }
        let whole = try store.pool.read { try Int.fetchAll($0, sql: "SELECT record IS NOT NULL FROM events ORDER BY sequence") }
        #expect(whole == [1, 1, 1, 0, 0, 0])
        let states = try store.pool.read { try String.fetchAll($0, sql: "SELECT state || ' ' || amount FROM story WHERE payment = 'p'") }
        #expect(states.count == 6 && states.first == "queued 56.78" && states.last == "succeeded 56.78")
        try store.close()
    }

    @Test(arguments: ["{", "[]", "7", #"{"timeline+":1}"#, #"{"id+":[]}"#, #"{"amountMinor":9223372036854775807}"#])
    func `a change that cannot be is told as damage`(change: String) throws {
        try Sample.run("p", cart: "1", in: store)
        try store.pool.write { database in
            try database.execute(sql: "DROP TRIGGER events_stand")
            try database.execute(sql: "UPDATE events SET change = ? WHERE sequence = 3", arguments: [change])
        }
        expectCorrupt { try store.events(limit: 10) }
        expectCorrupt { try store.events(after: 3, limit: 10) }
        try store.close()
        expectCorrupt { try JournalStore(path: directory.journal) }
    }

    @Test func `a change of a payment that no event holds whole is told as damage`() throws {
        try Sample.run("p", cart: "1", in: store)
        try store.pool.write { try $0.execute(sql: "DELETE FROM events WHERE sequence = 1") }
        expectCorrupt { try store.events(limit: 10) }
    }

    @Test func `a payment whose stored record cannot be read is kept whole by its next event`() throws {
        var payment = try Sample.payment()
        _ = try store.append([Sample.entry(.accepted, payment)])
        try store.pool.write { try $0.execute(sql: "UPDATE payments SET record = '[]'") }
        payment.attempts = 1
        _ = try store.append([Sample.entry(.progress, payment)])
        #expect(try store.events(limit: 10).map(\.record?.attempts) == [0, 1])
        #expect(try store.recall(payment: payment.id) == payment)
    }

    private func expectCorrupt(_ location: SourceLocation = #_sourceLocation, _ body: () throws -> some Any) {
        #expect(sourceLocation: location) {
            _ = try body()
        } throws: { error in
            if case .corrupt(let detail)? = error as? JournalFailure { !detail.isEmpty } else { false }
        }
    }
}

/// One change of a payment, of any kind, with texts that JSON has to escape.
private enum RandomChange {
    private static let texts = ["", "plain", "a / b \\ \"c\"", "– „ä“ 🙂 e\u{301}", "\u{2028}\u{7f}\n\t\u{1}", "+", "{\"a\":null}"]

    static func make(_ payment: inout PaymentRecord, _ dice: inout Seeded) {
        let at = Sample.time + Int64.random(in: 0...1_000_000, using: &dice)
        let text = texts.randomElement(using: &dice) ?? ""
        payment.updatedAt = at
        switch Int.random(in: 0...14, using: &dice) {
        case 0, 1, 2:
            payment.state = [.preparing, .waitingForCard, .authorizing, .finishing, .unresolved].randomElement(using: &dice) ?? .queued
            payment.timeline.append(TimelineEntry(state: payment.state, at: at))
        case 3: payment.timeline = Array(payment.timeline.dropFirst())
        case 4: payment.timeline = []
        case 5: payment.amountChargedMinor = Bool.random(using: &dice) ? nil : Int64.random(in: 0...MinorUnits.largest, using: &dice)
        case 6: payment.readerLabel = Bool.random(using: &dice) ? nil : text
        case 7: payment.card = Bool.random(using: &dice) ? nil : CardSummary(brand: text, last4: "4242", entry: nil)
        case 8:
            let code: FailureCode = Bool.random(using: &dice) ? .cardDeclined : .superseded
            payment.failure = PaymentFailure(
                code: code, message: text, declineCode: Bool.random(using: &dice) ? text : nil, paidBy: payment.id)
        case 9: payment.failure = nil
        case 10: _ = payment.warn(PaymentWarning(.chargedAmountDiffers, message: text, remedy: text))
        case 11: _ = payment.warn(.notJournaled)
        case 12: payment.unwarn([.chargedAmountDiffers, .notJournaled])
        case 13: payment.decidesBy = Bool.random(using: &dice) ? nil : at
        default: payment.attempts += 1
        }
    }
}
