import Moments
import Testing

@testable import GatewayCore
@testable import GatewayModel

@Suite struct AttemptShelfTests {
    private static let id = PaymentID(unchecked: "p1")
    private static let now = Now(mono: 1_000, wall: 1_769_851_800_000)

    private func record() throws -> PaymentRecord {
        PaymentRecord(
            id: Self.id, request: PaymentRequest(cart: CartID(unchecked: "c1"), amount: try DecimalAmount("1.00")),
            reader: ReaderID(unchecked: "tmr_1"), readerLabel: nil, at: Self.now.wall)
    }

    private func open() throws -> AttemptShelf<PaymentMachine> {
        var shelf = AttemptShelf<PaymentMachine>()
        shelf[Self.id] = PaymentMachine(record: try record(), policy: GatewayPolicy(), epoch: 1, now: Self.now)
        return shelf
    }

    @Test func `what has ended is shown as it ended until that is on disk`() throws {
        var shelf = try open()
        #expect(!shelf.isEnding(Self.id) && shelf.ids == [Self.id])
        var end = try record()
        end.state = .failed
        shelf.end(Self.id, end)
        #expect(shelf[Self.id] == nil && shelf.isEnding(Self.id) && shelf.record(Self.id) == end)
        shelf.isWritten(Self.id)
        #expect(shelf.record(Self.id) == nil && !shelf.isEnding(Self.id))
    }

    @Test func `whoever waits for an end is told once`() throws {
        var shelf = try open()
        shelf.end(Self.id, try record())
        shelf.waitForEnd(of: Self.id, RequestID(2))
        shelf.waitForEnd(of: Self.id, RequestID(1))
        #expect(shelf.awaitedInVain == nil)
        let told = [shelf.takeWaiting(Self.id), shelf.takeWaiting(Self.id)]
        #expect(told == [[RequestID(2), RequestID(1)], []])
    }

    @Test func `whoever waits for the end of what has none is found`() throws {
        var shelf = try open()
        shelf.waitForEnd(of: Self.id, RequestID(1))
        #expect(shelf.awaitedInVain == Self.id)
    }

    @Test func `only what has ended is edited as ended`() throws {
        var shelf = try open()
        shelf.editEnded(Self.id) { $0.state = .failed }
        #expect(shelf.ended(Self.id) == nil && shelf.record(Self.id)?.state == .queued)
        shelf.end(Self.id, try record())
        shelf.editEnded(Self.id) { _ = $0.warn(.notJournaled) }
        #expect(shelf.ended(Self.id)?.warnings.map(\.code) == [.notJournaled])
    }
}
