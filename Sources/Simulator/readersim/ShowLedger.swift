import ArgumentParser
import StoreSimulator

/// `readersim ledger` shows what happened in the store.
struct ShowLedger: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "ledger", abstract: "Show carts, intents, charges, readers and calls of the running store.")

    @OptionGroup var options: StoreOptions

    @Flag(help: "As JSON.")
    var json = false

    @Flag(help: "Also the last calls, one by one.")
    var calls = false

    func run() async throws {
        let client = try options.client()
        if json {
            writeLine(try await client.get("ledger"))
            return
        }
        let ledger = try await client.ledger()
        section(
            "Carts", ["cart", "status", "order", "taken", "error"],
            rows: ledger.carts.map { cart in
                [cart.cart, cart.status, cart.order ?? "", String(ledger.totalTaken(cart: cart.cart)), cart.error ?? ""]
            })
        section(
            "Intents", ["intent", "cart", "amount", "status", "charges", "declines", ""],
            rows: ledger.intents.map { intent in
                [
                    intent.id, intent.cart, "\(intent.amount) \(intent.currency)", intent.status, String(intent.charges.count),
                    intent.declines.map(\.code).joined(separator: ","), intent.isReplaced ? "replaced" : "",
                ]
            })
        section(
            "Readers", ["serial", "id", "label", "address", "state", "sessions", "overlaps"],
            rows: ledger.readers.map { reader in
                [
                    reader.serial, reader.id ?? "", reader.label ?? reader.registrationCode ?? "", "\(reader.address):\(reader.port)",
                    reader.state, String(reader.activations), String(reader.overlaps),
                ]
            })
        section("Tokens", ["token", "cart", "spent by"], rows: ledger.tokens.map { [$0.token, $0.cart, $0.spentBy ?? ""] })
        section(
            "Calls", ["call", "count", "last request"],
            rows: ledger.counts.sorted { $0.key < $1.key }.map { call, count in
                [call, String(count.count), count.lastRequestID ?? ""]
            })
        if calls {
            section(
                "Last calls", ["ms", "call", "reader", "about", "answer"],
                rows: ledger.calls.map { call in
                    [String(call.at), call.call, call.reader ?? "", call.subject ?? "", call.answer ?? "…"]
                })
        }
        section("Oddities", [""], rows: ledger.violations.map { [$0] })
    }

    private func section(_ title: String, _ heads: [String], rows: [[String]]) {
        guard !rows.isEmpty else { return }
        writeLine(title)
        let all = (heads.allSatisfy(\.isEmpty) ? [] : [heads]) + rows
        for line in Table.lines(all) { writeLine("  " + line) }
    }
}
