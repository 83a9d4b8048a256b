import ArgumentParser
import StoreSimulator

/// A simulated store: a backend, a Stripe and card readers on loopback, over real TLS.
@main
struct Readersim: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "readersim",
        abstract: "A simulated store for readerd: a backend, a Stripe and card readers on loopback, over real TLS.",
        discussion: """
            Start a store with 'readersim run', point readerd at the readerd.toml in its directory, and take payments without a reader \
            in the house. The other commands look at the store or let things go wrong in it.
            """,
        subcommands: [
            Demo.self, Run.self, ShowLedger.self, Script.self, MakeFault.self, Clear.self, ReaderEvent.self, HostEvent.self, UsePreset.self,
            TillCommand.self, Replay.self,
        ])
}

/// The options by which a command finds the running store.
struct StoreOptions: ParsableArguments {
    @Option(name: .shortAndLong, help: "The directory that 'readersim run' was given.")
    var directory = "readersim-store"

    func client() throws -> ControlClient { try ControlClient(directory: directory) }
}
