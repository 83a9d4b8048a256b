import ArgumentParser
import CheckoutAPI

@main
struct Readerctl: AsyncParsableCommand {
    static let version = ReaderdVersion.current

    static let configuration = CommandConfiguration(
        commandName: "readerctl",
        abstract: "Take card payments and look after the readers, through the agent readerd.",
        discussion: """
            Words are for people and may change; for programs there is --json, and the HTTP interface behind it.

            \(ExitStatus.help)
            """,
        version: version,
        subcommands: [
            StatusCommand.self, WatchCommand.self, ReadersCommand.self, DevicesCommand.self, DiscoverCommand.self, RegisterCommand.self,
            TrialCommand.self,
            LabelsCommand.self, PayCommand.self, PaymentsCommand.self, CancelCommand.self, ResolveCommand.self, EventsCommand.self,
            CartsCommand.self, CardsCommand.self, CheckCommand.self, ReportCommand.self, BundleCommand.self, MetricsCommand.self,
            JournalCommand.self, DocsCommand.self, VersionCommand.self, CompleteCommand.self,
        ])

    @OptionGroup var global: GlobalOptions
}
