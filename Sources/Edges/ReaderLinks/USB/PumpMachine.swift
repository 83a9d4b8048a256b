import NIOCore

/// The life of one stream over a bulk pair: what is read, what is written, and when the interface may be given back.
///
/// A handle that is closed while libusb still has one of its transfers ends the process. So the machine counts every transfer here, from
/// the action that submits it to the event that it has come back, however it ended. ``Action/giveBack`` comes once, when there is none
/// left.
struct PumpMachine {
    private enum State {
        /// Nothing has been submitted. The state becomes `flowing` when the socket is there, or `over` when it closes before.
        case idle
        /// Bytes flow both ways. The state becomes `ending` at whatever ends the stream, on either side.
        case flowing
        /// The stream has ended and its transfers are being cancelled. The state becomes `over` when the last one has come back.
        case ending
        /// The interface has been given back. This state is final.
        case over
    }

    enum Action: Equatable {
        /// Submits a read.
        case read
        /// Submits a write.
        case write(ByteBuffer)
        /// Hands these bytes to the socket, and reports when they are gone.
        case pass(ByteBuffer)
        /// Takes more from the socket.
        case takeMore
        /// Cancels what is submitted. It comes back all the same.
        case cancel
        /// Closes the socket.
        case close
        /// Closes the handle, for no transfer is left. The action comes once.
        case giveBack
    }

    /// The bytes of one transfer: a multiple of every packet size, so that no packet can be cut off.
    static let transferSize = 16_384
    /// The empty packets in a row after which the stream ends. No reader sends so many.
    static let emptyLimit = 1_000

    private var state = State.idle
    private var isReading = false
    private var isWriting = false
    private var waiting: [ByteBuffer] = []
    private var empties = 0

    /// The socket is there.
    mutating func began() -> [Action] {
        guard case .idle = state else { return [] }
        state = .flowing
        isReading = true
        return [.read, .takeMore]
    }

    /// Bytes for the reader have come from the socket.
    mutating func taken(_ bytes: ByteBuffer) -> [Action] {
        guard case .flowing = state else { return [] }
        if bytes.readableBytes > 0 { waiting.append(bytes) }
        return writeNext()
    }

    /// The socket has nothing more at the moment. The machine takes no more from it than the reader takes.
    mutating func tookAll() -> [Action] {
        guard case .flowing = state, !isWriting else { return [] }
        return [.takeMore]
    }

    /// A read has come back with bytes, or with nil when it failed or was cancelled.
    mutating func readCameBack(_ bytes: ByteBuffer?) -> [Action] {
        isReading = false
        guard case .flowing = state else { return giveBackIfLast() }
        guard let bytes else { return ended() }
        empties = bytes.readableBytes == 0 ? empties + 1 : 0
        guard empties <= Self.emptyLimit else { return ended() }
        guard bytes.readableBytes == 0 else { return [.pass(bytes)] }
        isReading = true
        return [.read]
    }

    /// The socket has the bytes that were passed to it, or could not take them.
    mutating func passed(_ isThrough: Bool) -> [Action] {
        guard case .flowing = state, !isReading else { return [] }
        guard isThrough else { return ended() }
        isReading = true
        return [.read]
    }

    /// A write has come back.
    mutating func writeCameBack(_ isThrough: Bool) -> [Action] {
        isWriting = false
        guard case .flowing = state else { return giveBackIfLast() }
        guard isThrough else { return ended() }
        let next = writeNext()
        return next.isEmpty ? [.takeMore] : next
    }

    /// The socket has closed, or has failed.
    mutating func ended() -> [Action] {
        switch state {
        case .idle, .flowing:
            state = .ending
            waiting = []
            return [.cancel, .close] + giveBackIfLast()
        case .ending, .over: return []
        }
    }

    private mutating func writeNext() -> [Action] {
        guard !isWriting, let first = waiting.first else { return [] }
        var rest = first
        guard let bytes = rest.readSlice(length: min(Self.transferSize, rest.readableBytes)) else { return [] }
        if rest.readableBytes > 0 { waiting[0] = rest } else { waiting.removeFirst() }
        isWriting = true
        return [.write(bytes)]
    }

    private mutating func giveBackIfLast() -> [Action] {
        guard case .ending = state, !isReading, !isWriting else { return [] }
        state = .over
        return [.giveBack]
    }
}
