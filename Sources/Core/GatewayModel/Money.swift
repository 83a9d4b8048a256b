/// A currency: three lower-case letters (ISO 4217 as Stripe writes it).
package struct Currency: Identifier {
    package let text: String
    package init(unchecked text: String) { self.text = text }

    /// Takes three ASCII letters of either case.
    package init?(_ text: String) {
        let bytes = Array(text.utf8)
        guard bytes.count == 3 else { return nil }
        var lower: [UInt8] = []
        for byte in bytes {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"): lower.append(byte)
            case UInt8(ascii: "A")...UInt8(ascii: "Z"): lower.append(byte + 32)
            default: return nil
            }
        }
        self.text = String(decoding: lower, as: UTF8.self)
    }

    /// How many digits after the point a charge in minor units stands for (Stripe's table of currencies).
    ///
    /// Stripe charges ISK and UGX as two-decimal although they have no minor unit, so their amounts are whole. Three-decimal charges end in
    /// 0.
    package var rule: CurrencyRule {
        switch text {
        case "bif", "clp", "djf", "gnf", "jpy", "kmf", "krw", "mga", "pyg", "rwf", "vnd", "vuv", "xaf", "xof", "xpf":
            CurrencyRule(exponent: 0, multiple: 1)
        case "bhd", "jod", "kwd", "omr", "tnd": CurrencyRule(exponent: 3, multiple: 10)
        case "isk", "ugx": CurrencyRule(exponent: 2, multiple: 100)
        default: CurrencyRule(exponent: 2, multiple: 1)
        }
    }
}

/// The rule for charges in a currency.
package struct CurrencyRule: Sendable, Hashable {
    /// The power of ten between the major and the minor unit: 0, 2 or 3.
    package var exponent: Int
    /// The factor of which the minor units must be a multiple.
    package var multiple: Int64
}

/// An amount in the major unit, as the backend and the checkouts write it: `^(0|[1-9][0-9]{0,9})(\.[0-9]{1,3})?$`, greater than zero.
///
/// The type keeps whole thousandths of the major unit, so that "56.8" equals "56.80" and nothing is ever rounded.
package struct DecimalAmount: Sendable, Hashable, Codable {
    /// The amount in thousandths of the major unit, at most 9,999,999,999,999.
    package let thousandths: Int64
    /// The amount as the caller wrote it.
    package let text: String

    package static func == (left: Self, right: Self) -> Bool { left.thousandths == right.thousandths }
    package func hash(into hasher: inout Hasher) { hasher.combine(thousandths) }

    package enum Problem: Error, Sendable, Equatable {
        /// The text has other characters than digits with at most one point and one to three digits after it, a leading zero, or more than
        /// ten digits.
        case malformed
        case zero
    }

    package init(_ text: String) throws(Problem) {
        var whole: [UInt8] = []
        var fraction: [UInt8] = []
        var point = false
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"):
                if point { fraction.append(byte - 48) } else { whole.append(byte - 48) }
            case UInt8(ascii: "."):
                if point { throw .malformed }
                point = true
            default: throw .malformed
            }
            if whole.count > 10 || fraction.count > 3 { throw .malformed }
        }
        guard !whole.isEmpty, whole.count == 1 || whole[0] != 0, !point || !fraction.isEmpty else { throw .malformed }
        while fraction.count < 3 { fraction.append(0) }
        var value: Int64 = 0
        for digit in whole + fraction { value = value * 10 + Int64(digit) }
        guard value > 0 else { throw .zero }
        self.thousandths = value
        self.text = text
    }

    package init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        let text = try container.decode(String.self)
        do {
            try self.init(text)
        } catch {
            throw DecodingError.dataCorruptedError(in: container, debugDescription: "not an amount of money")
        }
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(text)
    }

    /// The charge in minor units; nil when the amount has digits that the currency lacks.
    package func minorUnits(in currency: Currency) -> Int64? {
        let rule = currency.rule
        let divisor: Int64 =
            switch rule.exponent {
            case 0: 1000
            case 2: 10
            default: 1
            }
        guard thousandths % divisor == 0 else { return nil }
        let minor = thousandths / divisor
        guard minor % rule.multiple == 0 else { return nil }
        return minor
    }
}

extension Currency {
    /// Writes minor units in the major unit: 5678 in `usd` is "56.78".
    package func majorText(_ minor: Int64) -> String {
        let sign = minor < 0 ? "-" : ""
        let digits = String(minor.magnitude)
        let exponent = rule.exponent
        guard exponent > 0 else { return sign + digits }
        let padded = String(repeating: "0", count: max(0, exponent + 1 - digits.count)) + digits
        let split = padded.index(padded.endIndex, offsetBy: -exponent)
        return sign + padded[..<split] + "." + padded[split...]
    }
}

extension String {
    /// The text with its ASCII letters in upper case, for currencies.
    package var uppercasedASCII: String {
        String(decoding: utf8.map { (UInt8(ascii: "a")...UInt8(ascii: "z")).contains($0) ? $0 - 32 : $0 }, as: UTF8.self)
    }
}

package enum MinorUnits {
    /// The largest amount that counts. A larger number from outside is no amount, and the agent does not reckon with it.
    package static let largest: Int64 = 9_999_999_999_999
}
