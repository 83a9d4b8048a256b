import FoundationEssentials
import StoreSimulator

/// The state that outlives the till's own power cut: the number of its sale, and the payment whose end it has not seen.
struct TillMemory: Codable, Sendable {
    struct Attempt: Codable, Sendable, Equatable {
        var payment: String
        var cart: String
        var amount: String
    }

    /// The count of carts, so that no two sales of this till share one.
    var sale = 1
    /// The count of attempts to pay that cart.
    var attempts = 0
    var open: Attempt?

    static func read(_ path: String) throws -> TillMemory {
        guard FileManager.default.fileExists(atPath: path) else { return TillMemory() }
        return try JSONDecoder().decode(TillMemory.self, from: Data(contentsOf: URL(filePath: path)))
    }

    /// Writes the memory, which is on the disk when this returns: a payment is asked for only after that.
    func write(_ path: String) throws { try WholeFile.write(Array(try JSONEncoder().encode(self)), to: path) }
}
