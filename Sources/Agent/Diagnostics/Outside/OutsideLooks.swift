internal import CheckoutAPI
internal import GatewayModel
import Moments
internal import WebCall

extension Checkup {
    /// Backend, Stripe, tokens, time.
    func outsideLooks(_ agent: CheckedAgent) -> [Look] {
        // Asked once, for the checks that need the answer, and only if one of them runs.
        let answer = AskedOnce { await self.backendAnswer() }
        return [
            Look("credential", nil, "The backend's credential is there and accepted.") { await credential(await answer.value()) },
            Look("backend", nil, "The backend answers.") { backend(await answer.value()) },
            Look("clock", nil, "This box's clock is right.") {
                _ = await answer.value()
                return Self.clock(web.clockSample(of: place.backend), from: place.backend.place)
            },
            Look("stripe", nil, "Stripe answers.") { await stripe() },
            Look("token", nil, "Connection tokens come from the backend.") {
                let finding = Self.token(agent.lastToken, now: BoxClock.now())
                // Its cause is told by another check; here it would be a second fault.
                guard finding.status == .fail, case .failure = await answer.value().result else { return finding }
                return .skipped("None comes, because of what the checks backend and credential say. \(finding.detail)")
            },
            Look("mode", nil, "Live and test are not mixed.") { Self.mode(agent) },
        ]
    }

    struct BackendAnswer: Sendable {
        var result: Result<Void, CallFailure>
        var took: Duration
    }

    private func backendAnswer() async -> BackendAnswer {
        let began = ContinuousClock.now
        let result = await askBackend()
        return BackendAnswer(result: result, took: ContinuousClock.now - began)
    }

    private func backend(_ answer: BackendAnswer) -> Finding {
        let milliseconds = Int64(answer.took / .milliseconds(1))
        switch answer.result {
        case .failure(let failure):
            switch failure {
            // On a connection that stood before, a box that has lost its network sees only silence.
            case .unavailable(let detail, _) where isWithoutWay:
                let noWay = CallFailure.unavailable(detail: "\(detail) (\(TransportWords.noRoute))", mayHaveActed: false)
                return .fail(noWay.backendCause, noWay.backendRemedy)
            case .unavailable, .invalidAnswer: return .fail(failure.backendCause, failure.backendRemedy)
            case .rejected(404, _) where !place.backend.prefix.isEmpty: return .fail(failure.backendCause, failure.backendRemedy)
            // It answers; what it says is a matter of the check credential.
            case .unauthorized, .forbidden, .rejected, .overloaded: break
            }
        case .success: break
        }
        guard milliseconds < 2_000 else {
            return .warn(
                "\(place.backend.place) answered, but only after \(milliseconds) ms: payments will be slow to begin.",
                "See whether something fills the shop's internet connection (a backup, an update, guests).")
        }
        return .pass("\(place.backend.place) answered within \(milliseconds) ms.")
    }

    /// Whether the kernel knows no way to the backend, or to anywhere outside where the backend has a name. An address for documents stands
    /// for outside.
    private var isWithoutWay: Bool {
        let isAddress = place.backend.host.utf8.allSatisfy { (48...57).contains($0) || $0 == 46 }
        return Route.to(isAddress ? place.backend.host : "192.0.2.1") == .none
    }

    private func credential(_ answer: BackendAnswer) async -> Finding {
        for file in place.secretFiles {
            guard let facts = FileFacts(file.path) else {
                return .fail(
                    "\(file.operatorPath), which should hold \(file.what), cannot be read: \(FileFacts.reason).", Self.toPut(file))
            }
            // One line end is what the packaged service gets while there is no token.
            guard facts.size > 1 else { return .fail("There is no token yet: \(file.operatorPath) is missing or empty.", Self.toPut(file)) }
            guard facts.mode & 0o007 == 0 else {
                return .fail(
                    "\(file.operatorPath) holds \(file.what) and is open to every user of this box (mode \(facts.modeText)).",
                    "Others may have read it: ask for a new one, and close the file to them: sudo chmod 0600 \(file.operatorPath)")
            }
        }
        let life = Self.life(await credentialLife(), now: BoxClock.now(), file: place.secretFiles.first?.operatorPath)
        if life.status != .pass { return life }
        switch answer.result {
        case .success: return .pass("The backend accepts it. \(life.detail)")
        case .failure(.unauthorized(let detail)):
            let failure = CallFailure.unauthorized(detail: detail)
            return .fail(failure.backendCause, place.secretFiles.first.map(Self.toPut) ?? failure.backendRemedy)
        case .failure(.forbidden(let detail)):
            let failure = CallFailure.forbidden(detail: detail)
            return .fail(failure.backendCause, failure.backendRemedy)
        case .failure(.rejected(404, _)) where !place.backend.prefix.isEmpty:
            return .skipped("The backend was asked under a wrong path, so it could not be tried: see the check backend.")
        case .failure(.rejected(let status, let detail)):
            let failure = CallFailure.rejected(status: status, detail: detail)
            return .fail(failure.backendCause, failure.backendRemedy)
        case .failure: return .skipped("The backend did not answer, so it could not be tried: see the check backend.")
        }
    }

    private static func toPut(_ file: Place.SecretFile) -> String {
        "Put \(file.what) there (readerd takes it up by itself): sudo install -m 0600 TOKEN-FILE \(file.operatorPath)"
    }

    /// - Parameter file: where the credential stands.
    static func life(_ life: CredentialLife, now: WallTime, file: String?) -> Finding {
        let place = file ?? "its file"
        switch life {
        case .ends(let end) where end <= now:
            return .fail(
                "The credential for the backend ended on \(CivilTime(end).sentence).",
                "Put a new one into \(place); readerd takes it up by itself.")
        case .ends(let end) where end - now < 7 * 86_400_000:
            return .warn(
                "The credential for the backend ends on \(CivilTime(end).sentence): after that no payment can be taken.",
                "Put a new one into \(place) before then; readerd takes it up by itself.")
        case .ends(let end): return .pass("It ends on \(CivilTime(end).sentence).")
        case .renewed(let left):
            guard let left else { return .pass("readerd renews it by itself.") }
            return .pass("readerd renews it by itself; the one in use lasts for \(left.components.seconds / 60) more minutes.")
        case .notSaid: return .pass("When it ends is not known: it does not say.")
        }
    }

    static func clock(_ sample: ClockSample?, from place: String) -> Finding {
        guard let sample else { return .skipped("Nobody told the time: neither the backend nor its server has answered.") }
        let difference = sample.own - sample.server
        let size = abs(difference)
        // The header has whole seconds, and the answer took a moment.
        guard size > 5_000 else { return .pass("It agrees with \(place) to within \(max(1, size / 1000)) s.") }
        let words =
            size < 120_000
            ? "\(size / 1000) seconds"
            : size < 7_200_000
                ? "\(size / 60_000) minutes"
                : size < 172_800_000
                    ? "\(size / 3_600_000) hours" : "\(size / 86_400_000) days"
        let sentence = "This box's clock is \(words) \(difference < 0 ? "behind" : "ahead"), by \(place)'s."
        let remedy =
            "A box that forgets the time without power needs a new battery. Switch on time synchronisation: sudo timedatectl set-ntp true; then see: timedatectl"
        if size < 60_000 { return .warn(sentence, remedy) }
        return .fail(sentence + " Certificates are judged by the clock, and the times of payments will be wrong.", remedy)
    }

    private func stripe() async -> Finding {
        var request = WebRequest(name: "stripe", method: .get, base: place.stripe, path: "/healthcheck", deadline: Self.patience)
        request.takesAnyStatus = true
        let began = ContinuousClock.now
        do throws(CallFailure) {
            _ = try await web.send(request)
            return .pass("\(place.stripe.place) answered within \(Int64((ContinuousClock.now - began) / .milliseconds(1))) ms.")
        } catch {
            return .fail("Stripe does not answer: \(error.detail).", error.stripeRemedy)
        }
    }

    private static func why(_ result: String) -> String {
        switch result {
        case "unauthorized": "the backend refused the credential"
        case "forbidden": "the credential may not ask for one"
        case "rejected": "the backend refused it for its cart"
        case "invalid_answer": "what the backend answered is not understood"
        default: "the backend did not answer"
        }
    }

    static func token(_ token: CheckedAgent.Token?, now: WallTime) -> Finding {
        guard let token else {
            return .skipped("None was needed since readerd started. Opening a cart asks for one: sudo readerctl carts open CART")
        }
        func ago(_ time: Timestamp) -> String {
            let minutes = max(0, now - WallTime(time.milliseconds)) / 60_000
            return minutes < 2 ? "a moment ago" : minutes < 120 ? "\(minutes) minutes ago" : "\(minutes / 60) hours ago"
        }
        let tenths = Int((token.seconds * 10).rounded())
        let time = "\(tenths / 10).\(tenths % 10) s"
        let good = token.lastOKAt.map { " The last good one came \(ago($0))." } ?? " None has come since readerd started."
        // A cart that is paid takes no further token: that says nothing of the others.
        if token.result == "rejected", token.lastOKAt != nil {
            return .pass(
                "The backend gives them.\(good) It refused one \(ago(token.at)) because of its cart, as it does when the cart is paid.")
        }
        guard token.result == "ok" else {
            let isCart = token.result == "rejected"
            return .fail(
                "The last one was asked for \(ago(token.at)) and did not come: \(why(token.result)), after \(time)." + good,
                isCart
                    ? "See whether the cart is one of this location, and check location in the settings."
                    : "See the checks of the credential and the backend. Without tokens no reader can be connected; those that are connected go on."
            )
        }
        guard token.seconds < 5 else {
            return .warn(
                "The last one came \(ago(token.at)), but took \(time).",
                "The backend is slow: open the cart early, so that the customer does not wait for it.")
        }
        return .pass("The last one came \(ago(token.at)), after \(time).")
    }

    static func mode(_ agent: CheckedAgent) -> Finding {
        func word(_ live: Bool) -> String { live ? "live" : "test" }
        let readers = agent.readerModes.sorted { $0.key < $1.key }
        if let key = agent.keyIsLive {
            let others = readers.filter { $0.value != key }
            if let other = others.first {
                return .fail(
                    "The backend gives \(word(key)) keys, but the reader \(other.key) is registered in \(word(other.value)) mode"
                        + (others.count > 1 ? " (and \(others.count - 1) more)" : "") + ": they cannot work together.",
                    "Register the reader again at this location, or point backend.base_url at the \(word(other.value)) backend. A \(word(!key)) reader never takes \(word(key)) money."
                )
            }
            return .pass("Everything is in \(word(key)) mode." + (key ? "" : " No real money moves."))
        }
        if let first = readers.first, readers.contains(where: { $0.value != first.value }) {
            return .fail(
                "Some readers are in live mode and some in test mode.",
                "Remove those of the wrong mode from this location in the backend, and register them again.")
        }
        if let first = readers.first { return .pass("The readers are in \(word(first.value)) mode; no key was seen yet.") }
        return .skipped("No key and no reader's mode was seen yet: they come with the first cart.")
    }
}

/// An answer that several checks need, asked for when the first of them runs.
actor AskedOnce<Value: Sendable> {
    private let ask: @Sendable () async -> Value
    private var asking: Task<Value, Never>?

    init(_ ask: @escaping @Sendable () async -> Value) { self.ask = ask }

    /// The question has a deadline of its own, so that nobody waits longer than for that.
    func value() async -> Value {
        if let asking { return await asking.value }
        let task = Task { await ask() }
        asking = task
        return await task.value
    }
}
