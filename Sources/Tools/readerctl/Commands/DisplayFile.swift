import ArgumentParser
import CheckoutAPI
import FoundationEssentials

/// A cart for a reader's screen, out of a file.
enum DisplayFile {
    /// - Throws: a `ValidationError` that names the file and what is wrong with it.
    static func read(_ path: String) throws -> Display {
        let bytes: Data
        do {
            bytes = try Data(contentsOf: URL(filePath: path))
        } catch {
            throw ValidationError(
                "\(path) cannot be read; name a file with the cart's lines as JSON, as 'readerctl carts display --help' has it.")
        }
        do {
            return try JSONDecoder().decode(Display.self, from: bytes)
        } catch let error as DecodingError {
            throw ValidationError("\(path) is not a cart for the screen: \(words(error)); see 'readerctl carts display --help'.")
        }
    }

    private static func words(_ error: DecodingError) -> String {
        func place(_ path: [any CodingKey]) -> String {
            path.isEmpty ? "it" : path.map { $0.intValue.map { "[\($0)]" } ?? $0.stringValue }.joined(separator: ".")
        }
        switch error {
        case .keyNotFound(let key, let context): return "\(place(context.codingPath + [key])) is missing"
        case .typeMismatch(_, let context): return "\(place(context.codingPath)) is of the wrong type"
        case .valueNotFound(_, let context): return "\(place(context.codingPath)) is empty"
        case .dataCorrupted(let context): return "\(place(context.codingPath)) is not JSON"
        @unknown default: return "it is not JSON"
        }
    }
}
