import GatewayModel
import Moments
import Glibc

extension JournalStore {
    /// Remembers every journal that was set aside beside this one and that this one does not know of. Nobody has agreed to its loss.
    ///
    /// The files themselves are the evidence, so that a power cut between setting aside and writing this down loses nothing.
    package func noteLosses() throws(JournalFailure) {
        let known = try facts()
        let missing = try JournalStore.asides(of: path).filter { known[StoredFacts.lossKey + $0] == nil }
        guard !missing.isEmpty else { return }
        let now = JournalStore.wallTime()
        _ = try append(
            missing.map {
                JournalEntry(
                    kind: .fact, at: now, fact: .init(key: StoredFacts.lossKey + $0, value: StoredFacts.lossNotAccepted),
                    note: "the journal was damaged, and was set aside as \($0)")
            })
    }

    /// The names of the journals that were set aside, oldest first.
    static func asides(of path: String) throws(JournalFailure) -> [String] {
        let directory = self.directory(of: path)
        guard let stream = opendir(directory) else { throw SystemFailure.now("reading \(directory)", near: directory) }
        defer { closedir(stream) }
        let prefix = (path.split(separator: "/").last.map(String.init) ?? path) + asideMark
        var names: [String] = []
        while let entry = readdir(stream) {
            let name = withUnsafeBytes(of: &entry.pointee.d_name) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
            if name.hasPrefix(prefix), !name.hasSuffix("-wal"), !name.hasSuffix("-shm") { names.append(name) }
        }
        return names.sorted()
    }

    static let asideMark = ".aside-"
}
