import GRDB
import GatewayModel
import Moments

/// A whole number as it stands in the file. It is foreign input, for a disk can say anything. It has no operators, and becomes a number to
/// calculate with only when a caller asks for it as what it should be.
struct StoredNumber: Sendable {
    /// The range of sequence numbers, which count events. No file lives long enough to pass it.
    static let sequences: ClosedRange<Int64> = 0...(1 << 53)
    /// The range of times, from the first year to the last that four digits can write, in milliseconds since 1970.
    static let times: ClosedRange<Int64> = -62_135_596_800_000...253_402_300_799_999
    /// The most digits of a kept number. Times and amounts have no more, and neither has anything else.
    static let mostDigits = 15

    private let value: Int64
    private let what: String

    init(_ value: Int64, _ what: String) {
        self.value = value
        self.what = what
    }

    /// The number as an event's sequence number.
    func sequence() throws(JournalFailure) -> Int64 { try within(Self.sequences) }

    /// The number as a time, in milliseconds since 1970.
    func time() throws(JournalFailure) -> WallTime { WallTime(try within(Self.times)) }

    private func within(_ range: ClosedRange<Int64>) throws(JournalFailure) -> Int64 {
        guard range.contains(value) else { throw .corrupt(detail: "\(what) says \(value), which cannot be") }
        return value
    }

    /// Whether no number in a record's JSON is beyond calculation. Once decoded the numbers are plain, and can no longer be checked.
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
            // No kept number has a fraction or an exponent.
            case UInt8(ascii: ".") where digits > 0, UInt8(ascii: "e") where digits > 0, UInt8(ascii: "E") where digits > 0: return false
            default: digits = 0
            }
        }
        return true
    }
}

/// One row of the file. Each column is read as what it should be. A column that is something else is a damaged journal, never a trap.
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
