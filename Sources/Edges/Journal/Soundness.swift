import GRDB
import GatewayModel
import Moments
import Glibc

extension JournalStore {
    /// Files up to this size, in bytes, are checked whole at every start, which takes some ten milliseconds.
    static let wholeCheckLimit: Int64 = 8 << 20

    /// Checks whether the file is sound, as far as a start has time for it: a small file whole, of a large one the part that the start
    /// relies on.
    func checkSoundness() throws(JournalFailure) {
        if let file = FileIdentity(path: path), file.size <= JournalStore.wholeCheckLimit {
            let problems = try verify()
            if let first = problems.first { throw .corrupt(detail: first) }
        }
        _ = try openPayments()
        _ = try openCarts()
        _ = try openCardSetups()
        _ = try facts()
        let newest = try newestSequence()
        // Both numbers are within the bounds of a sequence, so that the sum does not overflow.
        guard try oldestSequence() <= newest + 1 else { throw .corrupt(detail: "events are missing at its end") }
        let newestPayment = try read { database in
            try Row.fetchAll(database, sql: "SELECT coalesce(max(number), 0) AS number FROM payments")
                .map { try StoredRow($0).number("number").sequence() }.max() ?? 0
        }
        guard newestPayment <= newest else { throw .corrupt(detail: "it has payments without their events") }
        _ = try events(after: max(0, newest - 10), limit: 10)
    }

    /// Reads the whole file and tells what is wrong with it. The list is empty when the file is sound. This takes seconds on a journal of a
    /// year, beside appends.
    package func verify() throws(JournalFailure) -> [String] {
        try read { database in
            try String.fetchAll(database, sql: "PRAGMA quick_check(10)").filter { $0 != "ok" }.map(JournalStore.bounded)
        }
    }

    /// The suffixes of the file itself, its log, and the index of the log.
    private static let companions = ["", "-wal", "-shm"]

    /// Moves a damaged journal and its log out of the way, side by side under a new name. Nothing is deleted: `sqlite3 NAME .recover` can often read it.
    ///
    /// - Returns: the new path.
    /// - Throws: `.locked(by:)` while a store is open on it.
    package static func setAside(_ path: String) throws(JournalFailure) -> String {
        let directory = self.directory(of: path)
        let lock = try OwnerLock(directory: directory)
        defer { lock.release() }
        let stamp = CivilTime(wallTime()).rfc3339.map { $0 == ":" ? "-" : $0 }
        var target = path + asideMark + String(stamp)
        while FileIdentity(path: target) != nil || FileIdentity(path: target + "-wal") != nil { target += "-" }
        // The file moves first: if the process is cut off here, the next start recognises the log without a file, and never takes it for a
        // new journal's.
        for suffix in companions where FileIdentity(path: path + suffix) != nil {
            guard rename(path + suffix, target + suffix) == 0 else { throw SystemFailure.now("renaming \(path)\(suffix)", near: directory) }
        }
        try SystemFailure.synchronize(directory: directory)
        return target
    }
}
