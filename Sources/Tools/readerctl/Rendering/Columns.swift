extension Unicode.Scalar {
    /// How many columns of a terminal it takes: 2 for the wide letters of East Asia and for pictures, 0 for marks on the letter before.
    ///
    /// The ranges are the blocks that Unicode's "East Asian Width" calls wide, coarsely. One that a terminal draws otherwise costs a crooked
    /// column and no more: nothing is wrapped.
    fileprivate var columns: Int {
        switch properties.generalCategory {
        case .nonspacingMark, .enclosingMark, .format, .control: return 0
        default: break
        }
        switch value {
        case 0x1100...0x115F, 0x2E80...0x303E, 0x3041...0x4DBF, 0x4E00...0xA4CF, 0xAC00...0xD7A3, 0xF900...0xFAFF, 0xFE30...0xFE6F,
            0xFF00...0xFF60, 0xFFE0...0xFFE6, 0x1F300...0x1F64F, 0x1F680...0x1F6FF, 0x1F900...0x1F9FF, 0x20000...0x3FFFD:
            return 2
        default: return 1
        }
    }
}

extension StringProtocol {
    /// How many columns of a terminal it takes.
    var columns: Int { unicodeScalars.reduce(0) { $0 + $1.columns } }
}

/// At most this many columns of it; an ellipsis says that something is missing.
func fitted(_ text: String, to width: Int) -> String {
    guard text.columns > width else { return text }
    guard width > 0 else { return "" }
    var result = String.UnicodeScalarView()
    var used = 0
    for scalar in text.unicodeScalars {
        guard used + scalar.columns <= width - 1 else { break }
        used += scalar.columns
        result.append(scalar)
    }
    return String(result) + "…"
}
