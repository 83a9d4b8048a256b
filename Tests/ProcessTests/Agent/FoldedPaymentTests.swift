import CheckoutAPI
import CheckoutClient
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(30)))
struct FoldedPaymentTests {
    /// Puts payments of thirty other days after all that is there.
    private static let thirtyDays = #"""
        import sqlite3, sys
        db = sqlite3.connect(sys.argv[1])
        row = list(db.execute("SELECT id, cart, lane, reader, state, money, created, ended, ended_ms, record FROM payments").fetchone())
        name = row[0]
        for day in range(1, 31):
            number = db.execute("INSERT INTO events (at, at_ms, kind) VALUES ('', 0, 'fact')").lastrowid
            row[0], row[6], row[9] = f"day-{day}", f"2020-01-{day:02}T12:00:00.000Z", row[9].replace(f'"{name}"', f'"day-{day}"')
            db.execute("INSERT INTO payments VALUES (?,?,?,?,?,?,?,?,?,?,?)", [number] + row)
            name = row[0]
        db.commit()
        """#

    private func events(_ store: Store, after cursor: String? = nil) async throws -> [Event] {
        var events: [Event] = []
        for try await event in store.client.paymentEvents("old", after: cursor) { events.append(event) }
        return events
    }

    @Test func `the agent folds a payment that ended before thirty days of trade, and goes on telling its story`() async throws {
        try await Store.open { store in
            #expect(try await store.pay("old", cart: "1").state == .succeeded)
            let (payment, before) = (try await store.client.payment("old"), try await events(store))
            try await store.stop()
            let journal = store.directory.file("state/journal.sqlite")
            let told = try await run(["python3", "-c", Self.thirtyDays, journal])
            #expect(told.status == 0, "\(told.errors)")
            let ask = ["sqlite3", "-readonly", journal]
            let story = try await run(ask + ["SELECT * FROM story WHERE cart = '1' AND what <> 'fact'"]).output
            #expect(story.split(separator: "\n").count >= before.count)

            try await store.start()
            try await eventually("the payment is folded") { try await run(ask + ["SELECT count(*) FROM stories"]).output == "1\n" }
            #expect(try await run(ask + ["SELECT count(*) FROM events WHERE payment = 'old'"]).output == "0\n")
            #expect(try await run(ask + ["SELECT * FROM story WHERE cart = '1' AND what <> 'fact'"]).output == story)
            #expect(try await store.client.payment("old") == payment)
            let after = try await events(store)
            #expect(after.map(\.cursor) == before.map(\.cursor))
            #expect(after.map(\.type) == before.map(\.type) && after.map(\.at) == before.map(\.at))
            #expect(after.map(\.note) == before.map(\.note))
            #expect(after.map(\.payment?.state) == before.map(\.payment?.state))
            #expect(after.map(\.payment?.money) == before.map(\.payment?.money))
            #expect(after.map(\.payment?.timeline) == before.map(\.payment?.timeline))
            #expect(after.last?.payment == payment)
            for (index, event) in after.enumerated() {
                let rest = try await events(store, after: event.cursor)
                #expect(rest == Array(after.dropFirst(index + 1)), "a till goes on from \(event.cursor)")
            }
        }
    }
}
