import NIOConcurrencyHelpers
import NIOCore

/// Remembers the addresses of hosts. An address that worked lately is used at once and without a query for the name. When it no longer
/// works, the name is asked for again.
final class HostBook: Sendable {
    /// The time for which an address counts that has worked.
    static let trusted = Duration.seconds(600)
    /// The age at which a name is asked for again, beside the work: a host that has moved is followed before its old place is switched off.
    static let fresh = Duration.seconds(300)
    /// The time for finding a name. None of it is the connection's.
    static let limit = Duration.seconds(5)

    struct Place: Sendable, Equatable {
        var address: String
        /// The address worked before, and no query was made just now.
        var isRemembered: Bool
    }

    private struct Entry {
        var address: String
        var workedAt: ContinuousClock.Instant
        var askedAt: ContinuousClock.Instant
    }

    private struct State {
        var entries: [WebBase: Entry] = [:]
        /// All callers that want one name wait for one answer.
        var asking: [WebBase: Task<Result<String, NameResolver.Failure>, Never>] = [:]
    }

    private let resolver: NameResolver
    private let first: FirstToAnswer
    private let state = NIOLockedValueBox(State())

    init(resolver: NameResolver = NameResolver(), group: any EventLoopGroup) {
        self.resolver = resolver
        first = FirstToAnswer(group: group)
    }

    /// - Parameters:
    ///   - anew: whether to ask again, because the remembered address did not work.
    ///   - limit: the time that this caller waits. The question goes on for the others.
    func place(of base: WebBase, anew: Bool, connectTimeout: Duration, within limit: Duration) async throws(NameResolver.Failure) -> Place {
        let now = ContinuousClock.now
        if !anew, let entry = state.withLockedValue({ $0.entries[base] }), now - entry.workedAt < Self.trusted {
            if now - entry.askedAt > Self.fresh { _ = ask(base, connectTimeout) }
            return Place(address: entry.address, isRemembered: true)
        }
        let question = ask(base, connectTimeout)
        return Place(address: try await Self.answer(of: question, within: limit).get(), isRemembered: false)
    }

    func worked(_ base: WebBase, _ address: String) {
        state.withLockedValue { state in
            guard state.entries[base]?.address == address else {
                state.entries[base] = state.entries[base] ?? Entry(address: address, workedAt: .now, askedAt: .now)
                return
            }
            state.entries[base]?.workedAt = .now
        }
    }

    func failed(_ base: WebBase, _ address: String) {
        state.withLockedValue { state in
            if state.entries[base]?.address == address { state.entries[base] = nil }
        }
    }

    private func ask(_ base: WebBase, _ connectTimeout: Duration) -> Task<Result<String, NameResolver.Failure>, Never> {
        state.withLockedValue { state in
            if let asking = state.asking[base] { return asking }
            let task = Task { await self.find(base, connectTimeout) }
            state.asking[base] = task
            return task
        }
    }

    private func find(_ base: WebBase, _ connectTimeout: Duration) async -> Result<String, NameResolver.Failure> {
        let result: Result<String, NameResolver.Failure>
        do throws(NameResolver.Failure) {
            let addresses = try await resolver.addresses(of: base.host, within: Self.limit)
            let kept = state.withLockedValue { $0.entries[base]?.address }
            // An address that works and still stands among the answers is not changed for another.
            var found = kept.flatMap { addresses.contains($0) ? $0 : nil }
            if found == nil { found = await first.of(addresses, port: base.port, within: connectTimeout) }
            result = found.map { .success($0) } ?? .failure(NameResolver.Failure(words: "it has no address"))
        } catch {
            result = .failure(error)
        }
        state.withLockedValue { state in
            state.asking[base] = nil
            guard case .success(let address) = result, let entry = state.entries[base] else { return }
            state.entries[base] = Entry(
                address: address, workedAt: entry.address == address ? entry.workedAt : .now, askedAt: .now)
        }
        return result
    }

    private static func answer(
        of question: Task<Result<String, NameResolver.Failure>, Never>, within limit: Duration
    ) async -> Result<String, NameResolver.Failure> {
        let late = NameResolver.Failure(words: "nobody has told its address in time")
        return await withTaskGroup(of: Result<String, NameResolver.Failure>.self) { group in
            defer { group.cancelAll() }
            // The cancellation does not end the question itself, for others wait for it too.
            let (answers, answer) = AsyncStream.makeStream(of: Result<String, NameResolver.Failure>.self)
            let waiting = Task { answer.yield(await question.value) }
            group.addTask {
                defer { waiting.cancel() }
                for await found in answers { return found }
                return .failure(late)
            }
            group.addTask {
                do { try await Task.sleep(for: limit) } catch { return .failure(late) }
                return .failure(late)
            }
            return await group.next() ?? .failure(late)
        }
    }
}
