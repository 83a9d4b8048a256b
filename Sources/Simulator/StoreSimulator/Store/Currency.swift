/// Amounts and currencies by the simulated Stripe's rules.
enum Currency {
    /// Currencies without decimals (https://docs.stripe.com/currencies#zero-decimal).
    private static let zeroDecimal: Set<String> = [
        "bif", "clp", "djf", "gnf", "jpy", "kmf", "krw", "mga", "pyg", "rwf", "vnd", "vuv", "xaf", "xof", "xpf",
    ]
    /// Currencies with three decimals (https://docs.stripe.com/currencies#three-decimal).
    private static let threeDecimal: Set<String> = ["bhd", "jod", "kwd", "omr", "tnd"]

    /// The number of digits of an amount that are minor units. ISK and UGX count as two-decimal at Stripe.
    static func digits(_ currency: String) -> Int {
        zeroDecimal.contains(currency) ? 0 : threeDecimal.contains(currency) ? 3 : 2
    }

    /// A decimal text in minor units. It is nil when the text is no such number or has digits that the currency does not have.
    static func minorUnits(_ text: String, _ currency: String) -> Int? {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false).map { Array($0.utf8) }
        guard (1...2).contains(parts.count), let whole = parts.first, (1...10).contains(whole.count) else { return nil }
        if whole.count > 1, whole[0] == UInt8(ascii: "0") { return nil }
        var fraction = parts.count == 2 ? parts[1] : []
        if parts.count == 2, !(1...3).contains(fraction.count) { return nil }
        guard (whole + fraction).allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }) else { return nil }
        let digits = digits(currency)
        while fraction.count < digits { fraction.append(UInt8(ascii: "0")) }
        guard fraction.dropFirst(digits).allSatisfy({ $0 == UInt8(ascii: "0") }) else { return nil }
        if digits == 3, fraction[2] != UInt8(ascii: "0") { return nil }
        return Int(String(decoding: whole + fraction.prefix(digits), as: UTF8.self))
    }
}
