import Moments
import Testing

@testable import GatewayCore
@testable import GatewayModel

@Suite struct JournalLossTests {
    private static let facts = [
        StoredFacts.lossKey + "b": StoredFacts.lossNotAccepted, StoredFacts.lossKey + "a": StoredFacts.lossNotAccepted,
        StoredFacts.lossKey + "old": StoredFacts.lossAccepted, "other": "fact",
    ]

    @Test func `only losses to which nobody has agreed stand in the way, in order`() {
        var losses = JournalLoss()
        losses.recall(Self.facts)
        #expect(losses.names == ["a", "b"])
        #expect(losses.refusal?.code == .journalUnavailable)
        #expect(losses.notice?.remedy == JournalLoss.remedy)
    }

    @Test func `an agreement has a row for each lost journal, and holds only once it is on disk`() {
        var losses = JournalLoss()
        losses.recall(Self.facts)
        let rows = losses.agreement(by: "anna", note: "compared", at: 5)
        #expect(rows.map(\.fact?.key) == [StoredFacts.lossKey + "a", StoredFacts.lossKey + "b"])
        #expect(rows.allSatisfy { $0.fact?.value == StoredFacts.lossAccepted && $0.note?.hasSuffix("by anna: compared") == true })
        #expect(losses.refusal != nil)
        losses.accepted()
        #expect(losses.refusal == nil && losses.notice == nil && losses.agreement(by: "anna", note: "", at: 6).isEmpty)
    }
}
