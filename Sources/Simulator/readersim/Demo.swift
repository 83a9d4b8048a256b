import ArgumentParser
import Foundation
import StoreSimulator

/// `readersim demo` runs a store, the real daemon and three customers, and shows what the till holds afterwards.
struct Demo: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Open a store, start the real daemon, and take three payments.",
        discussion: """
            One customer pays, one card is declined, one customer changes their mind. What the daemon answered is shown beside what the \
            simulated issuer and backend have in their books. The programs are taken from the directory that readersim is in.
            """)

    @Flag(help: "Leave everything running, and say what to try.")
    var keep = false

    @Option(help: "Where to write the store's files; a temporary directory otherwise.")
    var directory: String?

    func run() async throws {
        let end = EndOfRun(untilStdinCloses: false)
        let programs = try Programs.besideThis()
        var configuration = StoreConfiguration()
        configuration.directory = directory
        configuration.readers = 2
        configuration.readerPort = 0
        configuration.lanes = ["till-1", "till-2"]
        let store = try await SimulatedStore.start(configuration)
        say("A simulated store is open: a backend, a Stripe and two readers, over TLS on loopback.")
        let log = store.directory + "/readerd.log"
        let daemon = try Daemon(programs.readerd, directory: store.directory, log: log)
        do {
            try await daemon.waitUntilServing(socket: store.directory + "/checkout.sock")
            say("readerd runs (pid \(daemon.pid)); its log is \(log).\n")
            try await show(store, programs, Scene.all)
            if keep {
                Self.explain(store, programs)
                await end.wait()
            }
        } catch {
            daemon.stop()
            await store.stop()
            throw error
        }
        daemon.stop()
        await store.stop()
        say("\nEverything has stopped.")
    }

    private func show(_ store: SimulatedStore, _ programs: Programs, _ scenes: [Scene]) async throws {
        let socket = store.directory + "/checkout.sock"
        for scene in scenes {
            say("— \(scene.title)")
            if let script = scene.script { try store.script(script, reader: store.readers.first?.serial) }
            let status = try programs.readerctl(
                ["--socket", socket, "pay", "--cart", scene.cart, "--amount", scene.amount, "--lane", "till-1", "--id", scene.payment])
            say("  (readerctl ended with \(status))\n")
            guard status == scene.exitStatus else {
                throw DemoFailure("\(scene.title): readerctl ended with \(status), not with \(scene.exitStatus)")
            }
        }
        let answers = try programs.payments(socket: socket)
        let ledger = store.ledger()
        var rows = [["PAYMENT", "AMOUNT", "READERD SAYS", "MONEY", "ORDER", "|", "ISSUER'S LEDGER", "CHARGED", "ORDER"]]
        for scene in scenes {
            guard let answer = answers.first(where: { $0.id == scene.payment }) else {
                throw DemoFailure("readerd does not know the payment \(scene.payment)")
            }
            let intents = ledger.intents.filter { $0.cart == scene.cart }
            let order = ledger.carts.first { $0.cart == scene.cart }?.order
            let taken = ledger.totalTaken(cart: scene.cart)
            rows.append([
                answer.id, scene.amount, answer.state, answer.money, answer.order ?? "-", "|",
                intents.map(\.status).joined(separator: ","), String(taken), order ?? "-",
            ])
            guard (answer.money == "taken") == (taken > 0), answer.order == order else {
                throw DemoFailure("readerd and the ledger do not agree about \(scene.payment)")
            }
        }
        for line in Table.lines(rows) { say("  " + line) }
        say("\nreaderd and the ledger agree.")
    }

    private static func explain(_ store: SimulatedStore, _ programs: Programs) {
        let socket = store.directory + "/checkout.sock"
        let ctl = "\(programs.directory)/readerctl --socket \(socket)"
        say(
            """

            Everything is left running. To try:

              \(ctl) status
              \(ctl) pay --cart 2001 --amount 12.00 --lane till-1
              \(ctl) events --follow
              curl --unix-socket \(socket) http://localhost/v1/readers
              curl --unix-socket \(socket) -X PUT -H 'Content-Type: application/json' \\
                -d '{"cart":"2002","amount":"9.00","lane":"till-2"}' 'http://localhost/v1/payments/try-1?wait=60'
              \(programs.directory)/readersim ledger --directory \(store.directory)
              \(programs.directory)/readersim fault --help

            Amounts that end in 05 are declined, in 55 the PIN is wrong. End with Ctrl-C.
            """)
    }
}

/// One customer.
private struct Scene {
    var title: String
    var payment: String
    var cart: String
    var amount: String
    var script: CustomerScript?
    var exitStatus: Int32

    static let all = [
        Scene(title: "A customer pays 56.00", payment: "demo-approved", cart: "1001", amount: "56.00", script: nil, exitStatus: 0),
        Scene(title: "A card is declined", payment: "demo-declined", cart: "1002", amount: "56.05", script: nil, exitStatus: 10),
        Scene(
            title: "A customer presses cancel on the reader", payment: "demo-canceled", cart: "1003", amount: "56.00",
            script: CustomerScript(cancelsAfter: 1200, neverPresents: true), exitStatus: 11),
    ]
}

private func say(_ text: String) { writeLine(text) }
