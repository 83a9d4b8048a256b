import JSON
import ArgumentParser
import FoundationEssentials
import StoreSimulator

/// `readersim run` opens a store and keeps it open.
struct Run: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Open a simulated store and keep it open until SIGTERM or SIGINT.",
        discussion: """
            Writes into the directory: store.json (every address), ca.pem (the root to trust), backend-token (mode 0600), readerd.toml \
            (ready for 'readerd --config'), and service.toml (the same for the packaged service). Prints a line that says 'ready' when everything listens.
            """)

    @Option(name: .shortAndLong, help: "Where to write the store's files.")
    var directory = "readersim-store"

    @Option(help: "Registered readers.")
    var readers = 1

    @Option(help: "Readers on the LAN that are not registered yet; each shows a pairing code.")
    var unregistered = 0

    @Option(help: "Where the backend and Stripe listen: an address of this computer.")
    var address = StoreConfiguration.loopback

    @Option(name: .customLong("name"), help: "A name that the certificate of backend and Stripe bears beside the address; once for each.")
    var names: [String] = []

    @Option(
        name: .customLong("reader-type"),
        help: "Stripe's type of a reader, stripe_s700 by itself; once for each, as stripe_m2 for one that only its vendor's program drives."
    )
    var readerTypes: [String] = []

    @Option(name: .customLong("reader-address"), help: "Where a reader is; once for each, or never for free loopback addresses.")
    var readerAddresses: [String] = []

    @Option(help: "The port of the readers; 0 for any free one.")
    var port = 4443

    @Option(help: "The port of the control route; 0 for any free one.")
    var controlPort = 0

    @Option(help: "The store's currency, three lower-case letters.")
    var currency = "usd"

    @Option(parsing: .upToNextOption, help: "The lanes of readerd.toml; lane n gets reader n.")
    var lanes = ["till-1"]

    @Option(help: "Milliseconds until a customer shows the card.")
    var cardAfter = 400

    @Option(help: "Milliseconds until the issuer answers.")
    var issuerAfter = 300

    @Option(help: "Milliseconds from the charge to the order.")
    var orderAfter = 50

    @Option(
        help: ArgumentHelp(
            "How readers write their answers down: any of \(AnswerShape.allCases.map(\.rawValue).joined(separator: ", ")).",
            valueName: "shape,shape"))
    var answers: [String] = []

    @Flag(help: "Authorise first and capture with the order.")
    var manualCapture = false

    @Flag(help: "A repeated payment_intent call for a cart returns the same intent.")
    var sameIntent = false

    @Option(help: "Letters and digits that every secret made here contains.")
    var secretsPrefix: String?

    @Flag(
        help:
            "Go on, at a later start in the same directory, with the same ports, certificates, token, readers and payments: a trial box outlives a reboot."
    )
    var keep = false

    @Flag(help: "Print what is served as one line of JSON instead of words.")
    var json = false

    @Flag(help: "Close the store when standard input ends.")
    var untilStdinCloses = false

    func validate() throws {
        guard (0...65535).contains(port), (0...65535).contains(controlPort) else { throw ValidationError("a port is 0 to 65535") }
        guard readers >= 0, unregistered >= 0, (1...100).contains(readers + unregistered) else {
            throw ValidationError("a store has 1 to 100 readers")
        }
        guard currency.utf8.count == 3, currency.utf8.allSatisfy({ (UInt8(ascii: "a")...UInt8(ascii: "z")).contains($0) }) else {
            throw ValidationError("a currency is three lower-case letters")
        }
        do {
            _ = try AnswerShape.read(answers)
        } catch {
            throw ValidationError(error.description)
        }
        guard cardAfter >= 0, issuerAfter >= 0, orderAfter >= 0 else { throw ValidationError("a time is not negative") }
    }

    func run() async throws {
        let end = EndOfRun(untilStdinCloses: untilStdinCloses)
        var configuration = StoreConfiguration()
        configuration.directory = URL(filePath: directory, relativeTo: URL(filePath: FileManager.default.currentDirectoryPath + "/")).path
        configuration.keeps = keep
        configuration.readers = readers
        configuration.unregisteredReaders = unregistered
        configuration.address = address
        configuration.names = names
        configuration.reader.deviceTypes = readerTypes
        configuration.readerAddresses = readerAddresses
        configuration.readerPort = port
        configuration.controlPort = controlPort
        configuration.currency = currency
        configuration.lanes = lanes
        configuration.maintenanceCart = "maintenance"
        configuration.secretsPrefix = secretsPrefix
        configuration.backend.orderDelay = orderAfter
        configuration.backend.manualCapture = manualCapture
        configuration.backend.repeatReturnsSameIntent = sameIntent
        configuration.reader.answers = try AnswerShape.read(answers)
        configuration.reader.cardAfter = cardAfter
        configuration.reader.issuerAfter = issuerAfter

        let store = try await SimulatedStore.start(configuration)
        let keeping = keep ? Task { try await store.keepOn() } : nil
        announce(store)
        await end.wait()
        keeping?.cancel()
        try await keeping?.value
        await store.stop()
    }

    private func announce(_ store: SimulatedStore) {
        if json {
            writeLine("{\"ready\":true,\"store\":\(store.description.text())}")
            return
        }
        writeLine("backend   \(store.backendURL)")
        writeLine("stripe    \(store.stripeURL)")
        writeLine("control   \(store.controlURL)")
        writeLine("files     \(store.directory) (ca.pem, backend-token, store.json, readerd.toml, service.toml)")
        for reader in store.readers {
            let name =
                reader.id.map { "\($0) '\(reader.label ?? "")'" } ?? "not registered, pairing code \(reader.registrationCode ?? "none")"
            writeLine("reader    \(reader.serial) \(reader.address):\(reader.port) \(name)")
        }
        writeLine("ready")
    }
}
