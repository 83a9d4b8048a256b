/// Takes out of a text what looks like a secret or a card's number.
///
/// Nothing that goes into the archive should hold any: this is the net below, for what a later version or another program might write. It goes by
/// the forms that such things have, and rather takes out too much.
package enum Cleaning {
    package static let mark = "(removed)"

    /// - Returns: the text, and how many places were taken out of it.
    package static func cleaned(_ text: String) -> (text: String, removed: Int) {
        var result: [UInt8] = []
        let bytes = Array(text.utf8)
        result.reserveCapacity(bytes.count)
        var removed = 0
        var place = 0
        // What follows is a secret whatever it looks like: after "Bearer", or as the value of a field that is named so.
        var nextIsSecret = false
        while place < bytes.count {
            guard isWord(bytes[place]) else {
                // A value may be quoted and stand after a colon or an equals sign; anything else ends the suspicion.
                if nextIsSecret, !separators.contains(bytes[place]) { nextIsSecret = false }
                result.append(bytes[place])
                place += 1
                continue
            }
            if let end = cardNumber(bytes, place) {
                result += mark.utf8
                removed += 1
                place = end
                nextIsSecret = false
                continue
            }
            var end = place
            while end < bytes.count, isWord(bytes[end]) { end += 1 }
            let word = bytes[place..<end]
            if nextIsSecret || isSecret(word) {
                result += mark.utf8
                removed += 1
                // "Authorization: Bearer …": the scheme goes, and what it announces.
                nextIsSecret = nextIsSecret && announcesSecret(word, bytes, end)
            } else {
                result += word
                nextIsSecret = announcesSecret(word, bytes, end)
            }
            place = end
        }
        return (String(decoding: result, as: UTF8.self), removed)
    }

    private static let separators = Set(#" "':=\"#.utf8)
    private static let wordBytes = Set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.+/~".utf8)

    private static func isWord(_ byte: UInt8) -> Bool { wordBytes.contains(byte) }

    /// Stripe's keys and tokens, client secrets, JSON web tokens. A publishable key (`pk_`) is no secret.
    private static func isSecret(_ word: ArraySlice<UInt8>) -> Bool {
        guard word.count >= 12 else { return false }
        if prefixes.contains(where: { word.starts(with: $0) }) { return true }
        if word.firstRange(of: infix) != nil { return true }
        return word.starts(with: "eyJ".utf8) && word.count { $0 == UInt8(ascii: ".") } >= 2
    }

    private static let prefixes = ["sk_live_", "sk_test_", "rk_live_", "rk_test_", "pst_live_", "pst_test_", "pst_", "whsec_"].map {
        Array($0.utf8)
    }
    private static let infix = Array("_secret_".utf8)
    private static let names = ["token", "secret", "password", "last4", "authorization", "cvc", "pan"].map { Array($0.utf8) }

    /// `"last4": …`, `access_token=…`, `Bearer …`. A path that ends so (`token_file = "/etc/…"`) does not: paths are told.
    private static func announcesSecret(_ word: ArraySlice<UInt8>, _ bytes: [UInt8], _ end: Int) -> Bool {
        let lower = word.map { (65...90).contains($0) ? $0 + 32 : $0 }
        if lower == Array("bearer".utf8) || lower == Array("basic".utf8) { return bytes.dropFirst(end).first == UInt8(ascii: " ") }
        guard names.contains(where: { lower == $0 || lower.ends(with: [UInt8(ascii: "_")] + $0) }) else { return false }
        // A name is followed by a colon or an equals sign, perhaps after a quote and blanks; in a sentence it is not.
        var place = end
        while place < bytes.count, place < end + 3, bytes[place] == UInt8(ascii: "\"") || bytes[place] == UInt8(ascii: " ") { place += 1 }
        return place < bytes.count && (bytes[place] == UInt8(ascii: ":") || bytes[place] == UInt8(ascii: "="))
    }

    /// Where a card's number ends that begins here: 13 to 19 digits, perhaps in groups, that begin as cards do and pass their check digit.
    private static func cardNumber(_ bytes: [UInt8], _ start: Int) -> Int? {
        guard (UInt8(ascii: "2")...UInt8(ascii: "6")).contains(bytes[start]), start == 0 || !isWord(bytes[start - 1]) else { return nil }
        var digits: [Int] = []
        var place = start
        var end = start
        while place < bytes.count, digits.count <= 19 {
            if (48...57).contains(bytes[place]) {
                digits.append(Int(bytes[place]) - 48)
                end = place + 1
            } else if bytes[place] != UInt8(ascii: " "), bytes[place] != UInt8(ascii: "-") {
                break
            } else if place + 1 >= bytes.count || !(48...57).contains(bytes[place + 1]) {
                break
            }
            place += 1
        }
        guard (13...19).contains(digits.count), end == bytes.count || !isWord(bytes[end]) || bytes[end] == UInt8(ascii: ".") else {
            return nil
        }
        let sum = digits.reversed().enumerated().reduce(0) { sum, entry in
            let (index, digit) = entry
            let doubled = index % 2 == 1 ? digit * 2 : digit
            return sum + (doubled > 9 ? doubled - 9 : doubled)
        }
        return sum % 10 == 0 ? end : nil
    }
}

extension [UInt8] {
    fileprivate func ends(with other: [UInt8]) -> Bool { count >= other.count && suffix(other.count).elementsEqual(other) }
}
