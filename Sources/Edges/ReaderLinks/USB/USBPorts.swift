import GatewayModel
import Moments

/// Gives each interface one stream at a time: the next one waits until the last has given the interface back.
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
            // This call owns the task, which only hands the cancellation to the actor.
            Task { await self.wake(place, number) }
        }
    }

    private func wake(_ place: USBPlace, _ number: UInt64) { waiting[place]?.removeValue(forKey: number)?.resume() }
}
