import NIOCore

/// Carries bytes between one end of a socket pair and a USB bulk pair, one transfer each way at a time.
///
/// Whatever ends the stream on one side closes the other; the interface is given back when the last transfer has come back.
final class USBPump: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    /// Bytes of one transfer: a multiple of every packet size, so that no packet can be cut off.
    static let transferSize = 16_384
    /// Milliseconds in which a reader takes what is sent to it.
    static let writeLimit: UInt32 = 20_000
    /// A reader that sends packets without bytes, again and again, is not one.
    static let emptyLimit = 1_000

    private let handle: USBHandle
    /// Called once, when no transfer is under way any more.
    private let finished: @Sendable () -> Void
    private var context: ChannelHandlerContext?
    private var reading: USBTransfer?
    private var writing: USBTransfer?
    private var isReading = false
    private var isWriting = false
    private var waiting: [ByteBuffer] = []
    private var empties = 0
    private var isOver = false
    private var hasFinished = false

    init(_ handle: USBHandle, finished: @escaping @Sendable () -> Void) {
        self.handle = handle
        self.finished = finished
    }

    func handlerAdded(context: ChannelHandlerContext) { self.context = context }

    func channelActive(context: ChannelHandlerContext) {
        readFromReader()
        context.read()
        context.fireChannelActive()
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        end()
        self.context = nil
    }

    func channelInactive(context: ChannelHandlerContext) {
        end()
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { end() }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        waiting.append(unwrapInboundIn(data))
        writeToReader()
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        // No more is taken from this side than the reader takes.
        if !isWriting, !isOver { context.read() }
    }

    private func readFromReader() {
        guard let context, !isOver, !isReading else { return }
        isReading = true
        let promise = context.eventLoop.makePromise(of: ByteBuffer.self)
        promise.futureResult.assumeIsolated().whenComplete { result in
            self.reading = nil
            self.isReading = false
            switch result {
            case .success(let bytes): self.received(bytes)
            case .failure: self.end()
            }
            self.finishIfDone()
        }
        reading = USBTransfer.submit(handle, bytes: nil, size: Self.transferSize, timeout: 0, promise: promise)
    }

    private func received(_ bytes: ByteBuffer) {
        guard let context, !isOver else { return }
        empties = bytes.readableBytes == 0 ? empties + 1 : 0
        if empties > Self.emptyLimit { return end() }
        guard bytes.readableBytes > 0 else { return readFromReader() }
        context.writeAndFlush(wrapOutboundOut(bytes)).assumeIsolated().whenComplete { result in
            if case .success = result { self.readFromReader() } else { self.end() }
        }
    }

    private func writeToReader() {
        guard let context, !isOver, !isWriting, !waiting.isEmpty else { return }
        guard let bytes = waiting[0].readSlice(length: min(Self.transferSize, waiting[0].readableBytes)), bytes.readableBytes > 0 else {
            waiting.removeFirst()
            return writeToReader()
        }
        isWriting = true
        let promise = context.eventLoop.makePromise(of: ByteBuffer.self)
        promise.futureResult.assumeIsolated().whenComplete { result in
            self.writing = nil
            self.isWriting = false
            switch result {
            case .success:
                if self.waiting.first?.readableBytes == 0 { self.waiting.removeFirst() }
                if self.waiting.isEmpty { if !self.isOver { self.context?.read() } } else { self.writeToReader() }
            case .failure: self.end()
            }
            self.finishIfDone()
        }
        writing = USBTransfer.submit(handle, bytes: bytes, size: 0, timeout: Self.writeLimit, promise: promise)
    }

    private func end() {
        if !isOver {
            isOver = true
            waiting = []
            reading?.cancel()
            writing?.cancel()
            context?.close(promise: nil)
        }
        finishIfDone()
    }

    private func finishIfDone() {
        guard isOver, !isReading, !isWriting, !hasFinished else { return }
        hasFinished = true
        finished()
    }
}
