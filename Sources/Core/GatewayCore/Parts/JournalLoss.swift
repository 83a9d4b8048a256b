import GatewayModel
import Moments

/// The journals that were damaged and set aside, and to whose loss no technician has agreed yet. While one is missing, no cart can be known
/// to be unpaid.
struct JournalLoss: Sendable {
    /// The file names of these journals, in order.
    private(set) var names: [String] = []

    /// Takes in what the journal that took their place says of them.
    mutating func recall(_ facts: [String: String]) {
        names = facts.filter { $0.key.hasPrefix(StoredFacts.lossKey) && $0.value == StoredFacts.lossNotAccepted }
            .map { String($0.key.dropFirst(StoredFacts.lossKey.count)) }.sorted()
    }

    /// The rows by which a technician agrees to the loss. There are none when nothing is lost.
    func agreement(by name: String, note: String, at moment: WallTime) -> [JournalEntry] {
        names.map { lost in
            JournalEntry(
                kind: .fact, at: moment, fact: .init(key: StoredFacts.lossKey + lost, value: StoredFacts.lossAccepted),
                note: "the loss of \(lost) was accepted by \(name): \(note)")
        }
    }

    /// Notes that the agreement is on disk.
    mutating func accepted() { names = [] }

    /// Why no payment is accepted; nil when nothing is lost.
    var refusal: Refusal? {
        guard !names.isEmpty else { return nil }
        return Refusal(
            .journalUnavailable,
            "The payment journal was damaged and set aside (\(names.joined(separator: ", "))): what was paid before is not known here.",
            remedy: Self.remedy)
    }

    /// What a follower of the agent's events has to know first.
    var notice: AgentNotice? { refusal.map { AgentNotice(code: Self.code, message: $0.detail, remedy: $0.remedy) } }

    static var code: String { "journal_lost" }

    static var remedy: String {
        "Compare the open carts with the back office and with Stripe's dashboard, then agree as a technician: sudo readerctl journal accept-loss --note WHY."
    }
}
