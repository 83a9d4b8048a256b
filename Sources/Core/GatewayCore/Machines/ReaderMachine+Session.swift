import GatewayModel
import Moments

/// The opening, the keeping and the giving up of a session.
extension ReaderMachine {
    /// Notes whether an open cart wants this reader ready.
    package mutating func setDesired(_ desired: Bool, at now: Now) -> [Action] {
        self.desired = desired && !isParted && !facts.isVendorSDKOnly
        var actions: [Action] = []
        connectIfWanted(at: now, &actions)
        return actions
    }

    package mutating func token(_ token: ConnectionToken, at now: Now) -> [Action] {
        guard case .claiming = session else { return [] }
        session = .listing(token)
        return [.list(token)]
    }

    package mutating func tokenRefused(_ failure: CallFailure, at now: Now, random: inout SeededRandom) -> [Action] {
        guard case .claiming = session else { return [] }
        var actions: [Action] = []
        fail(.from(backend: failure), quick: false, at: now, random: &random, &actions)
        return actions
    }

    package mutating func noCart(at now: Now, random: inout SeededRandom) -> [Action] {
        guard case .claiming = session else { return [] }
        var actions: [Action] = []
        fail(
            ReaderTrouble(
                .noCart, "Connecting to a reader needs a connection token, and that needs an open cart.",
                remedy: "Open a cart, or set maintenance_cart in the settings."), quick: false, at: now, random: &random, &actions)
        return actions
    }

    /// Takes in what the lists say of this reader, in any state. A connection under way goes on with it.
    package mutating func listed(_ facts: ReaderFacts, at now: Now, random: inout SeededRandom) -> [Action] {
        self.facts = facts
        guard case .listing(let token) = session else { return [] }
        var actions: [Action] = []
        switch facts.routes(port: policy.lanPort).map({ bestRoute($0) }) {
        case .success(let route?):
            session = .activating
            self.route = route
            tookOver = takesOver
            let isProof = proves && !takesOver && !clearsFirst
            queue.addActivation(isProof ? .prove(token: token) : .activate(token: token, failIfInUse: !takesOver))
            sendActivation(&actions)
        case .success(nil):
            fail(
                ReaderTrouble(.notListed, "No way leads to the reader.", remedy: "Look for readers again."), quick: false, at: now,
                random: &random, &actions)
        case .failure(let trouble):
            searchOrFail(trouble, quick: false, at: now, random: &random, &actions)
        }
        return actions
    }

    package mutating func listFailed(_ failure: CallFailure, at now: Now, random: inout SeededRandom) -> [Action] {
        guard case .listing = session else { return [] }
        var actions: [Action] = []
        fail(.from(stripe: failure), quick: true, at: now, random: &random, &actions)
        return actions
    }

    /// Takes in that the reader's USB link was plugged in, pulled out, or plugged in anew.
    ///
    /// A payment that holds the reader finds out by itself, as with a reader that is lost on the LAN. What it may conclude depends on the
    /// command that was under way.
    package mutating func plugged(
        _ place: USBPlace?, _ usb: USBFacts?, at now: Now, random: inout SeededRandom
    ) -> [Action] {
        facts.usbPlace = place
        facts.usb = usb
        failedLink = nil
        if place != nil {
            heard(at: now)
        } else if contact == .heard, facts.seen == nil {
            contact = .none
        }
        var actions: [Action] = []
        if case .usb(let used) = route?.link, used != place, case .live = session, lease == .free, !queue.isAsking {
            loseSession(
                ReaderTrouble(
                    .unreachable, "The reader's USB cable was pulled out (\(used.name)).",
                    remedy: "Plug the reader in again, or connect it to the shop's network."),
                at: now, random: &random, &actions)
        } else if let place {
            tryPlug(place, at: now, &actions)
        }
        return actions
    }

    /// Tries the place where the reader has just been plugged in. A session that is being opened elsewhere goes on, and this place is next.
    private mutating func tryPlug(_ place: USBPlace, at now: Now, _ actions: inout [Action]) {
        switch session {
        case .none(let trouble, _):
            session = .none(trouble: trouble, retryAt: now.mono)
            connectIfWanted(at: now, &actions)
        case .searching: connect(at: now, &actions)
        case .activating, .clearing: hasNewPlace = hasNewPlace || route?.link != .usb(place)
        case .claiming, .listing, .live: break
        }
    }

    var wantsSession: Bool { desired || holderWaits || isFreeing || proofWanted || !connects.isEmpty }

    var heartbeatAt: MonoTime {
        max(lastContact, lastHeartbeat) + policy.heartbeatInterval
    }

    var takesOver: Bool {
        switch lease {
        case .free: connects.contains(where: \.takeOver)
        case .held: false
        case .freeing(_, let way): way == .takesOver
        }
    }

    func bestRoute(_ routes: [ReaderRoute]) -> ReaderRoute? {
        routes.first { $0.link != failedLink } ?? routes.first
    }

    mutating func connectIfWanted(at now: Now, _ actions: inout [Action]) {
        guard wantsSession, !isBarred, case .none(_, let retryAt) = session, now.mono >= retryAt else { return }
        connect(at: now, &actions)
    }

    mutating func connect(at now: Now, _ actions: inout [Action]) {
        guard !isBarred else { return session = .none(trouble: nil, retryAt: now.mono) }
        session = .claiming
        hasNewPlace = false
        actions.append(.claimToken)
    }

    mutating func becomeLive(_ token: SessionToken, since: MonoTime, _ actions: inout [Action]) {
        session = .live(token, since: since)
        lastTrouble = nil
        failedLink = nil
        clearAt = nil
        clears = 0
        backoff.reset()
        attempts = 0
        actions.append(.changed("session opened"))
        if isParted, lease == .free { return leaveSession(at: Now(mono: since, wall: 0), &actions) }
        answerConnects(&actions)
        if holderWaits, case .held(let holder) = lease {
            holderWaits = false
            actions.append(.sessionReady(holder))
        }
    }

    /// Gives the session up. The agent does not tell the reader, because no call for that is known (reader-protocol, section 3).
    mutating func leaveSession(at now: Now, _ actions: inout [Action]) {
        session = .none(trouble: nil, retryAt: now.mono)
        sessionSince = nil
        for item in queue.endSession() {
            actions.append(.answer(item.owner, item.command, .failure(.unreachable(detail: "the reader was disconnected"))))
        }
        actions.append(.changed("session given up"))
    }

    mutating func activationFailed(
        _ failure: ReaderFailure, failIfInUse: Bool, at now: Now, random: inout SeededRandom, _ actions: inout [Action]
    ) {
        if let words = failure.speaksAnotherLanguage {
            clearsFirst = false
            return fail(.unsupported(facts, words), quick: false, at: now, random: &random, &actions)
        }
        // A confirm that never arrived leaves the card on the reader. The reader admits another point of sale only after that is cleared.
        if case .app(let code, _) = failure, code.refusesTakeover { clearsFirst = proves && !clearsFirst } else { clearsFirst = false }
        if clearsFirst { dirty = true }
        switch failure {
        case .app(let code, let detail) where failIfInUse && code.refusesTakeover:
            let words = detail.isEmpty ? "" : " (\(detail))"
            let other =
                proves
                ? "is at work on a card still, or is taking a payment for another point of sale"
                : "is taking a payment for another point of sale"
            fail(
                ReaderTrouble(
                    .inUseElsewhere, "The reader \(other)\(words).",
                    remedy: "Wait until it is done, or have a technician take the reader over."), quick: false, at: now, random: &random,
                &actions)
        case .unreachable:
            failedLink = route?.link
            searchOrFail(.from(failure), quick: true, at: now, random: &random, &actions)
        case .lost:
            failedLink = route?.link
            fail(.from(failure), quick: true, at: now, random: &random, &actions)
        case .rpc, .app, .invalidAnswer, .unsupported: fail(.from(failure), quick: true, at: now, random: &random, &actions)
        case .untrusted:
            failedLink = route?.link
            searchOrFail(.from(failure), quick: false, at: now, random: &random, &actions)
        }
    }

    /// Handles a failed try to open a session. With `quick` the holder of the lease is worth one more try at once.
    mutating func fail(
        _ trouble: ReaderTrouble, quick: Bool, at now: Now, random: inout SeededRandom, _ actions: inout [Action]
    ) {
        sessionSince = nil
        if triesNewPlace(after: trouble, at: now, &actions) { return }
        attempts += 1
        note(trouble)
        if holderWaits, case .held(let holder) = lease {
            if quick && attempts < 2 {
                session = .none(trouble: trouble, retryAt: now.mono)
                connect(at: now, &actions)
                return
            }
            holderWaits = false
            actions.append(.sessionFailed(holder, trouble))
        }
        let pause = trouble.kind == .softwareUnsupported ? pauseForSoftware() : 500 + backoff.next(random: &random)
        session = .none(trouble: trouble, retryAt: now.mono + pause)
        lastTrouble = trouble
        actions.append(.changed(trouble.message))
        turnAwayWaiting(trouble, &actions)
        if refuseConnects(trouble, wasPolite: !tookOver, &actions) { connect(at: now, &actions) }
    }

    /// Tells those that wait for a reader that its holder has lost and that is not there.
    private mutating func turnAwayWaiting(_ trouble: ReaderTrouble, _ actions: inout [Action]) {
        guard isFreeing, isUnusable(trouble), trouble.kind != .inUseElsewhere else { return }
        actions += waiting.map { .turnedAway($0, trouble) }
        waiting = []
    }

    mutating func loseSession(
        _ trouble: ReaderTrouble, at now: Now, random: inout SeededRandom, _ actions: inout [Action]
    ) {
        let wasClearing = if case .clearing = session { true } else { false }
        session = .none(trouble: trouble, retryAt: now.mono)
        note(trouble)
        clearAt = nil
        sessionSince = nil
        for item in queue.endSession() {
            actions.append(.answer(item.owner, item.command, .failure(.unreachable(detail: "the session with the reader was lost"))))
        }
        actions.append(.changed("session lost: \(trouble.message)"))
        // A reader that opens sessions and then breaks is asked again only after a pause, and those that wait for it are told.
        if wasClearing { return fail(trouble, quick: true, at: now, random: &random, &actions) }
        connectIfWanted(at: now, &actions)
    }
}

extension ReaderFailure {
    /// Whether the session is to be given up (reader-protocol, sections 4 and 5: transport failures and unauthenticated codes end it).
    package var endsSession: Bool {
        switch self {
        case .unreachable, .untrusted, .lost: true
        case .rpc(let code, _):
            switch code {
            case .networkUnavailable, .serverUnresolvable, .serverUnreachable, .timeout: true
            case .retry, .serverBusy, .rpcError, .unknownRPCError, .badRequest, .badResponse, .other: false
            }
        case .app(let code, _): code.endsSession
        case .invalidAnswer, .unsupported: false
        }
    }

    /// A reader's words to an activation when it does not serve this interface; nil when the failure is another one.
    ///
    /// It is inferred that a reader would say so by such codes (reader-protocol, sections 5.1, 5.2 and 14).
    var speaksAnotherLanguage: String? {
        switch self {
        case .unsupported(let detail): return detail
        case .rpc(let code, let detail):
            switch code {
            case .badRequest: return "it calls the request a bad one (\(detail))"
            case .other(let word): return Self.meansUnknown(word) ? "\(word) (\(detail))" : nil
            case .networkUnavailable, .serverUnresolvable, .serverUnreachable, .timeout, .retry, .serverBusy, .rpcError,
                .unknownRPCError, .badResponse:
                return nil
            }
        case .app(let code, let detail):
            switch code {
            case .illegalVersion: return "it takes another version (\(detail))"
            case .other(let word): return Self.meansUnknown(word) ? "\(word) (\(detail))" : nil
            case .invalidSessionToken, .authenticationFailure, .unauthorized, .shortLivedSession, .illegalState, .lockResourcesException,
                .interrupted, .invalidRequest, .invalidResponse, .invalidConfig, .serverError, .healthFailure, .unreachableEndpoint,
                .persisterFailure, .unknownApplicationError:
                return nil
            }
        case .unreachable, .untrusted, .lost, .invalidAnswer: return nil
        }
    }

    private static func meansUnknown(_ word: String) -> Bool {
        [
            "UNIMPLEMENTED", "NOT_IMPLEMENTED", "NOT_FOUND", "UNKNOWN_METHOD", "METHOD_NOT_FOUND", "UNKNOWN_SERVICE", "UNSUPPORTED",
            "UNSUPPORTED_METHOD", "UNSUPPORTED_VERSION",
        ].contains(word)
    }
}

extension AppErrorCode {
    /// Whether the code refuses a takeover. Which code does is not public, so a code that is about neither the token nor the message's form
    /// counts as "in use".
    var refusesTakeover: Bool {
        switch self {
        case .lockResourcesException, .illegalState, .interrupted, .other: true
        case .invalidSessionToken, .authenticationFailure, .unauthorized, .shortLivedSession, .invalidRequest, .invalidResponse,
            .illegalVersion, .invalidConfig, .serverError, .healthFailure, .unreachableEndpoint, .persisterFailure,
            .unknownApplicationError:
            false
        }
    }
}
