import CheckoutAPI
import CheckoutClient
import Gateway
import Journal
import Logging
import NIOCore
import NIOPosix

/// What systemd hears of the agent.
extension Daemon {
    /// A manager that cannot be told is no reason to stop.
    func tell(_ word: ServiceManager.Word) {
        guard let manager else { return }
        do throws(ServiceManager.Failure) {
            try manager.tell(word)
        } catch {
            logger.warning("\(error)")
        }
    }

    /// Tells systemd that the agent is alive while its event loops, its engine, its journal and its socket answer.
    func keepWatchdogQuiet() async -> Bool {
        guard let manager else { return false }
        let watchdog = Watchdog(
            manager: manager, period: manager.watchdog ?? .seconds(60), parts: parts(answeringWithin: .seconds(15)), logger: logger,
            status: { await statusLine() })
        await watchdog.run()
        return false
    }

    private func parts(answeringWithin limit: Duration) -> [Watchdog.Part] {
        var parts = [
            Watchdog.Part("engine") { _ = await engine.isCredentialRefused },
            Watchdog.Part("journal") {
                do throws(JournalFailure) {
                    try journal.probe()
                } catch {
                    // It has answered. That it cannot be written is told by the status, and is not mended by starting again.
                    logger.debug("the journal cannot be written: \(error)")
                }
            },
        ]
        for (number, loop) in MultiThreadedEventLoopGroup.singleton.makeIterator().enumerated() {
            parts.append(
                Watchdog.Part("event loop \(number + 1)") {
                    do {
                        try await loop.submit {}.get()
                    } catch {
                        logger.debug("event loop \(number + 1): \(error)")
                    }
                })
        }
        if let socketPath {
            parts.append(
                Watchdog.Part("socket") {
                    let client = CheckoutClient(socketPath: socketPath, timeout: limit)
                    while !Task.isCancelled {
                        do throws(ClientError) {
                            _ = try await client.info()
                            return
                        } catch {
                            // Any answer will do, and while the agent stops its socket is closed.
                            if case .problem = error { return }
                            if await engine.isStopping { return }
                            logger.warning("the agent's own socket does not answer: \(error)")
                        }
                        do { try await Task.sleep(for: .seconds(1)) } catch { return }
                    }
                })
        }
        return parts
    }

    /// The line for `systemctl status`.
    private func statusLine() async -> String {
        if await engine.isStopping { return "Stopping; what is being charged is waited for." }
        let status = await engine.status
        let open = status.openPayments.count
        let payments = open == 0 ? "" : open == 1 ? " 1 payment is open." : " \(open) payments are open."
        guard !status.canTakePayments else {
            let count = status.readers.count
            return "Payments can be taken; \(count) \(count == 1 ? "reader" : "readers")." + payments
        }
        // It is known with the first cart, and a payment is accepted all the same.
        if status.reasons.first?.code == "readers_unknown" { return "Payments are accepted; no reader has been asked yet." + payments }
        return "No payment can be taken: " + (status.reasons.first?.message ?? "the reason is not known.") + payments
    }
}
