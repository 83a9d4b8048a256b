import ArgumentParser
import CheckoutAPI
import CheckoutClient

/// Names for a shell to complete with, one a line. A shell asks while somebody types: what cannot be had is no names, and no words either.
struct CompleteCommand: AsyncParsableCommand {
    enum Kind: String, ExpressibleByArgument, CaseIterable {
        case lanes, readers, payments
    }

    static let configuration = CommandConfiguration(
        commandName: "complete", abstract: "Print names for the shell's completion.", shouldDisplay: false)

    /// Somebody waits at a prompt.
    private static let patience: Duration = .seconds(2)
    private static let newest = 50

    @OptionGroup var global: GlobalOptions
    @Argument var kind: Kind

    func run() async throws {
        let agent = global.client
        let kind = kind
        do {
            let names = try await withDeadline(Self.patience) { try await Self.names(kind, agent) }
            try global.output.lines(names)
        } catch is ClientError {
            throw ExitCode(ExitStatus.notRunning.rawValue)
        } catch is Output.Closed {
            return
        }
    }

    private static func names(_ kind: Kind, _ agent: CheckoutClient) async throws -> [String] {
        let names =
            switch kind {
            case .lanes: try await agent.status().lanes.map(\.lane)
            case .readers: try await agent.readers().flatMap { [$0.reader, $0.serial, $0.label].compactMap(\.self) }
            case .payments: try await agent.payments(limit: newest).payments.map(\.id)
            }
        // A shell's list is divided by blanks: a label with one would be offered in pieces.
        return names.filter { name in
            !name.isEmpty && name.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || "._-".contains($0)) }
        }
    }
}

extension CompletionKind {
    static func names(_ kind: CompleteCommand.Kind) -> CompletionKind {
        .shellCommand("readerctl complete \(kind.rawValue) 2>/dev/null")
    }
}
