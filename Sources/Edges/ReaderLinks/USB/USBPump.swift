import NIOCore

/// Carries bytes between one end of a socket pair and a USB bulk pair, one transfer each way at a time. ``PumpMachine`` says what happens.
final class USBPump: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let handle: USBHandle
    /// The milliseconds in which a write has to end.
    private let writeLimit: UInt32
    /// The closure is called once, when no transfer is under way any more.
    private let giveBack: @Sendable () -> Void
    private var machine = PumpMachine()
    private var context: ChannelHandlerContext?
    private var reading: USBTransfer?
    private var writing: USBTransfer?

    /// - Parameter writeLimit: the time in which the reader takes what is sent to it.
    init(_ handle: USBHandle, writeLimit: Duration, giveBack: @escaping @Sendable () -> Void) {
        self.handle = handle
        // libusb takes zero for no limit.
        self.writeLimit = UInt32(
            clamping: max(1, writeLimit.components.seconds * 1_000 + writeLimit.components.attoseconds / 1_000_000_000_000_000))
        self.giveBack = giveBack
    }

    func handlerAdded(context: ChannelHandlerContext) { self.context = context }

    func handlerRemoved(context: ChannelHandlerContext) {
        carryOut(machine.ended())
        self.context = nil
    }

    func channelActive(context: ChannelHandlerContext) {
        carryOut(machine.began())
        context.fireChannelActive()
    }

    func channelInactive(context: ChannelHandlerContext) {
        carryOut(machine.ended())
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { carryOut(machine.ended()) }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) { carryOut(machine.taken(unwrapInboundIn(data))) }

    func channelReadComplete(context: ChannelHandlerContext) { carryOut(machine.tookAll()) }

    private func carryOut(_ actions: [PumpMachine.Action]) {
        for action in actions {
            switch action {
            case .read: read()
            case .write(let bytes): write(bytes)
            case .pass(let bytes): pass(bytes)
            case .takeMore: context?.read()
            case .cancel:
                reading?.cancel()
                writing?.cancel()
            case .close: context?.close(promise: nil)
            case .giveBack: giveBack()
            }
        }
    }

    private func read() {
        guard let context else { return carryOut(machine.readCameBack(nil)) }
        let promise = context.eventLoop.makePromise(of: ByteBuffer.self)
        promise.futureResult.assumeIsolated().whenComplete { result in
            self.reading = nil
            switch result {
            case .success(let bytes): self.carryOut(self.machine.readCameBack(bytes))
            case .failure: self.carryOut(self.machine.readCameBack(nil))
            }
        }
        reading = USBTransfer.submit(handle, bytes: nil, size: PumpMachine.transferSize, timeout: 0, promise: promise)
    }

    private func write(_ bytes: ByteBuffer) {
        guard let context else { return carryOut(machine.writeCameBack(false)) }
        let promise = context.eventLoop.makePromise(of: ByteBuffer.self)
        promise.futureResult.assumeIsolated().whenComplete { result in
            self.writing = nil
            if case .success = result {
                self.carryOut(self.machine.writeCameBack(true))
            } else {
                self.carryOut(self.machine.writeCameBack(false))
            }
        }
        writing = USBTransfer.submit(handle, bytes: bytes, size: 0, timeout: writeLimit, promise: promise)
    }

    private func pass(_ bytes: ByteBuffer) {
        guard let context else { return carryOut(machine.passed(false)) }
        context.writeAndFlush(wrapOutboundOut(bytes)).assumeIsolated().whenComplete { result in
            if case .success = result { self.carryOut(self.machine.passed(true)) } else { self.carryOut(self.machine.passed(false)) }
        }
    }
}
