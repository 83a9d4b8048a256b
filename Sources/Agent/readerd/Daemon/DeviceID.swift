import Glibc

/// The name by which readers know this installation again (`pos_device_id`): made once, kept in the state directory.
enum DeviceID {
    struct Failure: Error, CustomStringConvertible {
        var description: String
    }

    /// The name in the state directory.
    enum Use: String {
        case payments = "device-id"
        /// The id of what asks readers whether they are idle, and takes no payment.
        case proofs = "proof-device-id"
    }

    static func load(_ use: Use, in directory: String) throws(Failure) -> String {
        let path = directory + "/" + use.rawValue
        if let known = try read(path) { return known }
        let letters = Array("abcdefghijklmnopqrstuvwxyz0123456789")
        let made = "pos-" + String((0..<16).compactMap { _ in letters.randomElement() })
        try write(made, to: path, in: directory)
        return made
    }

    private static func read(_ path: String) throws(Failure) -> String? {
        // Not blocking, so that a pipe in this place is an error and not a wait.
        let file = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)
        guard file >= 0 else {
            if errno == ENOENT { return nil }
            if errno == ELOOP || errno == ENXIO { throw noFile(path) }
            throw failure("read", path)
        }
        defer { close(file) }
        var facts = stat()
        guard fstat(file, &facts) == 0 else { throw failure("read", path) }
        guard facts.st_mode & S_IFMT == S_IFREG else { throw noFile(path) }
        var buffer = [UInt8](repeating: 0, count: 128)
        let count = buffer.withUnsafeMutableBytes { Glibc.read(file, $0.baseAddress, $0.count) }
        guard count >= 0 else { throw failure("read", path) }
        let letters = buffer.prefix(count).filter { $0 > 0x20 }
        // Readers are told it, and it stands in their logs: it is plain.
        guard letters.starts(with: Array("pos-".utf8)), (8...64).contains(letters.count), letters.allSatisfy({ isPlain($0) }) else {
            throw Failure(
                description:
                    "\(path) does not hold a device id: remove the file, and a new one is made (readers will see a new point of sale)")
        }
        return String(decoding: letters, as: UTF8.self)
    }

    private static func isPlain(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"),
            UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."):
            true
        default: false
        }
    }

    private static func noFile(_ path: String) -> Failure {
        Failure(description: "\(path) is not a file: remove it, and a new one is made (readers will see a new point of sale)")
    }

    /// Writes the id, so that it is whole on the disk or not there.
    private static func write(_ text: String, to path: String, in directory: String) throws(Failure) {
        let draft = path + ".new"
        // What an interrupted start has left there, or somebody has put there, is not written into.
        guard unlink(draft) == 0 || errno == ENOENT else { throw failure("write", draft) }
        let file = open(draft, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard file >= 0 else { throw failure("write", draft) }
        let bytes = Array((text + "\n").utf8)
        let count = bytes.withUnsafeBytes { Glibc.write(file, $0.baseAddress, $0.count) }
        let synced = fsync(file)
        close(file)
        guard count == bytes.count, synced == 0, rename(draft, path) == 0 else { throw failure("write", path) }
        let folder = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        if folder >= 0 {
            fsync(folder)
            close(folder)
        }
    }

    private static func failure(_ verb: String, _ path: String) -> Failure {
        Failure(
            description:
                "\(path) cannot be \(verb == "read" ? "read" : "written") (\(String(cString: strerror(errno)))): check the state directory")
    }
}
