import GRDB
import GatewayModel
import Moments

/// A whole number as it stands in the file. It is foreign input, for a disk can say anything: it has no operators, and becomes a number to reckon
/// with only by being asked for as what it should be.
struct StoredNumber: Sendable {
    /// Ours count events: a file does not live to see more.
    static let sequences: ClosedRange<Int64> = 0...(1 << 53)
    /// The first year to the last that can be written with four digits.
    static let times: ClosedRange<Int64> = -62_135_596_800_000...253_402_300_799_999
    /// Times and amounts have no more digits than this, and neither has anything else that is kept.
    static let mostDigits = 15

    private let value: Int64
    private let what: String

    init(_ value: Int64, _ what: String) {
        self.value = value
        self.what = what
    }

    /// The number of an event.
    func sequence() throws(JournalFailure) -> Int64 { try within(Self.sequences) }

    /// Milliseconds since 1970.
    func time() throws(JournalFailure) -> WallTime { WallTime(try within(Self.times)) }

    private func within(_ range: ClosedRange<Int64>) throws(JournalFailure) -> Int64 {
        guard range.contains(value) else { throw .corrupt(detail: "\(what) says \(value), which cannot be") }
        return value
    }

    /// Whether a record, as JSON, has no number that cannot be reckoned with: decoded, they are plain.
    static func areBelievable(in json: some Sequence<UInt8>) -> Bool {
        var (inString, escaped, digits) = (false, false, 0)
        for byte in json {
            if inString {
                if escaped {
                    escaped = false
                } else if byte == UInt8(ascii: "\\") {
                    escaped = true
                } else if byte == UInt8(ascii: "\"") {
                    inString = false
                }
                continue
            }
            switch byte {
            case UInt8(ascii: "\""): (inString, digits) = (true, 0)
            case UInt8(ascii: "0")...UInt8(ascii: "9"):
                digits += 1
                guard digits <= mostDigits else { return false }
            // Nothing that is kept has a fraction or an exponent.
            case UInt8(ascii: ".") where digits > 0, UInt8(ascii: "e") where digits > 0, UInt8(ascii: "E") where digits > 0: return false
            default: digits = 0
            }
        }
        return true
    }
}

/// One row of the file. Its columns are read as what they should be, and a column that is something else is a damaged journal, never a trap.
struct StoredRow {
    private let row: Row

    init(_ row: Row) { self.row = row }

    func number(_ column: String) throws(JournalFailure) -> StoredNumber {
        let value: DatabaseValue = row[column]
        guard case .int64(let number) = value.storage else { throw .corrupt(detail: "\(column) is not a whole number") }
        return StoredNumber(number, column)
    }

    func text(_ column: String) throws(JournalFailure) -> String {
        guard let text = try textIfAny(column) else { throw .corrupt(detail: "\(column) is missing") }
        return text
    }

    func textIfAny(_ column: String) throws(JournalFailure) -> String? {
        let value: DatabaseValue = row[column]
        switch value.storage {
        case .null: return nil
        case .string(let text): return text
        case .int64, .double, .blob: throw .corrupt(detail: "\(column) is not text")
        }
    }
}
