import Glibc

extension JournalStore {
    /// The bytes of the file and its companions.
    package var sizeOnDisk: Int {
        [path, path + "-wal", path + "-shm"].reduce(0) { sum, name in
            var facts = stat()
            return stat(name, &facts) == 0 ? sum + Int(facts.st_size) : sum
        }
    }
}
