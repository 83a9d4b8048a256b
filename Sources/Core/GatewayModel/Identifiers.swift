/// An identifier that travels as a string. Each kind has its own type, so that code cannot pass a cart's identifier for a payment's.
package protocol Identifier: Hashable, Comparable, Sendable, Codable, CustomStringConvertible {
    var text: String { get }
    init(unchecked text: String)
}

extension Identifier {
    package var description: String { text }

    package static func < (left: Self, right: Self) -> Bool { left.text < right.text }

    package init(from decoder: any Decoder) throws {
        self.init(unchecked: try decoder.singleValueContainer().decode(String.self))
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(text)
    }
}

/// A cart at the backend: 1 to 128 printable ASCII characters.
package struct CartID: Identifier {
    package let text: String
    package init(unchecked text: String) { self.text = text }

    package init?(_ text: String) {
        let bytes = text.utf8
        guard (1...128).contains(bytes.count), bytes.allSatisfy({ (0x20...0x7e).contains($0) }) else { return nil }
        self.text = text
    }

    /// The form that all spellings share that a backend may take for one cart: without case, leading zeros and blanks at the ends.
    package var lock: CartID {
        if isLock { return self }
        let blank = UInt8(ascii: " ")
        var bytes = text.utf8.map { (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains($0) ? $0 + 32 : $0 }[...]
        bytes = bytes.drop { $0 == blank }
        while bytes.last == blank { bytes.removeLast() }
        let bare = bytes.drop { $0 == UInt8(ascii: "0") }
        return CartID(unchecked: String(decoding: bare.isEmpty ? bytes.suffix(1) : bare, as: UTF8.self))
    }

    /// Whether the text is its own lock already, as most are.
    private var isLock: Bool {
        let bytes = text.utf8
        guard let first = bytes.first, first != UInt8(ascii: "0"), first != UInt8(ascii: " "), bytes.last != UInt8(ascii: " ") else {
            return bytes.count == 1 && bytes.first != UInt8(ascii: " ")
        }
        return bytes.allSatisfy { !(UInt8(ascii: "A")...UInt8(ascii: "Z")).contains($0) }
    }
}

/// One attempt to be paid. The checkout names it with 1 to 128 of `A-Z a-z 0-9 . _ -`.
package struct PaymentID: Identifier {
    package let text: String
    package init(unchecked text: String) { self.text = text }

    package init?(_ text: String) {
        guard text.isNameOfAttempt else { return nil }
        self.text = text
    }
}

/// One attempt to keep a card, named by the checkout like a payment. The two name spaces are separate: one text may name a payment and a
/// set-up.
package struct CardSetupID: Identifier {
    package let text: String
    package init(unchecked text: String) { self.text = text }

    package init?(_ text: String) {
        guard text.isNameOfAttempt else { return nil }
        self.text = text
    }
}

extension String {
    fileprivate var isNameOfAttempt: Bool {
        (1...128).contains(utf8.count)
            && utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"),
                    UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "-"):
                    true
                default: false
                }
            }
    }
}

/// A reader as Stripe names it (`tmr_…`).
package struct ReaderID: Identifier {
    package let text: String
    package init(unchecked text: String) { self.text = text }
}

/// A PaymentIntent as Stripe names it (`pi_…`).
package struct IntentID: Identifier {
    package let text: String
    package init(unchecked text: String) { self.text = text }
}

/// A lane (a till) of the store, as the settings or the checkout name it.
package struct LaneName: Identifier {
    package let text: String
    package init(unchecked text: String) { self.text = text }
}

/// Stripe's publishable key (`pk_test_…`, `pk_live_…`). It is public, and the agent remembers a location's currency under it.
package struct PublishableKey: Identifier {
    package let text: String
    package init(unchecked text: String) { self.text = text }
}

/// An order at the backend. It proves that a cart was paid.
package struct OrderID: Identifier {
    package let text: String
    package init(unchecked text: String) { self.text = text }
}
