/// The forms of a card's number: as many digits as the issuer's cards have, perhaps in the groups that are printed on a card, with a good
/// check digit (ISO/IEC 7812).
///
/// A wider net would take moments, serial numbers and carts, which people need: `20261126172901` and an IMEI are not card numbers.
enum CardNumbers {
    /// The end of the number that begins at this place, or nil when none does.
    static func end(_ bytes: [UInt8], _ start: Int) -> Int? {
        guard (UInt8(ascii: "2")...UInt8(ascii: "6")).contains(bytes[start]) else { return nil }
        var digits: [Int] = []
        var groups: [Int] = []
        var separator: UInt8?
        var end: Int?
        var place = start
        while true {
            let group = bytes[place...].prefix(while: isDigit)
            guard !group.isEmpty, digits.count + group.count <= mostDigits else { break }
            digits += group.map { Int($0) - 48 }
            groups.append(group.count)
            // An expiry or a code behind the number is no part of it: the longest number that ends here counts.
            if isNumber(digits, groups), endsWord(bytes, group.endIndex) { end = group.endIndex }
            guard group.endIndex < bytes.count else { break }
            let next = bytes[group.endIndex]
            guard next == UInt8(ascii: " ") || next == UInt8(ascii: "-"), separator == nil || separator == next else { break }
            separator = next
            place = group.endIndex + 1
        }
        return end
    }

    private static let mostDigits = 19

    private static func isNumber(_ digits: [Int], _ groups: [Int]) -> Bool {
        guard lengths(digits).contains(digits.count), passes(digits) else { return false }
        return groups.count == 1 || written.contains(groups)
    }

    /// The groups of digits on cards and receipts.
    private static let written = [[4, 4, 4, 4], [4, 4, 4, 4, 3], [4, 6, 5], [4, 6, 4]]

    /// The lengths of the card numbers that begin with these digits.
    private static func lengths(_ digits: [Int]) -> Set<Int> {
        guard digits.count >= 13 else { return [] }
        let two = digits[0] * 10 + digits[1]
        let four = two * 100 + digits[2] * 10 + digits[3]
        switch (two, four) {
        case (40...49, _): return [13, 16, 19]
        case (51...55, _), (_, 2221...2720): return [16]
        case (34, _), (37, _): return [15]
        case (30, _), (36, _), (38...39, _): return [14]
        case (_, 3528...3589): return [16]
        case (50, _), (56...69, _): return [16, 17, 18, 19]
        default: return []
        }
    }

    /// A path's stroke and a track's caret end the word too, for an expiry follows them.
    private static func endsWord(_ bytes: [UInt8], _ end: Int) -> Bool {
        guard end < bytes.count else { return true }
        return !SecretShapes.isWord(bytes[end]) || [UInt8(ascii: "."), UInt8(ascii: "/"), UInt8(ascii: "-")].contains(bytes[end])
    }

    private static func isDigit(_ byte: UInt8) -> Bool { (48...57).contains(byte) }

    private static func passes(_ digits: [Int]) -> Bool {
        let sum = digits.reversed().enumerated().reduce(0) { sum, entry in
            let (index, digit) = entry
            let doubled = index % 2 == 1 ? digit * 2 : digit
            return sum + (doubled > 9 ? doubled - 9 : doubled)
        }
        return sum % 10 == 0
    }
}
