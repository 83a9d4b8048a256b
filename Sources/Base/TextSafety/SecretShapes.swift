/// The forms of secrets and card numbers. A secret is found by its form, not by its owner.
///
/// No text that leaves should hold one: this is the last net, for what another program put into its words. A publishable key (`pk_`) is no
/// secret.
package enum SecretShapes {
    package static let mark = "<redacted>"

    /// How much the net takes.
    package enum Reach: Sendable {
        /// The net takes whatever has the form of a secret.
        case forms
        /// The net also takes the value of whatever is named as a secret. A sentence for people would lose its words by it: "token: this
        /// field is required".
        case names
    }

    /// - Parameter spared: is asked about each place, and returns true for a text that is known to be no secret.
    /// - Returns: the text, and how many places were taken out of it.
    package static func hidden(
        _ text: String, mark: String = mark, reach: Reach = .forms, sparing spared: (String) -> Bool = { _ in false }
    ) -> (text: String, places: Int) {
        let skeleton = Skeleton(text)
        let found = places(skeleton, reach).filter { !spared(skeleton.text($0)) }
        guard !found.isEmpty else { return (text, 0) }
        return (skeleton.replacing(found.map { ($0, mark) }), found.count)
    }

    /// Whether the text holds a key or a token. Card numbers do not count, for a text that is compared as well as shown keeps such digits.
    package static func hasKey(_ text: String) -> Bool { !places(Skeleton(text), .forms, cards: false).isEmpty }

    private static func places(_ skeleton: Skeleton, _ reach: Reach, cards: Bool = true) -> [Range<Int>] {
        let bytes = skeleton.bytes
        var found: [Range<Int>] = []
        var place = 0
        var announcement = Announcement.none
        while place < bytes.count {
            guard isWord(bytes[place]) else {
                // A value may be quoted and stand after a colon or an equals sign. Anything else ends the suspicion.
                if announcement != .none, !separators.contains(bytes[place]) { announcement = .none }
                place += 1
                continue
            }
            // A magnetic track begins with %B.
            let isTrack = bytes[place] == UInt8(ascii: "B") && place > 0 && bytes[place - 1] == UInt8(ascii: "%") && place + 1 < bytes.count
            if cards, let end = CardNumbers.end(bytes, isTrack ? place + 1 : place) {
                found.append(place..<end)
                place = end
                announcement = .none
                continue
            }
            let end = bytes[place...].firstIndex { !isWord($0) } ?? bytes.count
            let word = place..<end
            let follows = self.announcement(by: word, bytes, reach)
            if announcement.means(bytes[word]) {
                found.append(word)
                // "Authorization: Bearer …": the scheme is taken out, and so is what it announces.
                announcement = follows
            } else {
                found += forms(skeleton, word)
                announcement = follows
            }
            place = end
        }
        return found
    }

    // MARK: Forms

    private static let prefixes = ["sk_live_", "sk_test_", "rk_live_", "rk_test_", "ek_live_", "ek_test_", "pst_", "whsec_"].map {
        Array($0.utf8)
    }
    private static let infix = Array("_secret_".utf8)
    private static let webToken = Array("eyJ".utf8)
    /// The first part of a web token has at least this many characters, for three letters are a word.
    private static let leastWebToken = 10
    /// The least length of what follows the mark of a key in the middle of a word.
    private static let leastKey = 12
    /// No secret is longer. A longer word is not searched, so that a hostile one costs no time: with a mark in it, it is taken out as a
    /// whole.
    private static let longest = 8 * 1024

    /// The secrets in one word: Stripe's keys and tokens, client secrets, JSON web tokens.
    private static func forms(_ skeleton: Skeleton, _ word: Range<Int>) -> [Range<Int>] {
        // Most words have neither character, and one look is enough for them.
        guard skeleton.bytes[word].contains(where: { $0 == UInt8(ascii: "_") || $0 == UInt8(ascii: "J") }) else { return [] }
        guard word.count <= longest else {
            let isWebToken = skeleton.bytes[word].starts(with: webToken)
            let hasMark = isWebToken || (prefixes + [infix]).contains { skeleton.first($0, in: word) != nil }
            return hasMark ? [word] : []
        }
        var found: [Range<Int>] = []
        var rest = word
        let marks = prefixes + [infix, webToken]
        // Each mark is searched for again only when its place is behind: a word with a thousand marks costs no more than its length.
        var places = marks.map { skeleton.first($0, in: rest) }
        while !rest.isEmpty {
            for index in marks.indices {
                guard let place = places[index], place < rest.lowerBound else { continue }
                places[index] = skeleton.first(marks[index], in: rest)
            }
            let next = zip(places, marks).compactMap { place, mark in place.map { (place: $0, mark: mark) } }
            guard let (place, mark) = next.min(by: { $0.place < $1.place }) else { break }
            let secret = whole(skeleton.bytes, mark: place..<place + mark.count, in: word, from: rest.lowerBound)
            if isSecret(skeleton.bytes, secret, mark: mark, at: place) {
                found.append(secret)
                rest = max(secret.upperBound, place + mark.count)..<word.upperBound
            } else {
                rest = place + 1..<word.upperBound
            }
        }
        return found
    }

    /// The place from the beginning of the secret to the end of the word, less the point that ends a sentence.
    private static func whole(_ bytes: [UInt8], mark: Range<Int>, in word: Range<Int>, from least: Int) -> Range<Int> {
        var start = mark.lowerBound
        while start > least, isToken(bytes[start - 1]) { start -= 1 }
        var end = word.upperBound
        while end > mark.upperBound, bytes[end - 1] == UInt8(ascii: ".") { end -= 1 }
        return start..<end
    }

    private static func isSecret(_ bytes: [UInt8], _ secret: Range<Int>, mark: [UInt8], at place: Int) -> Bool {
        switch mark {
        case webToken: return place == secret.lowerBound && secret.count >= leastWebToken
        // `client_secret_key` is a name and stays: an intent's id, or what follows, has a digit, a capital or a star in it.
        case infix:
            return place > secret.lowerBound && secret.upperBound > place + mark.count
                && bytes[secret].contains { isDigit($0) || (65...90).contains($0) || $0 == UInt8(ascii: "*") }
        // `kiosk_test_7` is a lane, `desk_live_2` another: in the middle of a word a key is recognised by its length.
        default: return secret.upperBound - (place + mark.count) >= (place == secret.lowerBound ? 1 : leastKey)
        }
    }

    // MARK: Names

    private enum Announcement {
        case none
        /// The value follows "Bearer" in a sentence. It counts when it has a digit or a capital in it, or is long.
        case likely
        case certain

        func means(_ word: ArraySlice<UInt8>) -> Bool {
            switch self {
            case .none: false
            case .likely:
                word.count >= 6
                    && (word.count >= 20 || word.dropFirst().contains { SecretShapes.isDigit($0) || (65...90).contains($0) })
            case .certain: true
            }
        }
    }

    private static let names = ["token", "secret", "password", "last4", "authorization", "cvc", "pan"].map { Array($0.utf8) }
    private static let schemes = ["bearer", "basic"].map { Array($0.utf8) }

    /// The announcement by `"last4": …`, `access_token=…` or `Bearer …`. A path with such an end (`token_file = "/etc/…"`) announces
    /// nothing, for paths are shown.
    private static func announcement(by word: Range<Int>, _ bytes: [UInt8], _ reach: Reach) -> Announcement {
        guard reach == .names || (5...6).contains(word.count) else { return .none }
        let lower = bytes[word].map { (65...90).contains($0) ? $0 + 32 : $0 }
        if schemes.contains(lower) {
            guard bytes.dropFirst(word.upperBound).first == UInt8(ascii: " ") else { return .none }
            return reach == .names ? .certain : .likely
        }
        guard reach == .names, names.contains(where: { lower == $0 || lower.ends(with: [UInt8(ascii: "_")] + $0) }) else { return .none }
        // A name is followed by a colon or an equals sign, perhaps after a quote and blanks; in a sentence it is not.
        let behind = bytes[word.upperBound...].prefix(3).drop { $0 == UInt8(ascii: "\"") || $0 == UInt8(ascii: " ") }
        let next = behind.first ?? bytes.dropFirst(word.upperBound + 3).first
        return next == UInt8(ascii: ":") || next == UInt8(ascii: "=") ? .certain : .none
    }

    // MARK: Words

    private static let separators = Set(#" "':=\"#.utf8)

    static func isWord(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "."), UInt8(ascii: "+"), UInt8(ascii: "/"), UInt8(ascii: "~"): true
        default: isToken(byte)
        }
    }

    private static func isToken(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"),
            UInt8(ascii: "_"), UInt8(ascii: "-"), UInt8(ascii: "*"):
            true
        default: false
        }
    }

    private static func isDigit(_ byte: UInt8) -> Bool { (48...57).contains(byte) }
}

extension [UInt8] {
    fileprivate func ends(with other: [UInt8]) -> Bool { count >= other.count && suffix(other.count).elementsEqual(other) }
}
