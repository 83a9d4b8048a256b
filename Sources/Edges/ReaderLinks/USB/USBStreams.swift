import TextSafety
import GatewayModel
import Glibc
import NIOCore
import NIOPosix

/// Opens streams of bytes over reader links, before TLS and the protocol interpret the bytes.
package struct USBStreams: Sendable {
    private let group: any EventLoopGroup
    private let writeLimit: Duration
    private let ports = USBPorts()

    /// - Parameter writeLimit: the time in which a reader takes what is sent to it. A reader that does not is taken for lost.
    package init(group: any EventLoopGroup = MultiThreadedEventLoopGroup.singleton, writeLimit: Duration = .seconds(20)) {
        self.group = group
        self.writeLimit = writeLimit
    }

    /// Claims the interface and begins a stream. The call waits until an earlier stream to the same place has given the interface back.
    ///
    /// - Returns: a channel that does not read by itself. It closes when the stream ends, whichever side ends it.
    package func begin(_ place: USBPlace, before deadline: ContinuousClock.Instant) async throws(ReaderFailure) -> any Channel {
        let host = try await ports.take(place, before: deadline)
        let handle: USBHandle
        do {
            let result = try await NIOThreadPool.singleton.runIfActive { () -> Result<USBHandle, ReaderFailure> in
                do throws(ReaderFailure) { return .success(try host.open(place)) } catch { return .failure(error) }
            }
            handle = try result.get()
        } catch {
            await ports.giveBack(place)
            throw error as? ReaderFailure ?? .unreachable(detail: "\(place.name) cannot be opened: this program is ending")
        }
        return try await stream(over: handle)
    }

    /// Makes a socket pair: one end is for the reader's client, the other for the pump.
    private func stream(over handle: USBHandle) async throws(ReaderFailure) -> any Channel {
        let (ports, writeLimit) = (ports, writeLimit)
        let giveBack: @Sendable () -> Void = {
            // The stream that ends owns the task, which only hands the interface back, on a thread that may wait for the device.
            Task {
                let isClosed: Bool
                do { isClosed = try await NIOThreadPool.singleton.runIfActive { handle.close() } } catch { isClosed = handle.close() }
                if isClosed { await ports.giveBack(handle.place) }
            }
        }
        var ends: [CInt] = [-1, -1]
        guard socketpair(AF_UNIX, CInt(SOCK_STREAM.rawValue) | CInt(SOCK_CLOEXEC.rawValue), 0, &ends) == 0 else {
            giveBack()
            throw .unreachable(detail: "this box has no file descriptor left for \(handle.place.name)")
        }
        let inner: any Channel
        do {
            inner = try await ClientBootstrap(group: group).channelOption(.autoRead, value: false).withConnectedSocket(ends[0]).get()
        } catch {
            close(ends[1])
            giveBack()
            throw .unreachable(detail: "no stream over \(handle.place.name): \(Shown.plain(String(describing: error), limit: 100))")
        }
        do {
            _ = try await ClientBootstrap(group: group)
                .channelOption(.autoRead, value: false)
                .channelInitializer { channel in
                    channel.eventLoop.makeCompletedFuture {
                        try channel.pipeline.syncOperations.addHandler(USBPump(handle, writeLimit: writeLimit, giveBack: giveBack))
                    }
                }
                .withConnectedSocket(ends[1]).get()
        } catch {
            inner.close(promise: nil)
            // Nothing has been submitted: the pump begins when its channel is active, and then there is no error any more. If the pump is
            // there already, it gives the interface back too. The first of the two calls does it.
            giveBack()
            throw .unreachable(detail: "no stream over \(handle.place.name): \(Shown.plain(String(describing: error), limit: 100))")
        }
        return inner
    }
}
