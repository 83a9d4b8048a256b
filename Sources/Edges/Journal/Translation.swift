import TextSafety
import GRDB
import GatewayModel

extension JournalStore {
    /// Runs code that fails in SQLite's words, and throws the journal's.
    static func translating<Value>(_ path: String, _ body: () throws -> Value) throws(JournalFailure) -> Value {
        do {
            return try body()
        } catch {
            throw failure(error, path: path)
        }
    }

    static func failure(_ error: any Error, path: String) -> JournalFailure {
        switch error {
        case let failure as JournalFailure: failure
        case let error as DatabaseError: failure(of: error, path: path)
        case is RowDecodingError: .corrupt(detail: "a column is not what it should be")
        case let error as DecodingError: .corrupt(detail: "a record cannot be read: \(bounded("\(error)"))")
        default: .io(detail: bounded("\(error)"))
        }
    }

    private static func failure(of error: DatabaseError, path: String) -> JournalFailure {
        // The detail is SQLite's message alone, for the description of the error could contain what was to be written.
        let detail = bounded(error.message ?? "\(error.resultCode)") + " (SQLite \(error.extendedResultCode.rawValue))"
        switch error.resultCode {
        case .SQLITE_FULL: return .full
        case .SQLITE_CORRUPT, .SQLITE_NOTADB: return .corrupt(detail: detail)
        case .SQLITE_BUSY, .SQLITE_LOCKED: return .locked(by: nil)
        case .SQLITE_CONSTRAINT: return .refused(detail: detail)
        case .SQLITE_READONLY: return .readOnly(detail: detail)
        case .SQLITE_IOERR, .SQLITE_CANTOPEN, .SQLITE_PERM:
            return SystemFailure.condition(ofFileSystemWith: path) ?? .io(detail: detail)
        default: return .io(detail: detail)
        }
    }

    /// A note beside a row: what a person wrote, or another program said.
    static func note(_ text: String) -> String { Shown.plain(text, limit: 1000) }

    /// The text in at most 300 characters, all of them visible.
    static func bounded(_ text: String) -> String { Shown.plain(text) }
}
