package import GatewayModel
import Moments

/// Watches USB. A hotplug event only pokes the one loop, which enumerates, compares, and reports what is there now when it differs.
package struct USBWatch: Sendable {
    /// The interval of a slow scan of everything, for callbacks get lost.
    package static let rescan = Duration.seconds(10)
    /// The pauses before the scans that follow a poke: drivers bind, and network interfaces get their names, after a device has been
    /// announced.
    package static let afterwards: [Duration] = [.milliseconds(50), .milliseconds(250), .seconds(1), .seconds(3)]

    private let report: @Sendable ([USBSighting]) async -> Void
    private let trouble: @Sendable (String?) async -> Void

    /// - Parameters:
    ///   - report: gets everything that is plugged in now. It is called once at the beginning, then when that differs from the last time.
    ///   - trouble: gets the reason why USB cannot be watched, once, and nil when it can be watched again.
    package init(
        report: @escaping @Sendable ([USBSighting]) async -> Void, trouble: @escaping @Sendable (String?) async -> Void
    ) {
        self.report = report
        self.trouble = trouble
    }

    /// Watches until the task is cancelled.
    package func run() async {
        var told: String?
        while !Task.isCancelled {
            var failure = ""
            do throws(USBFailure) {
                // Few pokes ever wait: each plug event makes one, and one scan answers all of them.
                let (wakes, wake) = AsyncStream.makeStream(of: Wake.self, bufferingPolicy: .bufferingNewest(16))
                let context = try USBContext { wake.yield(.poke) }
                wake.yield(.poke)
                defer { context.stop() }
                if told != nil {
                    told = nil
                    await trouble(nil)
                }
                try await look(with: context, wakes, wake)
                return
            } catch {
                failure = error.description
            }
            if told != failure { await trouble(failure) }
            told = failure
            // A box without USB gets none within half a minute, but a driver may be loaded later.
            do { try await Task.sleep(for: .seconds(30)) } catch { return }
        }
    }

    private func look(with context: USBContext, _ wakes: AsyncStream<Wake>, _ wake: AsyncStream<Wake>.Continuation) async throws(USBFailure)
    {
        // The group discards its results: a group that keeps what its timers gave, which is nothing, grows with every scan for as long as
        // the box runs.
        let failure = await withDiscardingTaskGroup(returning: USBFailure?.self) { group in
            defer { group.cancelAll() }
            var last: Set<USBSighting>?
            /// `looks` counts the scans since the last poke, and `round` all scans: a timer that was set before a poke no longer counts.
            var (looks, round) = (0, 0)
            for await reason in wakes {
                switch reason {
                case .timer(let number) where number != round: continue
                case .timer: looks += 1
                case .poke: looks = 0
                }
                do throws(USBFailure) {
                    let (sightings, isWhole) = try context.enumerate()
                    // A device that could not be read whole is coming or going. The next scan is near, and a device must not be reported
                    // gone because of a moment's race.
                    if isWhole || looks >= Self.afterwards.count, Set(sightings) != last {
                        last = Set(sightings)
                        await report(sightings)
                    }
                } catch {
                    return error
                }
                round += 1
                let number = round
                let pause = looks < Self.afterwards.count ? Self.afterwards[looks] : Self.rescan
                group.addTask {
                    // The sleep was cancelled, so the watch ends.
                    do { try await Task.sleep(for: pause) } catch { return }
                    wake.yield(.timer(number))
                }
            }
            return nil
        }
        if let failure { throw failure }
    }

    private enum Wake: Sendable {
        case poke
        case timer(Int)
    }
}
