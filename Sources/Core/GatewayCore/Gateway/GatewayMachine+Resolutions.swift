import GatewayModel
import Moments

/// What a technician has said of a payment, while the backend may yet say otherwise.
struct Resolution: Sendable {
    /// Ended so; it never changes.
    var record: PaymentRecord
    /// When the backend is asked next.
    var pollAt: MonoTime
    var isAsking = false
    /// Since when the backend says that the order of a payment that was taken has failed.
    var failedSince: MonoTime?
    /// What the backend says instead; nil: nothing else so far.
    var contradiction: String?

    var wasTaken: Bool { record.money == .taken }
    var nextWake: MonoTime { isAsking ? .max : pollAt }
}

/// A payment that a technician has resolved stays as it is. Where the backend says otherwise later, that is journaled, told, and shown.
extension GatewayMachine {
    // MARK: What is kept

    /// So long after it was resolved a payment is asked about, and shown where the two do not agree; what is known stays in the journal.
    private static var resolutionSpan: Int64 { 90 * 86_400_000 }

    mutating func startResolutions(_ records: [PaymentRecord], _ facts: [String: String], at now: Now) {
        for record in records where record.state.isEnd {
            var resolution = Resolution(record: record, pollAt: now.mono + 1_000)
            if let value = facts[StoredFacts.resolutionKey + record.id.text], value.hasPrefix(StoredFacts.contradictedResolution) {
                resolution.contradiction = String(value.dropFirst(StoredFacts.contradictedResolution.count))
            }
            resolutions[record.id] = resolution
        }
    }

    /// A technician has just said how this payment ended.
    mutating func watch(_ record: PaymentRecord, at now: Now) {
        guard record.resolvedBy != nil else { return }
        resolutions[record.id] = Resolution(record: record, pollAt: now.mono + 60_000)
        remember(record.id, StoredFacts.watchedResolution, at: now)
    }

    private mutating func remember(_ payment: PaymentID, _ value: String, note: String? = nil, at now: Now) {
        outbox.add(
            JournalEntry(kind: .fact, at: now.wall, fact: .init(key: StoredFacts.resolutionKey + payment.text, value: value), note: note))
    }

    func isResolutionWatched(_ cart: CartID) -> Bool { resolutions.values.contains { $0.record.request.cart.lock == cart.lock } }

    // MARK: Asking

    mutating func tickResolutions(at now: Now) {
        for id in resolutions.keys.sorted() {
            guard let resolution = resolutions[id], !resolution.isAsking, now.mono >= resolution.pollAt else { continue }
            guard age(of: resolution, at: now) < Self.resolutionSpan else {
                resolutions[id] = nil
                remember(id, "over", at: now)
                continue
            }
            resolutions[id]?.isAsking = true
            call(.paymentStatus(resolution.record.request.cart), for: .resolution(id), timeout: policy.backendTimeout, payment: nil)
        }
    }

    private func age(of resolution: Resolution, at now: Now) -> Int64 {
        max(0, now.wall - (resolution.record.endedAt ?? resolution.record.updatedAt))
    }

    mutating func resolutionAnswered(_ payment: PaymentID, _ status: CartStatus?, at now: Now) {
        guard let resolution = resolutions[payment] else { return }
        resolutions[payment]?.isAsking = false
        let interval: Int64 =
            switch age(of: resolution, at: now) {
            case ..<3_600_000: 60_000
            case ..<86_400_000: 900_000
            default: 21_600_000
            }
        resolutions[payment]?.pollAt = now.mono + interval
        if let status { cartDecided(resolution.record.request.cart, status, at: now) }
    }

    // MARK: Judging

    /// The backend's word on a cart, whoever asked for it.
    mutating func judgeResolutions(of cart: CartID, by status: CartStatus, at now: Now) {
        // A confirm under way, or one whose outcome is being found out, may be what the backend speaks of.
        guard !resolutions.isEmpty, carts[cart]?.money.isConfirming != true else { return }
        let isFollowed = (carts[cart]?.money.open ?? []).contains { payments[$0.payment]?.isFollowing == true }
        guard !isFollowed else { return }
        for id in resolutions.keys.sorted() {
            guard let resolution = resolutions[id], resolution.record.request.cart.lock == cart.lock else { continue }
            judge(resolution, by: status, at: now)
        }
    }

    private mutating func judge(_ resolution: Resolution, by status: CartStatus, at now: Now) {
        let id = resolution.record.id
        switch (status, resolution.wasTaken) {
        case (.submitted(let order), true):
            if let order, let said = resolution.record.order, order != said {
                return contradict(id, "The backend says that the cart's order is \(order.text), and \(said.text) had been named.", at: now)
            }
            settle(id, resolution.contradiction == nil ? nil : "the backend says now what the technician said", at: now)
        case (.submitted(let order), false):
            let facts = carts[resolution.record.request.cart]?.facts
            // Another payment, or a card that was typed in, explains it.
            guard facts?.paidBy == nil || facts?.paidBy == id, facts?.keyedEver != true else { return settle(id, nil, at: now) }
            contradict(
                id,
                "The backend says that the cart is paid\(order.map { " (order \($0.text))" } ?? ""), and it had been resolved as not taken.",
                at: now)
        case (.failed(let error), true):
            guard let since = resolution.failedSince else {
                resolutions[id]?.failedSince = now.mono
                resolutions[id]?.pollAt = now.mono + policy.staleFailure + 1_000
                return
            }
            // One that was left by an earlier decline goes away when the backend hears of the charge.
            guard now.mono - since >= policy.staleFailure else { return }
            contradict(
                id, "The backend says that the cart's order failed\(error.map { ": \($0)" } ?? ""), and it had been resolved as taken.",
                at: now)
        case (.open, _): resolutions[id]?.failedSince = nil
        case (.failed, false): break
        }
    }

    private mutating func contradict(_ payment: PaymentID, _ words: String, at now: Now) {
        guard let resolution = resolutions[payment], resolution.contradiction != words else { return }
        var record = resolution.record
        record.unwarn([.contradicted])
        _ = record.warn(.contradicted(words))
        resolutions[payment]?.record = record
        resolutions[payment]?.contradiction = words
        keepWarned(record)
        outbox.add(
            JournalEntry(
                kind: .contradicted, at: now.wall, payment: record,
                fact: .init(key: StoredFacts.resolutionKey + payment.text, value: StoredFacts.contradictedResolution + words), note: words))
        log(.error, words, .payment(payment))
        out.append(.notice(Self.notice(of: payment, words)))
    }

    /// There is nothing more to be found out.
    private mutating func settle(_ payment: PaymentID, _ note: String?, at now: Now) {
        guard var record = resolutions.removeValue(forKey: payment)?.record else { return }
        guard record.warnings.contains(where: { $0.code == .contradicted }) else {
            return remember(payment, "settled", note: note, at: now)
        }
        // What is not so any more warns nobody.
        record.unwarn([.contradicted])
        keepWarned(record)
        outbox.add(
            JournalEntry(
                kind: .evidence, at: now.wall, payment: record,
                fact: .init(key: StoredFacts.resolutionKey + payment.text, value: StoredFacts.settledResolution),
                note: note))
    }

    /// A technician has seen that the backend contradicts what was said: there is nothing more to be told of it.
    mutating func settleContradiction(of payment: PaymentID, at now: Now) {
        guard resolutions[payment]?.contradiction != nil else { return }
        settle(payment, "a technician has acknowledged the contradiction", at: now)
    }

    /// A payment took the money of this cart: what was resolved as not taken was not contradicted by the order that follows.
    mutating func explainResolutions(of cart: CartID, by record: PaymentRecord, at now: Now) {
        for id in resolutions.keys.sorted() where id != record.id {
            guard let resolution = resolutions[id], resolution.record.request.cart.lock == cart.lock, !resolution.wasTaken,
                resolution.contradiction == nil
            else { continue }
            settle(id, nil, at: now)
        }
    }

    // MARK: Telling

    static var contradictionCode: String { "resolution_contradicted" }

    private static func notice(of payment: PaymentID, _ words: String) -> AgentNotice {
        AgentNotice(
            code: contradictionCode, message: "The payment \(payment.text): \(words)",
            remedy: "Look the payment up in Stripe's dashboard and the order in the back office, and settle it with the customer there.",
            payment: payment)
    }

    /// Payments of which the backend says otherwise than a technician has said.
    package var contradictions: [AgentNotice] {
        resolutions.keys.sorted().compactMap { id in resolutions[id]?.contradiction.map { Self.notice(of: id, $0) } }
    }
}
