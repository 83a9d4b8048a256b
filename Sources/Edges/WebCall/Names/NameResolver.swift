/// Finds the addresses of a name.
///
/// The system's resolver (`getaddrinfo`) is asked first, and its answer counts: it knows the hosts file, the box's own name service switch
/// and any caches there. But it asks the name servers one after another and gives a dead one five seconds each time, which is all the time
/// that a till has. So each name server is asked by itself too as soon as the system takes longer than a moment. The first one that knows
/// the name is believed: the host that answers at the address has to prove by a certificate that the name is its own.
///
/// When none of them answers, the failure names each name server.
struct NameResolver: Sendable {
    /// The reason why there is no address, as the end of a sentence.
    struct Failure: Error, Equatable {
        var words: String
        /// The name servers agree that there is none. Asking again is of no use for a while.
        var isFinal = false
    }

    /// The start that the system's resolver gets.
    static let head = Duration.milliseconds(300)

    var system: @Sendable (String) async -> SystemNames.Outcome = { await SystemNames.ask($0) }
    var servers: @Sendable () -> [String] = { NameServers.read() }
    var ask: @Sendable (_ name: String, _ server: String, _ limit: Duration) async -> NameServerAsk.Outcome = {
        await NameServerAsk.of($0, server: $1, within: $2)
    }

    private enum Event: Sendable {
        case system(SystemNames.Outcome)
        case late
        case server(String, NameServerAsk.Outcome)
        case over
    }

    func addresses(of name: String, within limit: Duration) async throws(Failure) -> [String] {
        let end = ContinuousClock.now + limit
        // The system's call cannot be cancelled. It ends by itself when its answer has come too late.
        let (events, report) = AsyncStream.makeStream(of: Event.self)
        let asking = Task {
            report.yield(.system(await system(name)))
        }
        let work = Task {
            await withTaskGroup(of: Void.self) { group in
                group.addTask {
                    do { try await Task.sleep(for: min(Self.head, limit)) } catch { return }
                    report.yield(.late)
                }
                group.addTask {
                    do { try await Task.sleep(until: end, clock: .continuous) } catch { return }
                    report.yield(.over)
                }
            }
        }
        var asked: [Task<Void, Never>] = []
        defer {
            work.cancel()
            asking.cancel()
            for task in asked { task.cancel() }
            report.finish()
        }
        let all = servers()
        var told: [String: NameServerAsk.Outcome] = [:]
        var systemSaid: SystemNames.Outcome?
        /// Asks the name servers by themselves. That happens when the system is slow, or failed and does not say which server did.
        func askServers() {
            guard asked.isEmpty, name.contains("."), !name.hasSuffix(".local") else { return }
            for server in all {
                asked.append(
                    Task {
                        report.yield(.server(server, await ask(name, server, end - .now)))
                    })
            }
        }
        for await event in events {
            switch event {
            case .system(.addresses(let addresses)): return addresses
            case .system(let outcome):
                systemSaid = outcome
                askServers()
            case .late: if systemSaid == nil { askServers() }
            case .server(let server, let outcome):
                if case .addresses(let addresses) = outcome, !addresses.isEmpty { return addresses }
                told[server] = outcome
            case .over: throw failure(all, told, systemSaid)
            }
            // Every name server and the system have answered.
            if systemSaid != nil, told.count == asked.count { throw failure(all, told, systemSaid) }
        }
        throw failure(all, told, systemSaid)
    }

    private func failure(
        _ all: [String], _ told: [String: NameServerAsk.Outcome], _ system: SystemNames.Outcome?
    ) -> Failure {
        guard !all.isEmpty else { return Failure(words: "this box has no name server (\(NameServers.path) names none)") }
        func those(_ isMeant: (NameServerAsk.Outcome?) -> Bool) -> [String] { all.filter { isMeant(told[$0]) } }
        let silent = those { $0 == .silent || $0 == .unreachable || (system != SystemNames.Outcome.none && $0 == nil) }
        let troubled = those { if case .trouble = $0 { true } else { false } }
        let ignorant = those { $0 == .noSuchName || $0 == .addresses([]) }
        var words: [String] = []
        if !silent.isEmpty { words.append("the name server \(Self.list(silent)) \(silent.count == 1 ? "does" : "do") not answer") }
        if !troubled.isEmpty {
            words.append("\(Self.list(troubled)) \(troubled.count == 1 ? "says that it has" : "say that they have") trouble")
        }
        if !ignorant.isEmpty || (system == SystemNames.Outcome.none && words.isEmpty) {
            let who = ignorant.isEmpty ? "the resolver" : "the name server \(Self.list(ignorant))"
            words.append("\(who) \(ignorant.count > 1 ? "know" : "knows") no such name")
        }
        return Failure(words: words.joined(separator: ", "), isFinal: silent.isEmpty && troubled.isEmpty)
    }

    private static func list(_ names: [String]) -> String { names.joined(separator: " and ") }
}
