import GatewayModel
import Moments

/// One change of a location's readers at the backend: a registration, a new label, a removal.
///
/// The backend's answer names no reader and can be lost (mariana-api, trap 5). So the location's list, read before and after, is the
/// evidence. The change itself is sent once and never again.
package struct RegistrationMachine: Sendable {
    package enum Job: Sendable, Equatable {
        /// Registers a reader. A nil `location` means that of the settings.
        case register(RegistrationCode, label: String, location: String?)
        case relabel(ReaderID, String)
        case remove(ReaderID)

        package var location: String? {
            if case .register(_, _, let location) = self { return location }
            return nil
        }
    }

    /// The actions that are carried out in any case.
    package enum Owed: Sendable, Equatable {
        /// Reports the end: the reader that the change is about, or the refusal.
        case ended(Result<ReaderID, Refusal>)
    }

    /// The actions that begin only while this change is the one under way.
    package enum Begun: Sendable, Equatable {
        /// Reads the location's list. The answer is `listed`.
        case list(location: String?)
        /// Sends the change. The answer is `told`.
        case send(Job)
    }

    package typealias Action = PartAction<Owed, Begun>

    private enum State: Sendable {
        /// The change has not begun. It goes to `looking`.
        case waiting
        /// The agent reads the list before the change. The change goes to `sending`, or to `over` when the list forbids it or cannot be
        /// read.
        case looking
        /// The change is on its way. It goes to `watching` when it was, or may have been, done, and to `over` when it was refused.
        case sending(before: [BackendReader])
        /// The agent reads the list again and again until it shows the change. The change goes to `over` then, or at the deadline.
        case watching(before: [BackendReader], doubt: CallFailure?, nextAt: MonoTime?)
        /// The change is over. Nothing more happens.
        case over
    }

    package let job: Job
    private var state = State.waiting
    private var deadline: MonoTime = .max
    private let patience: Int64
    private var pause: Int64 = 250
    /// The new readers of the last list. The next field holds why the last reading failed.
    private var seen: [BackendReader] = []
    private var listTrouble: CallFailure?

    /// Makes a change that has not begun. `patience` is how long it may take to show after it was sent, in milliseconds.
    package init(_ job: Job, patience: Int64) {
        self.job = job
        self.patience = patience
    }

    package mutating func begin() -> [Action] {
        guard case .waiting = state else { return [] }
        state = .looking
        return [.list(location: job.location)]
    }

    package mutating func listed(_ result: Result<[BackendReader], CallFailure>, at now: MonoTime) -> [Action] {
        switch (state, result) {
        case (.looking, .failure(let failure)): return end(.failure(.from(failure)))
        case (.looking, .success(let list)):
            if let known = settled(before: list) { return end(known) }
            state = .sending(before: list)
            deadline = now + patience
            return [.send(job)]
        case (.watching(let before, let doubt, nil), .failure(let failure)):
            listTrouble = failure
            return again(before, doubt, at: now)
        case (.watching(let before, let doubt, nil), .success(let list)):
            listTrouble = nil
            if let shown = shown(by: list, before: before) { return end(shown) }
            return again(before, doubt, at: now)
        case (.waiting, _), (.sending, _), (.watching, _), (.over, _): return []
        }
    }

    package mutating func told(_ result: Result<Void, CallFailure>, at now: MonoTime) -> [Action] {
        guard case .sending(let before) = state else { return [] }
        let doubt: CallFailure?
        switch result {
        case .success: doubt = nil
        case .failure(.unavailable(let detail, mayHaveActed: true)): doubt = .unavailable(detail: detail, mayHaveActed: true)
        case .failure(.invalidAnswer(let detail)): doubt = .invalidAnswer(detail: detail)
        case .failure(let failure): return end(.failure(refused(failure)))
        }
        state = .watching(before: before, doubt: doubt, nextAt: nil)
        return [.list(location: job.location)]
    }

    package mutating func tick(at now: MonoTime) -> [Action] {
        guard case .watching(let before, let doubt, let nextAt?) = state, now >= nextAt else { return [] }
        state = .watching(before: before, doubt: doubt, nextAt: nil)
        return [.list(location: job.location)]
    }

    package var nextWake: MonoTime? {
        if case .watching(_, _, let nextAt) = state { return nextAt }
        return nil
    }

    // MARK: What the lists say

    /// The outcome that the list before the change already settles; nil when it settles none.
    private func settled(before list: [BackendReader]) -> Result<ReaderID, Refusal>? {
        switch job {
        case .register(_, let label, _): return inUse(label, by: list.filter { $0.label == label })
        case .relabel(let id, let label):
            guard let entry = list.first(where: { $0.id == id }) else { return .failure(notListed(id)) }
            if let taken = inUse(label, by: list.filter { $0.label == label && $0.id != id }) { return taken }
            return entry.label == label ? .success(id) : nil
        case .remove(let id): return list.contains { $0.id == id } ? nil : .success(id)
        }
    }

    private func inUse(_ label: String, by others: [BackendReader]) -> Result<ReaderID, Refusal>? {
        guard !others.isEmpty else { return nil }
        return .failure(
            Refusal(
                .labelInUse, "The label \(label) is in use at this location, by \(others.map(\.id.text).joined(separator: ", ")).",
                remedy: "Choose another label, or give that reader another one first.", candidates: others.map(\.id).sorted()))
    }

    private func notListed(_ id: ReaderID) -> Refusal {
        Refusal(
            .readerNotFound, "The reader \(id.text) is not registered at this location any more.",
            remedy: "See those that are: readerctl readers --refresh")
    }

    /// The outcome that a list after the change shows; nil when it shows none yet.
    private mutating func shown(by list: [BackendReader], before: [BackendReader]) -> Result<ReaderID, Refusal>? {
        switch job {
        case .register(_, let label, _):
            let old = Set(before.map(\.id))
            seen = list.filter { !old.contains($0.id) }
            // No reader had the label before. A reader that was once registered at this location may come back under its old id, and bears
            // the label now.
            let ours = list.filter { $0.label == label }
            guard ours.count > 1 else { return ours.first.map { .success($0.id) } }
            // Another box registered under the same label at the same moment. Nothing says which of the readers is ours.
            return .failure(
                Refusal(
                    .registrationFailed, "\(ours.count) readers appeared that are labelled \(label); which one is this is not known.",
                    remedy: "Identify each by its id, and give them different labels.", candidates: ours.map(\.id).sorted()))
        case .relabel(let id, let label):
            guard let entry = list.first(where: { $0.id == id }) else { return .failure(notListed(id)) }
            return entry.label == label ? .success(id) : nil
        case .remove(let id): return list.contains { $0.id == id } ? nil : .success(id)
        }
    }

    // MARK: Ends

    private mutating func again(_ before: [BackendReader], _ doubt: CallFailure?, at now: MonoTime) -> [Action] {
        guard now < deadline else { return end(.failure(unseen(doubt))) }
        state = .watching(before: before, doubt: doubt, nextAt: min(deadline, now + pause))
        pause = min(2_000, pause * 2)
        return []
    }

    private mutating func end(_ result: Result<ReaderID, Refusal>) -> [Action] {
        state = .over
        return [.ended(result)]
    }

    private func refused(_ failure: CallFailure) -> Refusal {
        var refusal = Refusal.from(failure)
        guard case .register = job, case .rejected = failure else { return refusal }
        refusal.remedy = "Make a new code on the reader, check the location, and register it again: a code can be used once and grows old."
        return refusal
    }

    /// The refusal when the time is over and no list shows the change.
    private func unseen(_ doubt: CallFailure?) -> Refusal {
        let answer = doubt.map { "The backend's answer was lost (\($0.detail))" } ?? "The backend accepted it"
        let list = listTrouble.map { ", and its list cannot be read now (\($0.detail))" }
        switch job {
        case .register(_, let label, _):
            let others =
                seen.isEmpty
                ? "no new reader at all" : "only " + seen.map { "\($0.id.text) labelled \($0.label ?? "nothing")" }.joined(separator: ", ")
            return Refusal(
                .registrationFailed,
                "\(answer), but within \(patience / 1000) s no new reader labelled \(label) appeared"
                    + (list ?? ": the list shows \(others)") + ".",
                remedy:
                    "Look once more (readerctl readers --refresh); if it is still not there, make a new code on the reader and register it "
                    + "again. Nothing is sent twice by itself.", candidates: seen.map(\.id).sorted())
        case .relabel, .remove:
            if let doubt { return .from(doubt) }
            if let listTrouble { return .from(listTrouble) }
            return Refusal(
                .backendInvalidAnswer, "The backend accepted the change, but its list does not show it.",
                remedy: "Look in a moment (readerctl readers --refresh); repeat the change if it is not there.")
        }
    }
}

/// The actions of a change, without their kind.
extension RegistrationMachine.Action {
    package static func list(location: String?) -> Self { .begun(.list(location: location)) }
    package static func send(_ job: RegistrationMachine.Job) -> Self { .begun(.send(job)) }
    package static func ended(_ result: Result<ReaderID, Refusal>) -> Self { .owed(.ended(result)) }
}
