import CheckoutAPI
import Testing

@testable import readerctl

/// What a terminal of some size shows of a shop.
@Suite struct WatchViewTests {
    private static let start = Timestamp(milliseconds: 1_769_851_800_000)
    private let output = Output(json: false, noColor: true, environment: [:])

    private static func later(_ seconds: Int64) -> Timestamp { Timestamp(milliseconds: start.milliseconds + seconds * 1000) }

    private static func info(startedAt: Timestamp = start) -> Info {
        Info(
            version: "1.2.3", mode: .test, location: "12", startedAt: startedAt, uptimeSeconds: 1,
            caller: .init(role: .monitor, pid: 1, uid: 1, gid: 1, groups: []))
    }

    private static func payment(
        _ id: String, _ state: Payment.State = .succeeded, money: Payment.Money = .taken, at seconds: Int64 = 0, steps: Int = 1
    ) -> Payment {
        Payment(
            id: id, cart: "cart-\(id)", amount: "12.00", currency: "usd", amountMinor: 1200, state: state, money: money,
            createdAt: later(seconds), updatedAt: later(seconds), endedAt: state.isEnd ? later(seconds + 3) : nil,
            timeline: (0..<steps).map { .init(state: state, at: later(seconds + Int64($0))) })
    }

    private static let hostile = "Till\u{1B}[2J\u{7}\u{202E}前台の端末🧾 with a long, long label that goes on"

    private static func shop(readers: Int = 2, payments: Int = 3) -> WatchedShop {
        let all = (0..<readers).map { number in
            Reader(
                reader: "tmr_\(number)", label: number == 0 ? hostile : "Reader \(number)", serial: "S\(number)", registered: true,
                driveable: true, transport: .lan, address: "192.168.1.\(number)", state: number == 1 ? .offline : .ready,
                reason: number == 1 ? Reason(code: "offline", message: "It does not answer.", remedy: "Is it switched on?") : nil,
                lane: "till-\(number)", lastSeenAt: start)
        }
        return WatchedShop(
            .init(
                info: info(),
                status: Status(
                    canTakePayments: false, reasons: [Reason(code: "x", message: "The backend does not answer.", remedy: "Wait.")],
                    backend: .init(state: .ok), journal: .init(state: .ok), readers: all,
                    lanes: all.map { .init(lane: $0.lane ?? "", reader: $0.reader, readerState: $0.state, payment: nil, waiting: 1) },
                    openPayments: []),
                payments: (0..<payments).map { payment("p-\($0)", at: Int64(-$0)) }))
    }

    private func lines(_ shop: WatchedShop, _ columns: Int, _ rows: Int) -> [String] {
        WatchView(shop: shop, size: .init(columns: columns, rows: rows), now: Self.later(10), output: output).lines
    }

    @Test func `a wide terminal shows everything`() {
        let text = lines(Self.shop(), 110, 40).joined(separator: "\n")
        for part in [
            "readerd 1.2.3  TEST MODE  location 12", "No payment can be taken now.", "- The backend does not answer. What to do: Wait.",
            "READER", "192.168.1.1", "  Reader 1: It does not answer. What to do: Is it switched on?", "LANE", "PAYMENT", "p-2",
            "USD 12.00",
            "q quits",
        ] {
            #expect(text.contains(part), "\(part)")
        }
    }

    @Test(arguments: [1, 2, 5, 12, 20, 33, 44, 60, 80, 110, 300], [1, 2, 3, 6, 10, 24, 60])
    func `it fits into any terminal, and nothing in it moves the cursor`(columns: Int, rows: Int) {
        var shop = Self.shop(readers: 6, payments: 30)
        shop.lose("The connection to the agent was lost: \u{1B}[H.", at: Self.later(5))
        let lines = lines(shop, columns, rows)
        #expect(lines.count == rows)
        for line in lines {
            #expect(line.columns <= columns, "\(line)")
            #expect(!line.unicodeScalars.contains { $0.value < 32 || $0.value == 0x202E || $0.value == 0x7F }, "\(line)")
        }
    }

    @Test func `a narrow terminal keeps what matters: which payment, how much, and how it stands`() {
        let text = lines(Self.shop(readers: 1, payments: 1), 40, 30).joined(separator: "\n")
        #expect(text.contains("p-0") && text.contains("USD 12.00") && text.contains("paid"))
        #expect(!text.contains("cart-p-0"))
    }

    @Test func `in a low terminal each section keeps its first line, payments before the rest`() {
        let text = lines(Self.shop(readers: 3, payments: 5), 80, 16).joined(separator: "\n")
        for part in ["READER", "LANE", "till-0", "PAYMENT", "p-0", "q quits"] { #expect(text.contains(part), "\(part) in\n\(text)") }
    }

    @Test func `what there is no room for is counted`() {
        let text = lines(Self.shop(readers: 2, payments: 40), 80, 24).joined(separator: "\n")
        #expect(text.contains(/… and \d+ more lines/))
    }

    @Test func `an outage and a restart are said`() {
        var shop = Self.shop()
        shop.lose("Nothing answers.", at: Self.later(5))
        shop.lose("Something else.", at: Self.later(6))
        #expect(lines(shop, 100, 40).joined(separator: " ").contains("The agent does not answer since 09:30:05: Nothing answers."))
        let status = shop.status
        shop.see(.init(info: Self.info(startedAt: Self.later(7)), status: status, payments: []), at: Self.later(8))
        #expect(shop.outage == nil)
        #expect(shop.news.map(\.text) == ["Connected to the agent again.", "The agent was started again (version 1.2.3)."])
        #expect(shop.payments.isEmpty)
    }

    @Test func `an older snapshot does not take back what an event has told`() {
        var shop = Self.shop(payments: 0)
        let open = Self.payment("p-1", .authorizing, money: .unknown, steps: 2)
        shop.see(Event(cursor: "1", at: Self.start, type: "payment.state", payment: Self.payment("p-1", steps: 3)))
        shop.see(.init(info: shop.info, status: shop.status, payments: [open]), at: Self.later(1))
        #expect(shop.payments.map(\.state) == [.succeeded])
        shop.see(Event(cursor: "2", at: Self.start, type: "payment.state", payment: Self.payment("p-2", .queued, at: 5)))
        #expect(shop.payments.map(\.id) == ["p-2", "p-1"])
    }

    @Test(arguments: [("abc", 3), ("前台", 4), ("e\u{301}", 1), ("🧾", 2), ("", 0)])
    func `letters are as wide as a terminal draws them`(text: String, columns: Int) {
        #expect(text.columns == columns)
        #expect(fitted(text, to: columns) == text)
        if columns > 1 { #expect(fitted(text, to: columns - 1).columns <= columns - 1) }
    }
}
