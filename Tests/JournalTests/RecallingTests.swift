import GRDB
import GatewayModel
import Moments
import TestSupport
import Testing

@testable import Journal

@Suite struct RecallingTests {
    @Test func `payments with warnings are found, ended or not, until they are acknowledged`() throws {
        let directory = try TemporaryDirectory()
        let store = try JournalStore(path: directory.journal)
        try Sample.run("quiet", cart: "1", in: store)
        var warned = try Sample.payment("warned", cart: "2", state: .succeeded)
        _ = warned.warn(.notJournaled)
        var open = try Sample.payment("open", cart: "3", state: .unresolved)
        _ = open.warn(.chargedTwice(IntentID(unchecked: "pi_2")))
        _ = try store.append([Sample.entry(.warned, warned), Sample.entry(.warned, open)])
        #expect(try store.warnedPayments(limit: 10) == [open, warned])
        #expect(try store.warnedPayments(limit: 1) == [open])
        warned.unwarn([.notJournaled])
        _ = try store.append([Sample.entry(.acknowledged, warned)])
        #expect(try store.warnedPayments(limit: 10) == [open])
        let plan = try store.pool.read { database in
            try Row.fetchAll(
                database,
                sql: """
                    EXPLAIN QUERY PLAN SELECT number FROM payments
                    WHERE json_extract(record, '$.warnings') IS NOT NULL ORDER BY number DESC
                    """
            ).compactMap { $0["detail"] as String? }
        }
        #expect(plan.contains { $0.contains("payments_warned") }, "it does not read every payment: \(plan)")
        try store.close()
    }

    let directory: TemporaryDirectory
    let store: JournalStore

    init() throws {
        directory = try TemporaryDirectory()
        store = try JournalStore(path: directory.journal)
    }

    @Test func `what was never written is not known`() throws {
        #expect(try store.recall(payment: PaymentID(unchecked: "none")) == nil)
        #expect(try store.recall(cart: CartID(unchecked: "none")) == nil)
        #expect(try store.openPayments().isEmpty)
        #expect(try store.facts().isEmpty)
        let (records, next) = try store.list(limit: 10)
        #expect(records.isEmpty && next == nil)
    }

    @Test func `open payments are those that have not ended, oldest first`() throws {
        for (id, state) in [("c", PaymentState.unresolved), ("a", .succeeded), ("b", .waitingForCard), ("d", .failed)] {
            _ = try store.append([Sample.entry(.progress, try Sample.payment(id, state: state))])
        }
        #expect(try store.openPayments().map(\.id.text) == ["c", "b"])
        _ = try store.append([Sample.entry(.ended, try Sample.payment("c", state: .succeeded))])
        #expect(try store.openPayments().map(\.id.text) == ["b"])
    }

    @Test func `an end without a time is an end all the same`() throws {
        var payment = try Sample.payment("a", state: .failed)
        payment.endedAt = nil
        _ = try store.append([Sample.entry(.ended, payment)])
        #expect(try store.openPayments().isEmpty)
        #expect(try store.recall(payment: payment.id) == payment)
    }

    @Test func `open carts are those of which something is still to come`() throws {
        var keyed = Sample.cart("keyed")
        keyed.keyedEntry = true
        var replaced = Sample.cart("replaced")
        replaced.replaced = [IntentID(unchecked: "pi_0")]
        var paid = Sample.cart("paid")
        paid.replaced = [IntentID(unchecked: "pi_0")]
        paid.paid = true
        let carts = [keyed, replaced, paid, Sample.cart("still")]
        _ = try store.append(carts.map { Sample.entry(.cart, cart: $0) })
        _ = try store.append([Sample.entry(.collecting, try Sample.payment("p", cart: "running", state: .waitingForCard))])
        #expect(try store.openCarts().map(\.cart.text) == ["keyed", "replaced", "running"])
        keyed.keyedEntry = false
        _ = try store.append([Sample.entry(.keyedEntry, cart: keyed)])
        #expect(try store.openCarts().map(\.cart.text) == ["replaced", "running"])
        #expect(try store.recall(cart: keyed.cart) == keyed)
    }

    @Test func `which payments of a cart are open is what the payments say, not what a row of the cart says`() throws {
        let ghost = Sample.cart("1", open: ["never"])
        _ = try store.append([Sample.entry(.cart, cart: ghost), Sample.entry(.accepted, try Sample.payment("real", cart: "1"))])
        #expect(try store.recall(cart: ghost.cart)?.openPayments.map(\.text) == ["real"])
        #expect(try store.openCarts().first?.openPayments.map(\.text) == ["real"])
        _ = try store.append([Sample.entry(.ended, try Sample.payment("real", cart: "1", state: .failed))])
        #expect(try store.recall(cart: ghost.cart)?.openPayments == [])
        #expect(try store.openCarts().isEmpty)
    }

    @Test func `the latest value of a fact counts`() throws {
        for (key, value) in [("a", "1"), ("b", "2"), ("a", "3")] {
            _ = try store.append([JournalEntry(kind: .fact, at: Sample.time, fact: .init(key: key, value: value))])
        }
        #expect(try store.facts() == ["a": "3", "b": "2"])
    }

    @Test func `the list goes from the newest to the oldest, page by page`() throws {
        for number in 1...7 { try Sample.run("p\(number)", cart: "c", in: store) }
        var pages: [[String]] = []
        var before: Int64?
        repeat {
            let (records, next) = try store.list(limit: 3, before: before)
            pages.append(records.map(\.id.text))
            before = next
        } while before != nil && pages.count < 10
        #expect(pages == [["p7", "p6", "p5"], ["p4", "p3", "p2"], ["p1"]])
    }

    @Test func `a page that ends with the oldest has no next`() throws {
        for number in 1...3 { try Sample.run("p\(number)", cart: "c", in: store) }
        #expect(try store.list(limit: 3).next == nil)
        #expect(try store.list(limit: 2).next != nil)
    }

    @Test func `a payment keeps its place in the list however often it changes`() throws {
        _ = try store.append([Sample.entry(.accepted, try Sample.payment("old"))])
        _ = try store.append([Sample.entry(.accepted, try Sample.payment("new"))])
        _ = try store.append([Sample.entry(.ended, try Sample.payment("old", state: .succeeded))])
        #expect(try store.list(limit: 10).records.map(\.id.text) == ["new", "old"])
    }

    @Test func `the list is filtered by cart, state and lane, alone and together`() throws {
        try Sample.run("a", cart: "1", lane: "till-1", in: store)
        try Sample.run("b", cart: "1", lane: "till-2", in: store)
        try Sample.run("c", cart: "2", lane: nil, in: store)
        _ = try store.append([Sample.entry(.accepted, try Sample.payment("d", cart: "1", lane: "till-1"))])
        func ids(_ cart: String? = nil, _ state: PaymentState? = nil, _ lane: String? = nil) throws -> [String] {
            try store.list(
                cart: cart.map(CartID.init(unchecked:)), state: state, lane: lane.map(LaneName.init(unchecked:)), limit: 10
            ).records.map(\.id.text)
        }
        #expect(try ids("1") == ["d", "b", "a"])
        #expect(try ids(nil, .succeeded) == ["c", "b", "a"])
        #expect(try ids(nil, nil, "till-1") == ["d", "a"])
        #expect(try ids("1", .succeeded, "till-1") == ["a"])
        #expect(try ids("2", .queued) == [])
    }

    @Test func `odd limits are brought into range`() throws {
        for number in 1...3 { try Sample.run("p\(number)", cart: "c", in: store) }
        #expect(try store.list(limit: -5).records.count == 1)
        #expect(try store.list(limit: .max).records.count == 3)
        #expect(try store.events(limit: 0).count == 1)
    }

    @Test func `events are replayed after a number, of all payments or of one`() throws {
        try Sample.run("a", cart: "1", in: store)
        try Sample.run("b", cart: "2", in: store)
        #expect(try store.events(limit: 100).map(\.sequence) == Array(1...8))
        #expect(try store.events(after: 6, limit: 100).map(\.sequence) == [7, 8])
        #expect(try store.events(after: 8, limit: 100).isEmpty)
        #expect(try store.events(payment: PaymentID(unchecked: "b"), limit: 100).map(\.sequence) == [5, 6, 7, 8])
        #expect(try store.events(after: 5, payment: PaymentID(unchecked: "b"), limit: 2).map(\.sequence) == [6, 7])
        let last = try #require(try store.events(after: 7, limit: 1).first)
        #expect(last.kind == .ended && last.at == Sample.time)
        #expect(last.record == (try Sample.payment("b", cart: "2", state: .succeeded)))
        #expect(try store.oldestSequence() == 1)
        #expect(try store.newestSequence() == 8)
    }

    @Test func `the newest events are at hand as they can be read, and older ones are not`() throws {
        #expect(store.newestEvents(after: 0, limit: 8) == nil, "of a journal that was just opened nothing is at hand")
        var shown = try Sample.fullPayment()
        _ = try store.append([
            Sample.entry(.accepted, shown, cart: Sample.cart("123", open: ["full"]), note: "a line\nand \u{7}another"),
            JournalEntry(kind: .fact, at: Sample.time, fact: JournalEntry.Fact(key: "k", value: "v")),
        ])
        shown.attempts += 1
        _ = try store.append([Sample.entry(.evidence, shown)])
        try Sample.run("b", cart: "2", in: store)
        for payment in [nil, PaymentID(unchecked: "full"), PaymentID(unchecked: "b")] {
            for after in Int64(0)...8 {
                let read = try store.events(after: after, payment: payment, limit: 3)
                #expect(store.newestEvents(after: after, payment: payment, limit: 3) == read, "\(payment?.text ?? "all") after \(after)")
            }
        }
        for number in 0..<10 { try Sample.run("more-\(number)", cart: "m\(number)", in: store) }
        let newest = try store.newestSequence()
        let reach = Int64(NewestEvents.kept)
        #expect(store.newestEvents(after: newest - reach, limit: 1_000)?.count == NewestEvents.kept)
        #expect(store.newestEvents(after: newest - reach - 1, limit: 1_000) == nil)
    }

    @Test func `after rows whose numbers are not known only what follows them is at hand`() throws {
        try Sample.run("a", cart: "1", in: store)
        _ = try store.appendAllowed([Sample.entry(.ended, try Sample.payment("a", cart: "1", state: .declined))])
        #expect(store.newestEvents(after: 0, limit: 8) == nil)
        let before = try store.newestSequence()
        try Sample.run("b", cart: "2", in: store)
        #expect(store.newestEvents(after: before, limit: 8) == (try store.events(after: before, limit: 8)))
        #expect(store.newestEvents(after: before - 1, limit: 8) == nil)
    }

    @Test func `what a request is about is recalled at once as it is recalled one by one`() throws {
        try Sample.run("a", cart: "1", in: store)
        let (payment, cart) = (PaymentID(unchecked: "a"), CartID(unchecked: "001"))
        let known = try store.recall(payment: payment, cart: cart, cardSetup: CardSetupID(unchecked: "s"))
        #expect(known.payment == (try store.recall(payment: payment)) && known.payment != nil)
        #expect(known.cart == (try store.recall(cart: cart)) && known.cart != nil)
        #expect(known.cardSetup == nil)
        let nothing = try store.recall(payment: nil, cart: nil, cardSetup: nil)
        #expect(nothing.payment == nil && nothing.cart == nil)
    }

    @Test func `identifiers with quotes and percent signs are only text`() throws {
        let cart = "1' OR '1'='1; DROP TABLE events; -- %"
        try Sample.run("a", cart: cart, in: store)
        try Sample.run("b", cart: "2", in: store)
        #expect(try store.list(cart: CartID(unchecked: cart), limit: 10).records.map(\.id.text) == ["a"])
    }
}
