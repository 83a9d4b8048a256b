import NIOCore

/// Cuts a stream of bytes into lines. An empty line is skipped; a line longer than `limit` ends the stream.
struct LineSplitter {
    let limit: Int
    private var pending = ByteBuffer()
    /// How many of the pending bytes are known to hold no line end.
    private var scanned = 0

    init(limit: Int) { self.limit = limit }

    mutating func append(_ bytes: ByteBuffer) {
        pending.writeImmutableBuffer(bytes)
    }

    /// The next whole line, without its end.
    mutating func next() throws(ClientError) -> ByteBuffer? {
        while true {
            let unseen = pending.readableBytesView.dropFirst(scanned)
            guard let end = unseen.firstIndex(of: UInt8(ascii: "\n")) else {
                scanned = pending.readableBytes
                guard scanned <= limit else { throw .invalidAnswer(reason: "a line of more than \(limit) bytes") }
                pending.discardReadBytes()
                return nil
            }
            let length = end - pending.readerIndex
            guard length <= limit else { throw .invalidAnswer(reason: "a line of more than \(limit) bytes") }
            guard let line = pending.readSlice(length: length) else { return nil }
            pending.moveReaderIndex(forwardBy: 1)
            scanned = 0
            if length > 0 { return line }
        }
    }
}
