/// What can be a card's number: 13 to 19 digits, perhaps in groups, that begin as cards do and pass their check digit (ISO/IEC 7812).
///
/// More would be times in milliseconds, serial numbers and carts, which people need.
enum CardNumbers {
    private static let lengths = 13...19

    /// Where the number ends that begins at this place.
    static func end(_ bytes: [UInt8], _ start: Int) -> Int? {
        guard (UInt8(ascii: "2")...UInt8(ascii: "6")).contains(bytes[start]), start == 0 || !SecretShapes.isWord(bytes[start - 1]) else {
            return nil
        }
        var digits: [Int] = []
        var place = start
        var end = start
        while place < bytes.count, digits.count <= lengths.upperBound {
            if isDigit(bytes[place]) {
                digits.append(Int(bytes[place]) - 48)
                end = place + 1
            } else if bytes[place] != UInt8(ascii: " "), bytes[place] != UInt8(ascii: "-") {
                break
            } else if place + 1 >= bytes.count || !isDigit(bytes[place + 1]) {
                break
            }
            place += 1
        }
        guard lengths.contains(digits.count), end == bytes.count || !SecretShapes.isWord(bytes[end]) || bytes[end] == UInt8(ascii: ".")
        else {
            return nil
        }
        return passes(digits) ? end : nil
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
