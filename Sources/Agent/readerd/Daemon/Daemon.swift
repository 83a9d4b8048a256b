import CheckoutAPI
import CheckoutServer
import Discovery
import Gateway
import GatewayCore
import GatewayModel
import Moments
import Journal
import Logging
import MarianaAPI
import ServiceLifecycle
import UnixSignals

/// The agent at work: engine, socket, and what goes on beside them. Stopping is ordered: no new payment, what is being charged is waited
/// for, waits are answered, then everything ends.
struct Daemon: Service {
    let engine: Engine
    let server: CheckoutSocketServer
    /// Where callers find the socket; nil when it has no path.
    let socketPath: String?
    let journal: JournalStore
    let credential: any BackendCredential
    let settings: Settings
    let source: SettingsSource
    /// Who started it and wants to know how it is; nil when a person did.
    let manager: ServiceManager?
    let logger: Logger

    func run() async throws {
        // Each task says whether its end is the agent's: the engine's and the socket's are.
        try await withThrowingTaskGroup(of: Bool.self) { group in
            group.addTask {
                try await engine.run()
                return true
            }
            group.addTask {
                try await serve()
                return true
            }
            group.addTask { await watchCredential() }
            group.addTask { await reloadOnHangUp() }
            group.addTask { await compactDaily() }
            group.addTask {
                await MemoryKeeper().run()
                return false
            }
            if settings.usb.enabled { group.addTask { await watchUSB() } }
            group.addTask { await stopWhenAsked() }
            group.addTask { await keepWatchdogQuiet() }
            defer { group.cancelAll() }
            while let isOver = try await group.next(), !isOver {}
        }
    }

    private func serve() async throws {
        do throws(ListenFailure) {
            try await server.run {
                logger.notice("readerd \(ReaderdVersion.current) accepts payments on \(socketPath ?? "a socket without a path")")
                tell(.ready)
            }
        } catch {
            if case .lost = error {
                // Without its socket the agent ends; what is being charged is waited for all the same.
                logger.error("\(error)")
                await engine.drain(upTo: settings.timeouts.confirm.duration + .seconds(10))
            }
            throw error
        }
    }

    /// Waits for the order to stop, then stops the parts in order.
    private func stopWhenAsked() async -> Bool {
        do {
            try await gracefulShutdown()
        } catch {
            return false
        }
        logger.notice("stopping: no new payment is accepted; what is being charged is waited for")
        let limit = settings.timeouts.confirm.duration + .seconds(10)
        // The server's connections get ten seconds beyond that, and closing the files the rest.
        tell(.stopping(within: limit + .seconds(20)))
        await engine.drain(upTo: limit)
        server.stop()
        return false
    }

    /// A credential that the backend refused is tried again when its file has changed.
    private func watchCredential() async -> Bool {
        while await pause(.seconds(1)) {
            if await engine.isCredentialRefused, await credential.changedSinceRefusal() {
                logger.notice("the backend's credential has changed; it is tried again")
                await engine.handle(.credentialChanged)
            }
        }
        return false
    }

    /// What is plugged in is told to the engine, which knows what to make of it.
    private func watchUSB() async -> Bool {
        await USBWatch(
            report: { await engine.handle(.devices(.usb($0))) },
            trouble: { trouble in
                if let trouble {
                    logger.warning("USB cannot be watched: \(trouble); it is tried again every half minute (usb.enabled = false ends that)")
                } else {
                    logger.notice("USB can be watched again")
                }
            }
        ).run()
        return false
    }

    private func reloadOnHangUp() async -> Bool {
        for await _ in await UnixSignalsSequence(trapping: .sighup) {
            tell(.reloading)
            defer { tell(.ready) }
            await credential.reload()
            await engine.handle(.credentialChanged)
            do throws(SettingsFailure) {
                let loaded = try source.load()
                await engine.handle(.policy(loaded.settings.policy))
                logger.notice("settings and credentials were read again; paths, socket, backend and roles change with a restart")
            } catch {
                logger.error("the settings were not taken over, the old ones stay: \(error)")
            }
        }
        return false
    }

    private func compactDaily() async -> Bool {
        repeat {
            do throws(JournalFailure) {
                let removed = try await journal.compact(keepDays: settings.journalKeepDays) { engine.forgetSettled() }
                if removed > 0 { logger.info("\(removed) old rows were removed from the journal") }
                let folded = try await journal.fold { left in
                    logger.error(
                        "\(left.payments) old payments stay as they are in the journal, the first is number \(left.first): \(left.failure)")
                }
                if folded > 0 { logger.info("the steps of \(folded) old payments were put together in the journal") }
            } catch {
                logger.error("the journal could not be compacted: \(error)")
            }
        } while await pause(.seconds(86_400))
        return false
    }

    /// False when the task was cancelled meanwhile.
    private func pause(_ time: Duration) async -> Bool {
        do {
            try await Task.sleep(for: time)
            return true
        } catch {
            return false
        }
    }
}
