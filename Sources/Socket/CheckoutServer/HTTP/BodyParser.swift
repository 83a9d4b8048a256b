import CheckoutAPI
import NIOCore

/// Reads the body of an HTTP/1 request, by its length or in chunks, up to the limit.
struct BodyParser {
    private enum Stage: Equatable {
        case fixed(remaining: Int)
        case chunkSize(digits: Int, size: Int)
        case chunkExtension(size: Int)
        case chunkSizeLF(size: Int)
        case chunkData(remaining: Int)
        case chunkDataCR, chunkDataLF
        case trailerStart, trailer, trailerLF, endLF
        case done
    }

    private var stage: Stage
    private(set) var body: [UInt8] = []
    /// Bytes of the body that have come, kept or not.
    private var count = 0
    /// Whether the body is read and thrown away, because the answer does not depend on it.
    private(set) var isDiscarded = false
    /// Bytes of chunk sizes, extensions and trailers: no caller needs many.
    private var overhead = 0
    private static let mostOverhead = 64 * 1024

    /// How the body of this head is delimited.
    init(_ head: RequestHead) throws(Problem) {
        let lengths = head.fields.filter { $0.name == "content-length" }
        let codings = head.fields.filter { $0.name == "transfer-encoding" }
        if let coding = codings.first {
            guard lengths.isEmpty else { throw .malformed("The request has both Content-Length and Transfer-Encoding.") }
            guard head.minorVersion >= 1, codings.count == 1, coding.value.lowercased() == "chunked" else {
                throw .malformed("The only Transfer-Encoding that is understood is chunked.")
            }
            stage = .chunkSize(digits: 0, size: 0)
            return
        }
        guard let length = lengths.first else {
            stage = .done
            return
        }
        let digits = length.value.utf8
        guard lengths.count == 1, (1...19).contains(digits.count), digits.allSatisfy({ (48...57).contains($0) }) else {
            throw .malformed("Content-Length is not one number.")
        }
        guard let count = Int(length.value), count <= Bounds.bodyBytes else { throw Self.tooLarge }
        stage = count == 0 ? .done : .fixed(remaining: count)
    }

    static var tooLarge: Problem { Problem(.tooLarge, "The body of the request is larger than \(Bounds.bodyBytes) bytes.") }

    var isDone: Bool { stage == .done }

    /// Takes what belongs to the body from the front; true when the body is whole.
    mutating func take(_ buffer: inout ByteBuffer) throws(Problem) -> Bool {
        while stage != .done, buffer.readableBytes > 0 {
            switch stage {
            case .fixed(let remaining):
                let taken = takeBytes(remaining, from: &buffer)
                stage = taken == remaining ? .done : .fixed(remaining: remaining - taken)
            case .chunkData(let remaining):
                let taken = takeBytes(remaining, from: &buffer)
                stage = taken == remaining ? .chunkDataCR : .chunkData(remaining: remaining - taken)
            default:
                guard let byte: UInt8 = buffer.readInteger() else { return false }
                overhead += 1
                guard overhead <= Self.mostOverhead else { throw Self.tooLarge }
                stage = try after(byte)
            }
        }
        return stage == .done
    }

    private mutating func takeBytes(_ most: Int, from buffer: inout ByteBuffer) -> Int {
        let taken = min(most, buffer.readableBytes)
        if !isDiscarded { body.append(contentsOf: buffer.readableBytesView.prefix(taken)) }
        buffer.moveReaderIndex(forwardBy: taken)
        count += taken
        return taken
    }

    mutating func discard() {
        isDiscarded = true
        body = []
    }

    private func after(_ byte: UInt8) throws(Problem) -> Stage {
        switch stage {
        case .chunkSize(let digits, let size):
            if let digit = Character(Unicode.Scalar(byte)).hexDigitValue {
                guard digits < 8 else { throw .malformed("A chunk's size is not understood.") }
                let grown = size << 4 + digit
                guard count + grown <= Bounds.bodyBytes else { throw Self.tooLarge }
                return .chunkSize(digits: digits + 1, size: grown)
            }
            guard digits > 0 else { throw .malformed("A chunk's size is not understood.") }
            switch byte {
            case UInt8(ascii: ";"), 0x20, 0x09: return .chunkExtension(size: size)
            case 0x0d: return .chunkSizeLF(size: size)
            default: throw .malformed("A chunk's size is not understood.")
            }
        case .chunkExtension(let size):
            if byte == 0x0d { return .chunkSizeLF(size: size) }
            guard byte == 0x09 || byte >= 0x20, byte != 0x7f else { throw .malformed("A chunk's extension holds a control character.") }
            return stage
        case .chunkSizeLF(let size): return try lineEnd(byte, then: size == 0 ? .trailerStart : .chunkData(remaining: size))
        case .chunkDataCR:
            guard byte == 0x0d else { throw .malformed("A chunk is longer than its size.") }
            return .chunkDataLF
        case .chunkDataLF: return try lineEnd(byte, then: .chunkSize(digits: 0, size: 0))
        case .trailerStart: return byte == 0x0d ? .endLF : try trailer(byte)
        case .trailer: return byte == 0x0d ? .trailerLF : try trailer(byte)
        case .trailerLF: return try lineEnd(byte, then: .trailerStart)
        case .endLF: return try lineEnd(byte, then: .done)
        case .fixed, .chunkData, .done: return stage
        }
    }

    private func lineEnd(_ byte: UInt8, then next: Stage) throws(Problem) -> Stage {
        guard byte == 0x0a else { throw .malformed("A carriage return stands alone in a chunk.") }
        return next
    }

    private func trailer(_ byte: UInt8) throws(Problem) -> Stage {
        guard byte == 0x09 || byte >= 0x20, byte != 0x7f else { throw .malformed("A trailer holds a control character.") }
        return .trailer
    }
}
