import Glibc

/// What the first hundred bytes of the file say. They are read before SQLite opens it: opening a database for writing changes it, and a
/// file that is not readerd's, or no longer, must stay as it is.
struct FileHeader {
    private let bytes: [UInt8]

    init(file: Int32, path: String) throws(JournalFailure) {
        var bytes = [UInt8](repeating: 0, count: 100)
        let count = pread(file, &bytes, bytes.count, 0)
        guard count >= 0 else { throw SystemFailure.now("reading \(path)", near: path) }
        self.bytes = Array(bytes.prefix(count))
    }

    /// Checks the offsets that SQLite's file format gives: the name of the format at 0, `user_version` at 60, `application_id` at 68, each
    /// big-endian.
    func check(known: Int) throws(JournalFailure) {
        guard bytes.count == 100, bytes.starts(with: Array("SQLite format 3\0".utf8)) else {
            throw .corrupt(detail: "it is not an SQLite file")
        }
        let owner = number(at: 68)
        let version = number(at: 60)
        // Both are 0 in a file that was made and not filled before the power went.
        if owner == 0, version == 0 { return }
        guard owner == Schema.applicationID else { throw .corrupt(detail: "it is an SQLite file of another program") }
        guard version <= known else { throw .newerSchema(found: Int(version), known: known) }
    }

    private func number(at offset: Int) -> Int32 {
        Int32(bitPattern: bytes[offset..<offset + 4].reduce(UInt32(0)) { $0 << 8 | UInt32($1) })
    }
}
