import Glibc

/// The till's screen: in a terminal it is drawn anew, in a pipe each piece of news is one line.
struct TillScreen: Sendable {
    let isTerminal: Bool

    static func ofThisProcess() -> TillScreen { TillScreen(isTerminal: isatty(STDIN_FILENO) == 1 && isatty(STDOUT_FILENO) == 1) }

    func draw(lane: String, cart: String, _ basket: Basket, news: [String]) {
        guard isTerminal else { return }
        // The codes move the cursor home, and clear to the end of the screen.
        writeLine("\u{1B}[H\u{1B}[J" + Self.lines(lane: lane, cart: cart, basket, news: news).joined(separator: "\n"))
    }

    func say(_ text: String) {
        if !isTerminal { writeLine(text) }
    }

    static func lines(lane: String, cart: String, _ basket: Basket, news: [String]) -> [String] {
        var lines = ["\(lane)  ·  sale \(cart)", ""]
        lines += Table.lines(Product.all.enumerated().map { ["  \($0 + 1)", $1.name, right(Money.text($1.price), 9)] })
        lines += ["", "Basket"]
        lines += basket.isEmpty ? ["  empty"] : Table.lines(basket.lines.map { ["  \($1) ×", $0, right(Money.text($2), 9)] })
        lines += ["", "Total  \(basket.amount)", ""]
        lines += news.suffix(6)
        lines += ["", "1 adds, 1x3 adds three, -1 takes away · pay · cancel · new · quit"]
        return lines
    }

    private static func right(_ text: String, _ width: Int) -> String {
        String(repeating: " ", count: max(0, width - text.count)) + text
    }
}
