/// A product that the till sells. Its price is in minor units of a currency with two decimals, which is enough for a till that only
/// demonstrates.
struct Product: Sendable {
    var name: String
    var price: Int

    static let all = [
        Product(name: "Drop-in class", price: 2800), Product(name: "Mat rental", price: 500), Product(name: "Towel", price: 250),
        Product(name: "Water", price: 300), Product(name: "Gift card", price: 5000),
    ]
}

/// The products in the basket.
struct Basket: Sendable, Equatable {
    /// The count of each product, by its place in the list.
    private(set) var counts: [Int: Int] = [:]

    var isEmpty: Bool { counts.isEmpty }
    var total: Int { counts.reduce(0) { $0 + Product.all[$1.key].price * $1.value } }
    /// The total as the contract writes money.
    var amount: String { Money.text(total) }

    mutating func add(_ product: Int, _ count: Int) {
        guard Product.all.indices.contains(product) else { return }
        let new = max(0, min(99, (counts[product] ?? 0) + count))
        counts[product] = new == 0 ? nil : new
    }

    /// The name, count and sum of each line.
    var lines: [(String, Int, Int)] {
        counts.sorted { $0.key < $1.key }.map { (Product.all[$0.key].name, $0.value, Product.all[$0.key].price * $0.value) }
    }
}

enum Money {
    /// The amount as text: 5678 is "56.78".
    static func text(_ minor: Int) -> String {
        let cents = minor % 100
        return "\(minor / 100).\(cents < 10 ? "0" : "")\(cents)"
    }
}

/// An order that a cashier types.
enum Order: Equatable {
    case add(product: Int, count: Int)
    case remove(product: Int)
    case pay, cancel, clear, quit
    case unknown(String)

    /// Reads an order: `2` adds the second product, `2x3` three of it, `-2` takes one away.
    init?(_ text: String) {
        let word = text.drop { $0 == " " }.lowercased()
        let trimmed = String(word.reversed().drop { $0 == " " || $0 == "\r" }.reversed())
        switch trimmed {
        case "": return nil
        case "p", "pay": self = .pay
        case "c", "cancel": self = .cancel
        case "n", "new", "clear": self = .clear
        case "q", "quit", "exit": self = .quit
        default:
            let parts = trimmed.split(separator: "x", omittingEmptySubsequences: false).map(String.init)
            if trimmed.hasPrefix("-"), let number = Int(trimmed.dropFirst()), Product.all.indices.contains(number - 1) {
                self = .remove(product: number - 1)
            } else if (1...2).contains(parts.count), let number = Int(parts[0]), Product.all.indices.contains(number - 1),
                let count = parts.count == 2 ? Int(parts[1]) : 1, (1...99).contains(count)
            {
                self = .add(product: number - 1, count: count)
            } else {
                self = .unknown(trimmed)
            }
        }
    }
}
