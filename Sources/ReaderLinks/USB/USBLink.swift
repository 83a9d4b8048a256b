import GatewayCore
import NIOCore
import NIOPosix
import Glibc

/// Opens verified TLS streams to readers over their USB reader links.
///
/// What the cable leads to proves nothing: the certificate is verified as on the LAN, to the reader's published name.
package struct USBLink: Sendable {
    private let tls: TLSClient
    private let group: any EventLoopGroup
    private let ports = USBPorts()

    package init(tls: TLSClient, group: any EventLoopGroup = MultiThreadedEventLoopGroup.singleton) {
        self.tls = tls
        self.group = group
    }

    /// Claims the interface, begins a stream and verifies who is at its end. Nothing is sent but the handshake.
    ///
    /// - Throws: `.unreachable` with a sentence that says what happened, or `.untrusted` with what is wrong with the certificate.
    package func open(_ route: ReaderRoute, timeout: Duration) async throws(ReaderFailure) -> any Channel {
        guard case .usb(let place) = route.link else { throw .unreachable(detail: "\(route.address) is not on USB") }
        guard HostName.isValid(route.host) else {
            throw .unreachable(detail: "\"\(ShownText.clean(route.host, limit: 100))\" is not a name that a reader's certificate can bear")
        }
        let deadline = ContinuousClock.now + min(max(timeout, .zero), .seconds(86_400))
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
        let channel = try await stream(over: handle)
        try await tls.secure(channel, host: route.host, peer: place.name, timeout: deadline - .now)
        return channel
    }

    /// One end of a socket pair for the reader's client, the other for the pump.
    private func stream(over handle: USBHandle) async throws(ReaderFailure) -> any Channel {
        let ports = ports
        let giveBack: @Sendable () -> Void = {
            // Owned by the stream that ends: it only hands the interface back, on a thread that may wait for the device.
            Task {
                do { try await NIOThreadPool.singleton.runIfActive { handle.close() } } catch { handle.close() }
                await ports.giveBack(handle.place)
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
            throw .unreachable(detail: "no stream over \(handle.place.name): \(ShownText.clean(String(describing: error), limit: 100))")
        }
        do {
            _ = try await ClientBootstrap(group: group)
                .channelOption(.autoRead, value: false)
                .channelInitializer { channel in
                    channel.eventLoop.makeCompletedFuture {
                        try channel.pipeline.syncOperations.addHandler(USBPump(handle, giveBack: giveBack))
                    }
                }
                .withConnectedSocket(ends[1]).get()
        } catch {
            // The pump gives the interface back as it is removed.
            inner.close(promise: nil)
            throw .unreachable(detail: "no stream over \(handle.place.name): \(ShownText.clean(String(describing: error), limit: 100))")
        }
        return inner
    }
}

/// An interface has one stream at a time: the next one waits until the last has given it back.
actor USBPorts {
    private var host: USBHost?
    private var taken: Set<USBPlace> = []
    private var waiting: [USBPlace: [UInt64: CheckedContinuation<Void, Never>]] = [:]
    private var last: UInt64 = 0

    func take(_ place: USBPlace, before deadline: ContinuousClock.Instant) async throws(ReaderFailure) -> USBHost {
        while taken.contains(place) {
            guard ContinuousClock.now < deadline, !Task.isCancelled else {
                throw .unreachable(detail: "an earlier connection to \(place.name) has not ended yet")
            }
            await wait(for: place, before: deadline)
        }
        let host: USBHost
        if let made = self.host { host = made } else { host = try USBHost() }
        self.host = host
        taken.insert(place)
        return host
    }

    func giveBack(_ place: USBPlace) {
        taken.remove(place)
        for waiter in (waiting.removeValue(forKey: place) ?? [:]).values { waiter.resume() }
    }

    private func wait(for place: USBPlace, before deadline: ContinuousClock.Instant) async {
        last += 1
        let number = last
        let timer = Task {
            do { try await Task.sleep(until: deadline, clock: .continuous) } catch { return }
            wake(place, number)
        }
        defer { timer.cancel() }
        await withTaskCancellationHandler {
            await withCheckedContinuation { waiter in
                guard !Task.isCancelled else { return waiter.resume() }
                waiting[place, default: [:]][number] = waiter
            }
        } onCancel: {
            // Owned by this call: it only hands the cancellation to the actor.
            Task { await self.wake(place, number) }
        }
    }

    private func wake(_ place: USBPlace, _ number: UInt64) { waiting[place]?.removeValue(forKey: number)?.resume() }
}
