import Testing

@testable import readersim

@Suite struct TillPartsTests {
    @Test(arguments: [
        ("1", Order.add(product: 0, count: 1)), (" 2x3 ", .add(product: 1, count: 3)), ("-2", .remove(product: 1)), ("PAY", .pay),
        ("c", .cancel),
        ("new", .clear), ("q\r", .quit), ("0", .unknown("0")), ("6", .unknown("6")), ("1x0", .unknown("1x0")), ("1x2x3", .unknown("1x2x3")),
        ("1x", .unknown("1x")), ("-9", .unknown("-9")), ("--1", .unknown("--1")),
        ("99999999999999999999", .unknown("99999999999999999999")),
    ])
    func `what a cashier types is understood, or said to be unknown`(text: String, order: Order) {
        #expect(Order(text) == order)
    }

    @Test(arguments: ["", "   "]) func `an empty line is nothing`(text: String) { #expect(Order(text) == nil) }

    @Test func `a basket adds up in whole cents and never below nothing`() {
        var basket = Basket()
        basket.add(0, -1)
        #expect(basket.isEmpty && basket.amount == "0.00")
        basket.add(2, 3)
        basket.add(1, 1)
        #expect(basket.amount == "12.50")
        basket.add(2, 500)
        #expect(basket.counts[2] == 99)
        basket.add(7, 1)
        basket.add(2, -99)
        #expect(basket.lines.map(\.0) == ["Mat rental"])
        #expect(Money.text(5) == "0.05")
    }

    @Test func `the screen shows products, basket, total and the latest news`() {
        var basket = Basket()
        basket.add(0, 2)
        let lines = TillScreen.lines(lane: "till-1", cart: "till-1-4", basket, news: (1...9).map { "news \($0)" })
        #expect(lines.first == "till-1  ·  sale till-1-4")
        #expect(lines.contains("  2 ×  Drop-in class      56.00"))
        #expect(lines.contains("Total  56.00"))
        #expect(lines.contains("news 9") && !lines.contains("news 3"))
        #expect(TillScreen.lines(lane: "l", cart: "c", Basket(), news: []).contains("  empty"))
    }
}
