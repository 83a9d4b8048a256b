import CheckoutAPI
import CheckoutClient
import FoundationEssentials
import Glibc
import UnixSignals

/// Keeps a terminal showing the shop: what comes in from anywhere changes what is known, and then it is drawn again.
struct LiveWatch {
    let agent: CheckoutClient
    let output: Output

    private enum Happening: Sendable {
        case event(Event)
        case snapshot(WatchedShop.Snapshot)
        case lost(String)
        case key(UInt8)
        case signal(UnixSignal)
        case second
        /// Nothing more can be had: the fault does not pass.
        case failed(ClientError)
    }

    private enum Key {
        static let quit: Set<UInt8> = [UInt8(ascii: "q"), UInt8(ascii: "Q")]
        static let suspend: UInt8 = 0x1A
    }

    /// How often everything is read again though nothing was told: for what there are no events of, as how many wait.
    private static let refreshSeconds = 5
    private static let paymentLimit = 50

    func run() async throws -> ExitStatus {
        // Before the screen is taken: what does not work at all is told as by every command.
        var shop = WatchedShop(try await snapshot())
        let screen = Screen(output)
        let keys = Screen.hasKeys ? Keys() : nil
        let signals = await UnixSignalsSequence(trapping: .sigint, .sigterm, .sighup, .sigquit, .sigwinch, .sigcont)
        let (happenings, report) = AsyncStream<Happening>.makeStream()
        let (wishes, wish) = AsyncStream<Void>.makeStream(bufferingPolicy: .bufferingNewest(1))
        try screen.show()
        defer {
            screen.hide()
            keys?.stop()
        }
        try draw(shop, screen)
        return try await withThrowingTaskGroup(of: Void.self) { group in
            defer { group.cancelAll() }
            group.addTask { await follow(report) }
            group.addTask { await refresh(wishes, report) }
            group.addTask { await tick(report, wish) }
            group.addTask { for await signal in signals { report.yield(.signal(signal)) } }
            if let keys { group.addTask { for await key in keys.pressed { report.yield(.key(key)) } } }
            for await happening in happenings {
                switch happening {
                case .event(let event):
                    shop.see(event)
                    wish.yield()
                case .snapshot(let snapshot): shop.see(snapshot, at: now)
                case .lost(let reason): shop.lose(reason, at: now)
                case .second: break
                case .key(let key) where Key.quit.contains(key): return .ok
                case .key(Key.suspend): try suspend(screen)
                case .key: continue
                case .signal(.sigwinch): break
                case .signal(.sigcont):
                    // Somebody stopped it without asking, and used the terminal meanwhile.
                    screen.hide()
                    try screen.show()
                case .signal: return .ok
                case .failed(let error): throw error
                }
                try draw(shop, screen)
            }
            return .ok
        }
    }

    private var now: Timestamp { Timestamp(milliseconds: Int64(Date().timeIntervalSince1970 * 1000)) }

    private func draw(_ shop: WatchedShop, _ screen: Screen) throws(Output.Closed) {
        let size = Screen.size
        try screen.draw(WatchView(shop: shop, size: size, now: now, output: output).lines, size)
    }

    /// Stops the program as Ctrl-Z does for every one, but gives the terminal back before.
    private func suspend(_ screen: Screen) throws(Output.Closed) {
        screen.hide()
        // To this thread, so that nothing is drawn before it stops; threads of the pool block signals, so it is let through first.
        var stop = sigset_t()
        var before = sigset_t()
        sigemptyset(&stop)
        sigaddset(&stop, SIGTSTP)
        pthread_sigmask(SIG_UNBLOCK, &stop, &before)
        raise(SIGTSTP)
        pthread_sigmask(SIG_SETMASK, &before, nil)
        try screen.show()
    }

    private func snapshot() async throws(ClientError) -> WatchedShop.Snapshot {
        WatchedShop.Snapshot(
            info: try await agent.info(), status: try await agent.status(),
            payments: try await agent.payments(limit: Self.paymentLimit).payments)
    }

    // MARK: What comes in

    private func follow(_ report: AsyncStream<Happening>.Continuation) async {
        do {
            try await EventFollower(agent: agent, connected: true).run { event in
                report.yield(.event(event))
            } lost: { cause in
                report.yield(.lost(cause?.description ?? "It ended the connection."))
            }
        } catch let error as ClientError {
            if case .canceled = error { return }
            report.yield(.failed(error))
        } catch {
            // Cancelled: the screen is being left.
        }
    }

    /// Reads everything when somebody wishes it, at most five times a second.
    private func refresh(_ wishes: AsyncStream<Void>, _ report: AsyncStream<Happening>.Continuation) async {
        for await _ in wishes {
            do throws(ClientError) {
                report.yield(.snapshot(try await snapshot()))
            } catch {
                if case .canceled = error { return }
                report.yield(.lost(error.description))
            }
            do { try await Task.sleep(for: .milliseconds(200)) } catch { return }
        }
    }

    /// Redraws the clock in the corner, and how long payments take.
    private func tick(_ report: AsyncStream<Happening>.Continuation, _ wish: AsyncStream<Void>.Continuation) async {
        var seconds = 0
        while true {
            do { try await Task.sleep(for: .seconds(1)) } catch { return }
            seconds += 1
            report.yield(.second)
            if seconds.isMultiple(of: Self.refreshSeconds) { wish.yield() }
        }
    }
}
