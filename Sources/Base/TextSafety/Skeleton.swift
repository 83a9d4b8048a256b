/// A text as a search reads it: without invisible characters, and in plain letters and digits.
///
/// A NUL, a soft hyphen, a mark over a letter or a variation selector then hides nothing, wherever it stands. Every byte knows its place in
/// the text.
struct Skeleton {
    /// The byte that stands for whatever is no letter, digit or sign of ASCII.
    static let other: UInt8 = 0x80

    let scalars: [Unicode.Scalar]
    private(set) var bytes: [UInt8] = []
    private var places: [Int] = []

    init(_ text: String) {
        scalars = Array(text.unicodeScalars)
        bytes.reserveCapacity(scalars.count)
        places.reserveCapacity(scalars.count)
        for (place, scalar) in scalars.enumerated() {
            guard let byte = Self.byte(scalar) else { continue }
            bytes.append(byte)
            places.append(place)
        }
    }

    /// The byte is nil for an invisible character.
    static func byte(_ scalar: Unicode.Scalar) -> UInt8? {
        switch scalar.value {
        case 0x20...0x7e: return UInt8(scalar.value)
        case 0x09, 0x0a, 0x0d: return UInt8(scalar.value)
        // These are the wide forms of ASCII.
        case 0xff01...0xff5e: return UInt8(scalar.value - 0xfee0)
        default: break
        }
        let properties = scalar.properties
        if properties.isDefaultIgnorableCodePoint { return nil }
        switch properties.generalCategory {
        case .control, .format, .surrogate, .privateUse, .unassigned, .nonspacingMark, .spacingMark, .enclosingMark: return nil
        case .decimalNumber:
            guard let value = properties.numericValue, (0...9).contains(value) else { return other }
            return UInt8(ascii: "0") + UInt8(value)
        case .spaceSeparator: return UInt8(ascii: " ")
        case .lineSeparator, .paragraphSeparator: return UInt8(ascii: "\n")
        case .dashPunctuation: return UInt8(ascii: "-")
        case .connectorPunctuation: return UInt8(ascii: "_")
        default: return other
        }
    }

    /// The text with these places replaced. They are in order and do not overlap. Invisible characters within or behind a place go with it.
    func replacing(_ replacements: [(range: Range<Int>, with: String)]) -> String {
        guard !replacements.isEmpty else { return String(String.UnicodeScalarView(scalars)) }
        var result = String.UnicodeScalarView()
        var written = 0
        for (range, with) in replacements where !range.isEmpty {
            let start = places[range.lowerBound]
            let end = range.upperBound < places.count ? places[range.upperBound] : scalars.count
            result.append(contentsOf: scalars[written..<max(written, start)])
            result.append(contentsOf: with.unicodeScalars)
            written = end
        }
        result.append(contentsOf: scalars[written...])
        return String(result)
    }

    func text(_ range: Range<Int>) -> String { String(decoding: bytes[range], as: UTF8.self) }

    /// The first range of these bytes from a place on.
    func first(_ wanted: [UInt8], in range: Range<Int>) -> Int? {
        guard let head = wanted.first, wanted.count <= range.count else { return nil }
        for place in range.lowerBound...range.upperBound - wanted.count
        where bytes[place] == head && bytes[place..<place + wanted.count].elementsEqual(wanted) {
            return place
        }
        return nil
    }
}

/// Known secrets, such as those that went out with a call: they are found whatever they look like.
package enum KnownSecrets {
    /// The least length of a secret. A shorter text would be found by chance, and is no secret.
    package static let shortest = 4

    /// The text with each of the secrets replaced. The longest goes first: one secret may be the beginning of another.
    package static func replaced(_ secrets: [(secret: String, with: String)], in text: String) -> String {
        var text = text
        for (secret, with) in secrets.sorted(by: { $0.secret.utf8.count > $1.secret.utf8.count }) {
            let wanted = Skeleton(secret)
            guard wanted.bytes.count >= shortest else { continue }
            guard !wanted.bytes.contains(Skeleton.other) else {
                text = text.replacing(secret, with: with)
                continue
            }
            let skeleton = Skeleton(text)
            var found: [(range: Range<Int>, with: String)] = []
            var place = 0
            while let start = skeleton.first(wanted.bytes, in: place..<skeleton.bytes.count) {
                place = start + wanted.bytes.count
                found.append((start..<place, with))
            }
            if !found.isEmpty { text = skeleton.replacing(found) }
        }
        return text
    }
}
