import GRDB
import GatewayModel
import Moments
import Glibc
import Synchronization

/// The payment journal: an SQLite file in WAL mode that this process alone writes.
///
/// The entries of an `append` are on the disk when it returns. Every call may be made from any thread or task, and blocks it for as long as
/// the disk takes: a fraction of a millisecond for an append on common hardware. Reads run beside appends on connections of their own.
package final class JournalStore: Sendable {
    /// The file's path.
    package let path: String
    /// Eight hexadecimal digits that name this file: a cursor of another journal must not be taken for one of this.
    package let identity: String

    let pool: DatabasePool
    let newest = Mutex(NewestEvents())
    private let lock: OwnerLock
    private let files: [(path: String, identity: FileIdentity)]

    /// Opens the journal, makes it when there is none (mode 0600, its directory 0700), and brings an older one up to date.
    ///
    /// - Throws: `.locked(by:)` when another process owns the state directory; `.corrupt`, `.newerSchema`, `.readOnly`, `.full`, `.io`.
    package convenience init(path: String) throws(JournalFailure) {
        try self.init(path: path, schema: .current, pageSize: 4096)
    }

    /// Opens the journal. `observe` is called with every new connection.
    init(
        path: String, schema: Schema, pageSize: Int, observe: (@Sendable (Database) -> Void)? = nil
    ) throws(JournalFailure) {
        let directory = JournalStore.directory(of: path)
        try JournalStore.make(directory: directory)
        let lock = try OwnerLock(directory: directory)
        let isNew = try JournalStore.prepareFile(path, version: schema.version)
        let (pool, identity) = try JournalStore.translating(path) {
            let pool = try DatabasePool(path: path, configuration: JournalStore.configuration(pageSize: pageSize, observe))
            // GRDB chooses NORMAL for WAL, with which a power cut can undo commits. FULL stays only when it is set after opening and
            // outside a transaction.
            try pool.writeWithoutTransaction { try $0.execute(sql: "PRAGMA synchronous = FULL") }
            let now = CivilTime(JournalStore.wallTime()).rfc3339
            let identity = try pool.writeWithoutTransaction { database in
                try schema.apply(to: database, at: now, identity: JournalStore.randomIdentity())
                return try String.fetchOne(database, sql: "SELECT value FROM meta WHERE name = 'identity'")
            }
            guard let identity, (1...32).contains(identity.utf8.count), identity.allSatisfy({ $0.isASCII && $0.isHexDigit }) else {
                throw JournalFailure.corrupt(detail: "it does not say which journal it is")
            }
            return (pool, identity)
        }
        if isNew { try SystemFailure.synchronize(directory: directory) }
        var files: [(path: String, identity: FileIdentity)] = []
        for name in [path, path + "-wal"] {
            guard let file = FileIdentity(path: name) else { throw .io(detail: "\(name) is not there") }
            files.append((name, file))
        }
        self.path = path
        self.identity = identity
        self.pool = pool
        self.lock = lock
        self.files = files
        try checkSoundness()
    }

    /// Writes the log back into the file and releases the directory. Further calls fail with `.io`. A second `close` does nothing.
    package func close() throws(JournalFailure) {
        // The writer must be the last connection to go: a reader may neither write the log back nor remove it. This waits for reads that still
        // run.
        pool.releaseMemory()
        try JournalStore.translating(path) { try pool.close() }
        lock.release()
    }

    /// Writes a row without meaning as durably as a payment, which tells whether a payment could be journaled now.
    package func probe() throws(JournalFailure) {
        try write { database in
            try database.execute(
                sql: "INSERT INTO meta (name, value) VALUES ('probed', ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
                arguments: [CivilTime(JournalStore.wallTime()).rfc3339])
        }
    }

    // MARK: - Access

    func write<Value>(_ body: (Database) throws -> Value) throws(JournalFailure) -> Value {
        try checkFiles()
        return try JournalStore.translating(path) { try pool.write(body) }
    }

    func read<Value>(_ body: (Database) throws -> Value) throws(JournalFailure) -> Value {
        try JournalStore.translating(path) { try pool.read(body) }
    }

    /// SQLite goes on writing into a file that was deleted or moved, and all would seem well until the next start.
    func checkFiles() throws(JournalFailure) {
        for file in files where !file.identity.isSameFile(as: FileIdentity(path: file.path)) {
            throw .moved(path: file.path)
        }
    }

    private static func configuration(pageSize: Int, _ observe: (@Sendable (Database) -> Void)?) -> Configuration {
        var configuration = Configuration()
        configuration.label = "journal"
        configuration.foreignKeysEnabled = false
        // Decisions, streams, lists and checks have a connection each, so that none of them waits for another.
        configuration.maximumReaderCount = 4
        configuration.prepareDatabase { database in
            // A person may read with the sqlite3 shell, but nobody may keep a payment waiting for long. The cache is small, for the
            // kernel's is enough for rows that are read once.
            try database.execute(
                sql: """
                    PRAGMA busy_timeout = 2000;
                    PRAGMA page_size = \(pageSize);
                    PRAGMA cache_size = -256;
                    PRAGMA temp_store = MEMORY;
                    PRAGMA journal_size_limit = 4194304;
                    """)
            observe?(database)
        }
        return configuration
    }

    // MARK: - Opening

    static func directory(of path: String) -> String {
        guard let slash = path.lastIndex(of: "/") else { return "." }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }

    private static func make(directory: String) throws(JournalFailure) {
        if FileIdentity(path: directory) != nil { return }
        let parent = self.directory(of: directory)
        if parent != directory, parent != "." { try make(directory: parent) }
        guard mkdir(directory, 0o700) == 0 || errno == EEXIST else { throw SystemFailure.now("making \(directory)", near: parent) }
        try SystemFailure.synchronize(directory: parent)
    }

    /// Makes sure that the file exists, has the right mode, and can be written. SQLite gives its companions the same mode.
    ///
    /// - Returns: whether this call made the file.
    private static func prepareFile(_ path: String, version: Int) throws(JournalFailure) -> Bool {
        let log = FileIdentity(path: path + "-wal")
        let found = FileIdentity(path: path)
        if (found?.size ?? 0) == 0, let log, log.size > 0 {
            // SQLite would throw that log away, and the payments in it.
            throw .corrupt(detail: "\(path) is missing or empty, but its log \(path)-wal is there")
        }
        let isNew = found == nil
        let file = open(path, O_RDWR | O_CLOEXEC | O_NONBLOCK | (isNew ? O_CREAT | O_EXCL : 0), 0o600)
        guard file >= 0 else { throw SystemFailure.now("opening \(path)", near: path) }
        defer { _ = Glibc.close(file) }
        var facts = stat()
        guard fstat(file, &facts) == 0, facts.st_mode & S_IFMT == S_IFREG else {
            throw .io(detail: "\(path) is not a file; move it away, and start readerd again")
        }
        // With a log, the first page may be in the log, and only SQLite can tell.
        if (found?.size ?? 0) > 0, (log?.size ?? 0) == 0 { try FileHeader(file: file, path: path).check(known: version) }
        return isNew
    }

    static func wallTime() -> WallTime {
        var now = timespec()
        clock_gettime(CLOCK_REALTIME, &now)
        return WallTime(Int64(now.tv_sec) * 1000 + Int64(now.tv_nsec) / 1_000_000)
    }

    private static func randomIdentity() -> String {
        let digits = String(UInt32.random(in: .min ... .max), radix: 16)
        return String(repeating: "0", count: 8 - digits.count) + digits
    }
}
