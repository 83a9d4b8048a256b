internal import CheckoutAPI
internal import CheckoutServer
internal import FoundationEssentials
internal import GatewayCore
internal import GatewayModel
import Moments
internal import Logging
internal import NIOCore
internal import ReaderLinks
internal import Recording

/// The first hour with a reader: its interface tried step after step. What connects it and what pays are the requests that tills and technicians make
/// too; nothing here goes beside the middle.
struct ReaderTrial: Sendable {
    let service: GatewayService
    let caller: Caller
    let reader: ReaderID
    let cart: CartID
    let amount: DecimalAmount?
    let steps: Set<TrialStep.Name>

    /// How a step ended, before it is told.
    struct Outcome {
        var status: TrialStep.Status
        var detail: String
        var remedy: String?
        var sent: String?
        var received: String?

        static func pass(_ detail: String) -> Outcome { Outcome(status: .pass, detail: detail) }
        static func fail(_ detail: String, _ remedy: String?) -> Outcome { Outcome(status: .fail, detail: detail, remedy: remedy) }
        static func skipped(_ detail: String, _ remedy: String? = nil) -> Outcome {
            Outcome(status: .skipped, detail: detail, remedy: remedy)
        }

        static func fail(_ problem: Problem) -> Outcome { .fail(problem.detail, problem.remedy) }
    }

    /// What has been learnt on the way.
    private struct Course {
        var began = ContinuousClock.now
        var counts: [TrialStep.Status: Int] = [:]
        var payments: [String] = []
        /// A step without which no later one can be tried.
        var blocked: TrialStep.Name?
        /// Whether money can move only in test mode; asked once.
        var testMode: Outcome?
        let send: @Sendable (TrialLine) -> Void
        let recording: TrialRecording?
        let stamp: String
    }

    func run(_ send: @escaping @Sendable (TrialLine) -> Void) async {
        let stamp = Date().formatted(.iso8601).replacing(":", with: "-")
        var recording: TrialRecording?
        var trouble: String?
        do throws(Recorder.Problem) {
            recording = try service.engine.edges.trialTap?.begin("\(stamp)-\(reader.text)")
        } catch {
            trouble = error.description
        }
        if let trouble { service.engine.logger.warning("the trial of \(reader.text) is not written down: \(trouble)") }
        var course = Course(send: send, recording: recording, stamp: stamp)
        await reach(&course)
        await session(&course)
        await cards(&course)
        recording?.end()
        send(
            .summary(
                TrialSummary(
                    pass: course.counts[.pass] ?? 0, fail: course.counts[.fail] ?? 0, skipped: course.counts[.skipped] ?? 0,
                    recording: recording?.trouble == nil ? recording?.path : nil, payments: course.payments,
                    durationSeconds: Self.seconds(ContinuousClock.now - course.began))))
    }

    private func tell(
        _ name: TrialStep.Name, _ outcome: Outcome, since began: ContinuousClock.Instant, calls: Set<String> = [], _ course: inout Course
    ) {
        var outcome = outcome
        let exchanges = course.recording?.take().filter { $0.peer == "reader" && (calls.isEmpty || calls.contains($0.call)) } ?? []
        if outcome.sent == nil, !exchanges.isEmpty {
            let shown = exchanges.count <= 8 ? exchanges : Array(exchanges.prefix(4) + exchanges.suffix(4))
            outcome.sent = shown.map(\.sent).joined(separator: "\n")
            outcome.received = shown.map(\.received).joined(separator: "\n")
        }
        course.counts[outcome.status, default: 0] += 1
        if outcome.status == .fail, [.reach, .certificate, .activate].contains(name) { course.blocked = name }
        course.send(
            .step(
                TrialStep(
                    step: name, status: outcome.status, detail: outcome.detail, sent: outcome.sent, received: outcome.received,
                    expected: Self.expected(name), remedy: outcome.remedy, durationSeconds: Self.seconds(ContinuousClock.now - began))))
    }

    private static func seconds(_ duration: Duration) -> Double { Double((duration / .milliseconds(1)).rounded()) / 1000 }

    private func isWanted(_ name: TrialStep.Name, _ course: inout Course) -> Bool {
        guard steps.contains(name) else { return false }
        guard let blocked = course.blocked else { return true }
        tell(name, .skipped("Not tried: \(blocked.rawValue) failed."), since: .now, &course)
        return false
    }

    // MARK: The way to it

    private func reach(_ course: inout Course) async {
        guard steps.contains(.reach) || steps.contains(.certificate) else { return }
        let began = ContinuousClock.now
        let id = reader
        let route: ReaderRoute
        switch await service.engine.view({ $0.wayTo(id) }) {
        case .success(let found): route = found
        case .failure(let trouble):
            if isWanted(.reach, &course) { tell(.reach, .fail(trouble.message, trouble.remedy), since: began, &course) }
            course.blocked = .reach
            _ = isWanted(.certificate, &course)
            return
        }
        let sent = "a connection to \(route.address), port \(route.port)"
        let handshake = "a TLS handshake for \(route.host)"
        var (reached, proved) = (Outcome.pass("Somebody answers at \(route.address)."), Outcome.pass("It proves to be \(route.host)."))
        (reached.sent, reached.received) = (sent, "a connection")
        (proved.sent, proved.received) = (handshake, "a certificate for that name, signed by an authority of this box")
        do throws(ReaderFailure) {
            let timeout = Duration.seconds(5)
            let channel =
                switch route.link {
                case .lan: try await service.engine.edges.lan.open(route, timeout: timeout)
                case .usb: try await service.engine.edges.usb.open(route, timeout: timeout)
                }
            channel.close(promise: nil)
        } catch {
            let trouble = ReaderTrouble.from(error)
            var failed = Outcome.fail(trouble.message, trouble.remedy)
            if case .untrusted = error {
                (failed.sent, failed.received) = (handshake, trouble.message)
                proved = failed
            } else {
                (failed.sent, failed.received) = (sent, trouble.message)
                reached = failed
            }
        }
        if steps.contains(.reach) { tell(.reach, reached, since: began, &course) }
        if reached.status == .fail { course.blocked = .reach }
        if isWanted(.certificate, &course) { tell(.certificate, proved, since: began, &course) }
        if proved.status == .fail { course.blocked = course.blocked ?? .certificate }
    }

    // MARK: The session

    private func session(_ course: inout Course) async {
        let (name, cart) = (reader.text, cart)
        if isWanted(.activate, &course) {
            let began = ContinuousClock.now
            _ = course.recording?.take()
            let outcome = await outcome { () throws(Problem) in
                _ = try await service.disconnectReader(name, caller: caller)
                let reader = try await service.connectReader(name, ConnectBody(cart: cart.text), caller: caller)
                return "It opened a session\(reader.software.map { "; its software is \($0)" } ?? "")."
            }
            tell(.activate, outcome, since: began, calls: ["activateTerminal", "clearReaderDisplay"], &course)
        }
        let acts: [(TrialStep.Name, TrialAct, String)] = [
            (.heartbeat, .heartbeat, "It answered in its session."), (.display, .display, "It took a cart to show: look at its screen."),
            (.clear, .clear, "It took the cart off."),
        ]
        for (step, act, words) in acts where isWanted(step, &course) {
            let began = ContinuousClock.now
            _ = course.recording?.take()
            let outcome = await outcome { () throws(Problem) in
                _ = try await service.ask { _ in .tryOut(name, act, cart: cart) }
                return words
            }
            tell(step, outcome, since: began, &course)
        }
    }

    private func outcome(_ work: () async throws(Problem) -> String) async -> Outcome {
        do throws(Problem) {
            return .pass(try await work())
        } catch {
            return .fail(error)
        }
    }

    // MARK: Cards: ordinary payments of the cart

    private static let calls: [TrialStep.Name: Set<String>] = [
        .collectCancel: ["collectPaymentMethod", "queryPaymentMethod", "cancelCollectPaymentMethod", "clearReaderDisplay"],
        .collectRead: ["collectPaymentMethod", "queryPaymentMethod"], .confirm: ["confirmPayment"],
    ]

    private func cards(_ course: inout Course) async {
        if isWanted(.collectCancel, &course) {
            let began = ContinuousClock.now
            if let reason = await refusesMoney(&course) {
                tell(.collectCancel, reason, since: began, &course)
            } else {
                let outcome = await collectAndCancel(&course)
                tell(.collectCancel, outcome, since: began, calls: Self.calls[.collectCancel] ?? [], &course)
            }
        }
        guard isWanted(.collectRead, &course) || (steps.contains(.confirm) && course.blocked == nil) else {
            _ = isWanted(.confirm, &course)
            return
        }
        let began = ContinuousClock.now
        if let reason = await refusesMoney(&course) {
            for step in [TrialStep.Name.collectRead, .confirm] where steps.contains(step) { tell(step, reason, since: began, &course) }
            return
        }
        await collectAndConfirm(&course)
    }

    /// Why the steps that take money are not tried; nil: they may be.
    private func refusesMoney(_ course: inout Course) async -> Outcome? {
        guard amount != nil else { return .skipped("Not tried: no amount was given.", "Give one: readerctl trial … --amount 1.00.") }
        if let known = course.testMode { return known.status == .pass ? nil : known }
        let known: Outcome
        do throws(Problem) {
            let key = try await service.configuration(cart: cart.text, caller: caller).publishableKey
            known =
                key.hasPrefix("pk_test_")
                ? .pass("test mode")
                : .skipped("Not tried: this backend's key is not one of test mode, and money would move.", "Try it with a test location.")
        } catch {
            known = .skipped("Not tried: whether this is test mode is not known: \(error.detail)", error.remedy)
        }
        course.testMode = known
        return known.status == .pass ? nil : known
    }

    private func collectAndCancel(_ course: inout Course) async -> Outcome {
        _ = course.recording?.take()
        do throws(Problem) {
            let payment = try await pay("cancel", cancelsAtCard: true, &course)
            if payment.state == .canceled { return .pass("It asked for a card, and stopped when it was told to.") }
            let words = payment.failure?.message ?? "the payment ended \(payment.state.rawValue)"
            return .fail("It did not stop as it was told to: \(words)", payment.failure?.remedy ?? "Show no card in this step; try again.")
        } catch {
            return .fail(error)
        }
    }

    private func collectAndConfirm(_ course: inout Course) async {
        let began = ContinuousClock.now
        _ = course.recording?.take()
        var (read, confirmed) = (Outcome.pass("It read a card."), Outcome.pass("It authorised the payment."))
        do throws(Problem) {
            let payment = try await pay("pay", cancelsAtCard: false, &course)
            let wasRead = payment.timeline.contains { $0.state == .authorizing }
            let words = payment.failure?.message ?? "the payment ended \(payment.state.rawValue)"
            if !wasRead {
                read = .fail("No card was read: \(words)", payment.failure?.remedy ?? "Show a test card when the reader asks for one.")
                confirmed = .skipped("Not tried: no card was read.")
            } else if payment.state == .declined {
                confirmed = .pass("The issuer declined, and the reader said so: \(words)")
            } else if payment.state != .succeeded {
                confirmed = .fail("The payment is \(payment.state.rawValue): \(words)", payment.failure?.remedy)
            }
        } catch {
            read = .fail(error)
            confirmed = .skipped("Not tried: the payment did not begin.")
        }
        let exchanges = course.recording?.take() ?? []
        for (step, outcome) in [(TrialStep.Name.collectRead, read), (.confirm, confirmed)] where steps.contains(step) {
            var outcome = outcome
            let own = exchanges.filter { $0.peer == "reader" && Self.calls[step]?.contains($0.call) == true }
            let shown = own.count <= 6 ? own : Array(own.prefix(3) + own.suffix(3))
            if !shown.isEmpty {
                (outcome.sent, outcome.received) = (
                    shown.map(\.sent).joined(separator: "\n"), shown.map(\.received).joined(separator: "\n")
                )
            }
            tell(step, outcome, since: began, &course)
        }
    }

    /// One payment to its end, or to where nothing more is known of it for now.
    private func pay(_ suffix: String, cancelsAtCard: Bool, _ course: inout Course) async throws(Problem) -> Payment {
        let id = "trial-\(course.stamp)-\(suffix)"
        let body = PaymentBody(cart: cart.text, amount: amount?.text ?? "", reader: reader.text, timeoutSeconds: 60)
        _ = try await service.createPayment(id, body, caller: caller)
        course.payments.append(id)
        let events = try await service.paymentEvents(id, after: nil, caller: caller)
        defer { events.close() }
        var isCanceled = false
        while let batch = try await events.next() {
            guard let payment = batch.compactMap(\.payment).last else { continue }
            if payment.state.isEnd || payment.state == .unresolved { break }
            if cancelsAtCard, !isCanceled, payment.state == .waitingForCard {
                isCanceled = true
                _ = try await service.cancelPayment(id, caller: caller)
            }
        }
        return try await service.payment(id, waitUpTo: nil, caller: caller)
    }

    // MARK: Words

    private static func expected(_ step: TrialStep.Name) -> String {
        switch step {
        case .reach: "A connection at the address that Stripe's list has, to the readers' port."
        case .certificate: "A certificate for the reader's published name, valid today, signed by an authority of this box."
        case .activate: "HTTP 200, RPC_OK and OK, with a session_token."
        case .heartbeat, .display, .clear: "HTTP 200, RPC_OK and OK."
        case .collectCancel: "OK to collectPaymentMethod, then OK to cancelCollectPaymentMethod."
        case .collectRead: "OK to collectPaymentMethod, and payment_method in the answer to a query once a card was shown."
        case .confirm: "confirmed_payment_intent (or decline_response) with the status of the intent that was named."
        }
    }
}
