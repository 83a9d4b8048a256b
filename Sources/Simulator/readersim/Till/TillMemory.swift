import FoundationEssentials
import Glibc
import StoreSimulator

/// What outlives the till's own power cut: the number of its sale, and the payment whose end it has not seen.
struct TillMemory: Codable, Sendable {
    struct Attempt: Codable, Sendable, Equatable {
        var payment: String
        var cart: String
        var amount: String
    }

    /// Counts carts, so that no two sales of this till share one.
    var sale = 1
    /// Counts the attempts to pay that cart.
    var attempts = 0
    var open: Attempt?

    static func read(_ path: String) throws -> TillMemory {
        guard FileManager.default.fileExists(atPath: path) else { return TillMemory() }
        return try JSONDecoder().decode(TillMemory.self, from: Data(contentsOf: URL(filePath: path)))
    }

    /// Returns once it is on the disk, under its name: a payment is asked for only after that.
    func write(_ path: String) throws {
        let bytes = Array(try JSONEncoder().encode(self))
        let descriptor = Glibc.open(path + ".new", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw SimulatorError("\(path).new cannot be written: error \(errno)") }
        let written = Glibc.write(descriptor, bytes, bytes.count)
        let synchronised = fsync(descriptor)
        close(descriptor)
        guard written == bytes.count, synchronised == 0, rename(path + ".new", path) == 0 else {
            throw SimulatorError("\(path) cannot be written: error \(errno)")
        }
        let directory = Glibc.open(URL(filePath: path).deletingLastPathComponent().path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard directory >= 0 else { throw SimulatorError("the directory of \(path) cannot be opened: error \(errno)") }
        defer { close(directory) }
        guard fsync(directory) == 0 else { throw SimulatorError("the directory of \(path) cannot be synchronised: error \(errno)") }
    }
}
