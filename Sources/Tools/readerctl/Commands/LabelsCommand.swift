import ArgumentParser
import CheckoutAPI
import CheckoutClient

/// The labels that the settings give, against those that the readers have.
struct LabelsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "labels", abstract: "Compare the readers' labels with those that the settings give, and mend them.",
        subcommands: [ShowCommand.self, ApplyCommand.self], defaultSubcommand: ShowCommand.self)

    struct ShowCommand: AgentCommand {
        static let configuration = CommandConfiguration(commandName: "show", abstract: "Which readers are called otherwise.")

        @OptionGroup var global: GlobalOptions

        func work(_ agent: CheckoutClient, _ output: Output) async throws -> ExitStatus {
            let drifted = LabelPlan.drifted(try await agent.readers(refresh: true))
            guard !output.json else {
                try output.object(ReaderList(readers: drifted))
                return .ok
            }
            guard !drifted.isEmpty else {
                try output.line(output.good("Every reader is called as the settings say."))
                return .ok
            }
            for reader in drifted {
                try output.line(
                    wrapped(
                        "\(shown(reader.serial ?? reader.reader ?? "?")) is called \(shown(ReaderWords.name(reader))), and should be "
                            + "\(shown(reader.declaredLabel ?? "?"))."))
            }
            try output.line("Mend it: sudo readerctl labels apply")
            return .ok
        }
    }

    struct ApplyCommand: AgentCommand {
        static let configuration = CommandConfiguration(
            commandName: "apply", abstract: "Give the readers the labels that the settings say (technicians).")
        static let role = Role.technician

        @OptionGroup var global: GlobalOptions

        func work(_ agent: CheckoutClient, _ output: Output) async throws -> ExitStatus {
            let steps = LabelPlan.steps(try await agent.readers(refresh: true))
            var last: [String: Reader] = [:]
            for step in steps {
                let reader = try await agent.relabelReader(step.reader, label: step.label)
                last[step.reader] = reader
                if !output.json { try output.line("\(shown(reader.serial ?? step.reader)) is called \(shown(step.label)) now.") }
            }
            if output.json {
                try output.object(ReaderList(readers: last.keys.sorted().compactMap { last[$0] }))
            } else if steps.isEmpty {
                try output.line(output.good("Every reader is called as the settings say."))
            }
            return .ok
        }
    }
}

/// The order in which readers get their labels, so that none is asked for while another reader has it still.
enum LabelPlan {
    struct Step: Equatable {
        var reader: String
        var label: String
    }

    static func drifted(_ readers: [Reader]) -> [Reader] {
        readers.filter { $0.reader != nil && $0.declaredLabel != nil && $0.declaredLabel != $0.label }
    }

    /// Readers that exchange labels in a ring go through a label that nobody has.
    static func steps(_ readers: [Reader]) -> [Step] {
        var labels: [String: String] = [:]
        for reader in readers { if let id = reader.reader { labels[id] = reader.label ?? "" } }
        var open = drifted(readers).compactMap { reader in reader.reader.map { (id: $0, wanted: reader.declaredLabel ?? "") } }
        var steps: [Step] = []
        while let first = open.first {
            let index = open.firstIndex { item in !labels.contains { $0.key != item.id && $0.value == item.wanted } }
            if let index {
                let item = open.remove(at: index)
                labels[item.id] = item.wanted
                steps.append(Step(reader: item.id, label: item.wanted))
                continue
            }
            // Whoever has the label that is wanted must give it up; one that is not to change would be refused by the agent, and says so.
            guard let holder = open.first(where: { item in open.contains { $0.wanted == labels[item.id] && $0.id != item.id } }) else {
                return steps + [Step(reader: first.id, label: first.wanted)]
            }
            let spare = "\(holder.wanted) (\(holder.id.suffix(6)))"
            labels[holder.id] = spare
            steps.append(Step(reader: holder.id, label: spare))
        }
        return steps
    }
}
