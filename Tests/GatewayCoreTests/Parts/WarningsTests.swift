import Moments
import Testing

@testable import GatewayCore
@testable import GatewayModel

@Suite struct WarningsTests {
    private func record(_ id: String = "p1", at moment: Int64 = 0, _ warnings: PaymentWarning...) throws -> PaymentRecord {
        var record = PaymentRecord(
            id: PaymentID(unchecked: id), request: PaymentRequest(cart: CartID(unchecked: "c1"), amount: try DecimalAmount("1.00")),
            reader: ReaderID(unchecked: "tmr_1"), readerLabel: nil, at: WallTime(moment))
        for warning in warnings { _ = record.warn(warning) }
        return record
    }

    @Test func `a warning is news once, and stands until it is taken off`() throws {
        var warnings = Warnings()
        let news = [
            warnings.note(try record()), warnings.note(try record("p1", .notJournaled)), warnings.note(try record("p1", .notJournaled)),
        ]
        #expect(news.map(\.count) == [0, 1, 0])
        #expect(warnings.standing.map(\.warning.code) == [.notJournaled])
        warnings.keep(try record())
        #expect(warnings.standing.isEmpty && warnings.record(PaymentID(unchecked: "p1")) == nil)
    }

    @Test func `a second warning of a payment is news beside the first`() throws {
        var warnings = Warnings()
        _ = warnings.note(try record("p1", .notJournaled))
        let news = warnings.note(try record("p1", .notJournaled, .contradicted("it was paid")))
        #expect(news.map(\.code) == [.contradicted])
    }

    @Test func `beyond a thousand the oldest is left to the journal`() throws {
        var warnings = Warnings()
        for number in 0...Warnings.maximum { warnings.keep(try record("p\(number)", at: Int64(number), .notJournaled)) }
        #expect(warnings.standing.count == Warnings.maximum)
        #expect(warnings.record(PaymentID(unchecked: "p0")) == nil && warnings.record(PaymentID(unchecked: "p1")) != nil)
    }
}
