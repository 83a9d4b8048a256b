import Discovery
import GatewayCore
import GatewayModel
import Moments
import NIOCore
import ReaderLinks
import Synchronization

/// Streams over whatever reader link is plugged in, one after the other.
///
///     opened 1-4#2 / refused WHY          a stream was begun, or could not be: then the next change on the bus is waited for
///     exchanged BYTES / lost BYTES        all came back, or the stream ended after so many
///     held …                              what this process holds, after each
///
/// It stays when all is done, as a daemon does, until it is killed.
struct Echo: Sendable {
    var sizes: [Int]

    func run() async {
        let plugged = Plugged()
        let (changes, change) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
        await withTaskGroup(of: Void.self) { group in
            group.addTask {
                await USBWatch(
                    report: { sightings in
                        plugged.sightings.withLock { $0 = sightings }
                        change.yield()
                    }, trouble: { say("trouble \($0 ?? "over")") }
                ).run()
            }
            let streams = USBStreams(writeLimit: .milliseconds(700))
            var waiting = sizes[...]
            for await _ in changes {
                while let size = waiting.first, let place = Self.place(in: plugged.sightings.withLock { $0 }) {
                    guard await round(size, place, streams) else { break }
                    waiting.removeFirst()
                }
            }
        }
    }

    /// - Returns: whether a stream was begun.
    private func round(_ size: Int, _ place: USBPlace, _ streams: USBStreams) async -> Bool {
        do throws(ReaderFailure) {
            let channel = try await streams.begin(place, before: .now + .seconds(10))
            say("opened \(place.bus)-\(place.portPath)#\(place.device)")
            let count = await exchange(size, over: channel)
            say(count == size ? "exchanged \(count)" : "lost \(count)")
            say("held \(Holdings.now)")
            return true
        } catch {
            say("refused \(error)")
            return false
        }
    }

    private func exchange(_ size: Int, over channel: any Channel) async -> Int {
        let promise = channel.eventLoop.makePromise(of: Int.self)
        do {
            try await channel.eventLoop.submit {
                // A stream may end before anything is made of it.
                guard channel.isActive else { return promise.succeed(0) }
                try channel.pipeline.syncOperations.addHandler(Exchange(size, promise))
            }.get()
            let count = try await promise.futureResult.get()
            // It may be closed already: that is how a stream ends.
            channel.close(promise: nil)
            try await channel.closeFuture.get()
            return count
        } catch {
            // It may have been completed already; then this changes nothing.
            promise.fail(error)
            say("trouble \(error)")
            return -1
        }
    }

    private static func place(in sightings: [USBSighting]) -> USBPlace? {
        var list = DeviceList()
        _ = list.enumerated(sightings, readers: [], at: 1)
        return list.views.compactMap { $0.facts.usb?.place }.first
    }
}

/// What was reported last.
private final class Plugged: Sendable {
    let sightings = Mutex<[USBSighting]>([])
}

/// Sends bytes whose every place has its own value, and counts those that come back as they should.
private final class Exchange: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let size: Int
    private let promise: EventLoopPromise<Int>
    private var received = 0

    init(_ size: Int, _ promise: EventLoopPromise<Int>) {
        self.size = size
        self.promise = promise
    }

    private static func byte(_ place: Int) -> UInt8 { UInt8(truncatingIfNeeded: place &* 31 &+ place >> 8) }

    func handlerAdded(context: ChannelHandlerContext) {
        guard context.channel.isActive else { return promise.succeed(0) }
        context.writeAndFlush(wrapOutboundOut(ByteBuffer(bytes: (0..<size).map(Self.byte))), promise: nil)
        context.read()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let bytes = unwrapInboundIn(data)
        for (index, byte) in bytes.readableBytesView.enumerated() {
            guard byte == Self.byte(received) else {
                say("trouble at \(received) of \(size) came \(Self.words(bytes.readableBytesView.dropFirst(index)))")
                return promise.succeed(received)
            }
            received += 1
        }
        if received >= size { promise.succeed(received) }
    }

    /// Bytes that came where others were due, and the place that they have: bytes left out, doubled or of another stream are told apart by it.
    private static func words(_ bytes: some Collection<UInt8>) -> String {
        let first = bytes.prefix(16)
        // The values repeat after so many.
        let place = (0..<65_536).first { start in zip(first, start...).allSatisfy { $0 == byte($1) } }
        return
            "\(bytes.count) bytes \(first.map { String($0, radix: 16) }.joined(separator: " "))… that belong at \(place.map(String.init) ?? "no place")"
    }

    func channelReadComplete(context: ChannelHandlerContext) { context.read() }

    func channelInactive(context: ChannelHandlerContext) {
        promise.succeed(received)
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { promise.succeed(received) }
}
