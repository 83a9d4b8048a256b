/// What a text must be: said to people, to the OpenAPI document, and checked, from one place.
package struct TextRule: Sendable {
    /// The rule in words, after "must be ".
    package let says: String
    /// The rule as an ECMA 262 pattern, for the OpenAPI document. The check below is what counts; a test compares the two.
    package let pattern: String
    package let accepts: @Sendable (String) -> Bool

    /// 1 to 128 printable ASCII characters. A blank at an end is one cart for the backend and another for a lock: it is refused.
    package static let cart = TextRule(
        says: "1 to 128 printable ASCII characters, and no blank at its ends", pattern: "^(?! )(?!.* $)[ -~]{1,128}$"
    ) { text in
        (1...128).contains(text.utf8.count) && text.utf8.allSatisfy { (0x20...0x7e).contains($0) }
            && text.utf8.first != 0x20 && text.utf8.last != 0x20
    }

    package static let payment = TextRule(says: "1 to 128 of A-Z a-z 0-9 . _ -", pattern: "^[A-Za-z0-9._-]{1,128}$") { text in
        (1...128).contains(text.utf8.count)
            && text.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"),
                    UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "-"):
                    true
                default: false
                }
            }
    }

    package static let amount = TextRule(
        says:
            "a decimal string such as \"56.78\": at most ten digits without leading zeros, at most three after a point, greater than zero",
        pattern: "^(?!0(\\.0{1,3})?$)(0|[1-9][0-9]{0,9})(\\.[0-9]{1,3})?$"
    ) { text in
        decimal(text).map { $0.contains { $0 != 0 } } ?? false
    }

    /// An amount, or zero.
    package static let amountOrZero = TextRule(
        says: "a decimal string such as \"5.00\": at most ten digits without leading zeros, at most three after a point",
        pattern: "^(0|[1-9][0-9]{0,9})(\\.[0-9]{1,3})?$"
    ) { text in
        decimal(text) != nil
    }

    package static let currency = TextRule(says: "three letters, such as \"usd\"", pattern: "^[A-Za-z]{3}$") { text in
        text.utf8.count == 3 && text.utf8.allSatisfy { (65...90).contains($0) || (97...122).contains($0) }
    }

    /// An opaque value that the agent gave out.
    package static let opaque = TextRule(says: "1 to 256 printable ASCII characters without spaces", pattern: "^[!-~]{1,256}$") { text in
        (1...256).contains(text.utf8.count) && text.utf8.allSatisfy { (0x21...0x7e).contains($0) }
    }

    /// A name that people gave: a lane, a label, a user.
    package static let name = plain(1...128)
    /// A reader's label, fit to be typed and compared: no space at either end, and nothing in it that nobody sees. (The backend may take such a
    /// character out; the new reader would then not be known by its label.)
    package static let label = TextRule(
        says: "1 to 128 characters that can be seen, and no space at its ends",
        pattern: "^(?! )(?!.* $)[^\\u0000-\\u001f\\u007f-\\u00a0"
            + unseenPattern + "]{1,128}$"
    ) { text in
        name.accepts(text) && text.unicodeScalars.first != " " && text.unicodeScalars.last != " "
            && !text.unicodeScalars.contains { isUnseen($0) }
    }
    private static func isUnseen(_ scalar: Unicode.Scalar) -> Bool {
        scalar.value == 0xa0 || (0xe0000...0xe0fff).contains(scalar.value) || unseen.contains { $0.contains(scalar.value) }
    }
    /// Formatting characters, fillers, blanks other than the space, variation selectors, private use (Unicode's Default_Ignorable_Code_Point and
    /// White_Space), within the Basic Multilingual Plane.
    private static let unseen: [ClosedRange<UInt32>] = [
        0xad...0xad, 0x34f...0x34f, 0x61c...0x61c, 0x115f...0x1160, 0x1680...0x1680, 0x17b4...0x17b5, 0x180b...0x180f, 0x2000...0x200f,
        0x2028...0x202f, 0x205f...0x206f, 0x2800...0x2800, 0x3000...0x3000, 0x3164...0x3164, 0xe000...0xf8ff, 0xfe00...0xfe0f,
        0xfeff...0xfeff, 0xffa0...0xffa0, 0xfff0...0xfffb,
    ]
    private static let unseenPattern = escaped(unseen)
    private static func escaped(_ ranges: [ClosedRange<UInt32>]) -> String {
        ranges.map { range in "\\u\(hex(range.lowerBound))" + (range.count > 1 ? "-\\u\(hex(range.upperBound))" : "") }.joined()
    }
    private static func hex(_ value: UInt32) -> String {
        let digits = String(value, radix: 16)
        return String(repeating: "0", count: max(0, 4 - digits.count)) + digits
    }
    /// A postal code of a card's holder, which no country writes with blanks alone: the backend would refuse it after the card was read.
    package static let postalCode = TextRule(
        says: "1 to 32 characters that can be seen, such as \"33213\"",
        pattern: "^(?=[\\s\\S]*[^ \\u0000-\\u001f\\u007f-\\u00a0" + unseenPattern + "])[^\\u0000-\\u001f\\u007f-\\u009f]{1,32}$"
    ) { text in
        text.unicodeScalars.count <= 32 && name.accepts(text) && text.unicodeScalars.contains { $0 != " " && !isUnseen($0) }
    }
    /// The words of a reader's code, usually three, however they were typed or copied: blanks and dashes of any kind stand between them, and case
    /// does not count.
    package static let registrationCode = TextRule(
        says: "the words that the reader shows, with hyphens between: donkey-gecko-inspired",
        pattern: "^(?=[\\s\\S]{1,300}$)\(between)*[A-Za-z0-9]{1,40}(\(between)+[A-Za-z0-9]{1,40}){1,5}\(between)*$"
    ) { text in
        guard (1...300).contains(text.unicodeScalars.count) else { return false }
        let words = words(ofCode: text)
        return (2...6).contains(words.count)
            && words.allSatisfy { word in
                (1...40).contains(word.utf8.count)
                    && word.utf8.allSatisfy { (48...57).contains($0) || (65...90).contains($0) || (97...122).contains($0) }
            }
    }
    /// The one way in which a code is sent: small letters, a hyphen between the words.
    package static func folded(code: String) -> String { words(ofCode: code).map { $0.lowercased() }.joined(separator: "-") }

    private static func words(ofCode text: String) -> [Substring] {
        text.unicodeScalars.split { scalar in isBetweenWords(scalar) }.map { Substring($0) }
    }
    private static func isBetweenWords(_ scalar: Unicode.Scalar) -> Bool { separators.contains { $0.contains(scalar.value) } }
    /// Blanks and tabs, hyphens and dashes, and those of each that do not break a line.
    private static let separators: [ClosedRange<UInt32>] = [
        0x09...0x09, 0x20...0x20, 0x2d...0x2d, 0xa0...0xa0, 0xad...0xad, 0x2000...0x200b, 0x2010...0x2015, 0x202f...0x202f, 0x205f...0x205f,
        0x2212...0x2212, 0x3000...0x3000, 0xfe58...0xfe58, 0xfe63...0xfe63, 0xff0d...0xff0d,
    ]
    private static let between = "[" + escaped(separators) + "]"
    package static let note = plain(1...500)
    package static let itemDescription = plain(1...200)
    package static let tipLabel = plain(1...40)

    private static func plain(_ length: ClosedRange<Int>) -> TextRule {
        TextRule(
            says: "\(length.lowerBound) to \(length.upperBound) characters without control characters",
            pattern: "^[^\\u0000-\\u001f\\u007f-\\u009f]{\(length.lowerBound),\(length.upperBound)}$"
        ) { text in
            length.contains(text.unicodeScalars.count)
                && !text.unicodeScalars.contains { $0.value < 0x20 || (0x7f...0x9f).contains($0.value) }
        }
    }

    /// The digits of `^(0|[1-9][0-9]{0,9})(\.[0-9]{1,3})?$`, or nil.
    private static func decimal(_ text: String) -> [UInt8]? {
        let parts = text.utf8.split(separator: UInt8(ascii: "."), maxSplits: 1, omittingEmptySubsequences: false)
        guard let whole = parts.first, (1...10).contains(whole.count), whole.count == 1 || whole.first != UInt8(ascii: "0") else {
            return nil
        }
        let fraction = parts.count == 2 ? Array(parts[1]) : []
        guard parts.count == 1 || (1...3).contains(fraction.count) else { return nil }
        let digits = Array(whole) + fraction
        return digits.allSatisfy { (48...57).contains($0) } ? digits.map { $0 - 48 } : nil
    }
}

/// The bounds of numbers and lists in requests.
package enum Bounds {
    package static let timeoutSeconds: ClosedRange<Int64> = 5...600
    package static let waitSeconds: ClosedRange<Int64> = 0...120
    package static let pageLimit: ClosedRange<Int64> = 1...200
    package static let defaultPageLimit = 50
    /// Amounts in minor units: beyond what `amount` can say in any currency.
    package static let minor: ClosedRange<Int64> = 0...9_999_999_999_999
    package static let signedMinor: ClosedRange<Int64> = -9_999_999_999_999...9_999_999_999_999
    package static let quantity: ClosedRange<Int64> = 1...1_000_000
    package static let subnets = 8
    package static let lineItems: ClosedRange<Int> = 0...100
    package static let tipOptions: ClosedRange<Int> = 1...3
    package static let headBytes = 16 * 1024
    package static let bodyBytes = 256 * 1024
}
