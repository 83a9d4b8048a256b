import GatewayModel
import Testing

@testable import GatewayCore

@Suite struct ToldTests {
    private static let away = CallFailure.unavailable(detail: "no answer", mayHaveActed: false)
    private static let refused = CallFailure.unauthorized(detail: "401")

    @Test func `a backend's trouble is told once, another trouble anew, and its end once`() {
        var told = Told()
        let news = [Self.away, Self.away, Self.refused, nil, nil].map { told.backend($0, serves: true) }
        #expect(news == [.begins, nil, .begins, .isOver, nil])
    }

    @Test func `a backend that has never served is not called back`() {
        var told = Told()
        let news = [told.backend(Self.away, serves: false), told.backend(nil, serves: false), told.backend(nil, serves: true)]
        #expect(news == [.begins, nil, .isOver])
    }

    @Test func `the end of what was not told is not told`() {
        var told = Told()
        let isOver = [told.readerIsBack(ReaderID(unchecked: "tmr_1")), told.ended(PaymentID(unchecked: "p1"))]
        #expect(isOver == [false, false])
    }

    @Test func `an unresolved payment is news once`() {
        var told = Told()
        let id = PaymentID(unchecked: "p1")
        let news = [told.isUnresolved(id), told.isUnresolved(id)]
        #expect(news == [true, false] && told.isUnresolvedTold(id))
        let ends = [told.ended(id), told.ended(id)]
        #expect(ends == [true, false])
    }
}
