import GatewayModel
import Moments

/// The technicians' words on payments, while the backend may yet contradict them.
///
/// A payment that a technician has resolved stays as it is. Where the backend contradicts later, that is journaled, told, and shown.
struct ResolutionWatch: Sendable {
    private struct Resolution: Sendable {
        /// The ended payment. It never changes but for its warnings.
        var record: PaymentRecord
        /// When the agent asks the backend next.
        var pollAt: MonoTime
        var isAsking = false
        /// Since when the backend says that the order of a payment that was taken has failed.
        var failedSince: MonoTime?
        /// The backend's contrary word; nil when it has not contradicted so far.
        var contradiction: String?

        var wasTaken: Bool { record.money == .taken }
        var nextWake: MonoTime { isAsking ? .max : pollAt }

        func age(at now: Now) -> Int64 { max(0, now.wall - (record.endedAt ?? record.updatedAt)) }
    }

    enum Action: Sendable, Equatable {
        /// Asks the backend about this cart. The answer is `answered`.
        case ask(PaymentID, CartID)
        /// Journals the standing of the watch, with a note.
        case note(PaymentID, String, note: String?)
        /// Reports that the backend contradicts. The payment has the warning from now on.
        case contradicted(PaymentRecord, String)
        /// Reports that the backend agrees after all. The payment no longer warns of it.
        case settled(PaymentRecord, note: String?)
    }

    /// What else is known of the cart that the backend spoke of.
    struct Circumstances: Sendable {
        var facts: CartFacts?
        /// How long a `Failed` must have stood to be no old news, in milliseconds.
        var staleFailure: Int64
    }

    /// How long after its resolution a payment is asked about, and shown where the two do not agree, in milliseconds. The journal keeps
    /// what is known.
    private static let span: Int64 = 90 * 86_400_000
    private static let pauseAtStart: Int64 = 1_000
    private static let pauseAtFirst: Int64 = 60_000

    private var resolutions: [PaymentID: Resolution] = [:]

    // MARK: Events

    /// Takes in what the journal knows of the payments that are still watched.
    mutating func start(_ records: [PaymentRecord], _ facts: [String: String], at now: Now) {
        for record in records where record.state.isEnd {
            var resolution = Resolution(record: record, pollAt: now.mono + Self.pauseAtStart)
            if let value = facts[StoredFacts.resolutionKey + record.id.text], value.hasPrefix(StoredFacts.contradictedResolution) {
                resolution.contradiction = String(value.dropFirst(StoredFacts.contradictedResolution.count))
            }
            resolutions[record.id] = resolution
        }
    }

    /// Watches a payment on whose end a technician has just given a word.
    mutating func watch(_ record: PaymentRecord, at now: Now) -> [Action] {
        guard record.resolvedBy != nil else { return [] }
        resolutions[record.id] = Resolution(record: record, pollAt: now.mono + Self.pauseAtFirst)
        return [.note(record.id, StoredFacts.watchedResolution, note: nil)]
    }

    mutating func tick(at now: Now) -> [Action] {
        let due = resolutions.filter { now.mono >= $0.value.nextWake }
        guard !due.isEmpty else { return [] }
        var actions: [Action] = []
        for (id, resolution) in due.sorted(by: { $0.key < $1.key }) {
            if resolution.age(at: now) < Self.span {
                resolutions[id]?.isAsking = true
                actions.append(.ask(id, resolution.record.request.cart))
            } else {
                resolutions[id] = nil
                actions.append(.note(id, "over", note: nil))
            }
        }
        return actions
    }

    /// Notes that the question was answered, or failed. What the answer says of the cart comes by `heard`.
    ///
    /// - Returns: the cart that was asked about; nil when the payment is no longer watched.
    mutating func answered(_ payment: PaymentID, at now: Now) -> CartID? {
        guard let resolution = resolutions[payment] else { return nil }
        resolutions[payment]?.isAsking = false
        let interval: Int64 =
            switch resolution.age(at: now) {
            case ..<3_600_000: 60_000
            case ..<86_400_000: 900_000
            case _: 21_600_000
            }
        resolutions[payment]?.pollAt = now.mono + interval
        return resolution.record.request.cart
    }

    /// Takes the backend's word on a cart, whichever call asked for it, while no payment of the cart is under way of which it may speak.
    mutating func heard(_ status: CartStatus, of cart: CartID, _ around: Circumstances, at now: Now) -> [Action] {
        ids(of: cart).flatMap { judge($0, by: status, around, at: now) }
    }

    /// Settles the watch on a cart whose money another payment took. The order that follows does not contradict what was resolved as not
    /// taken.
    mutating func explained(_ cart: CartID, by payment: PaymentID) -> [Action] {
        ids(of: cart).flatMap { id -> [Action] in
            guard id != payment, let resolution = resolutions[id], !resolution.wasTaken, resolution.contradiction == nil else { return [] }
            return settle(id, nil)
        }
    }

    /// Settles the watch, because a technician has seen the contradiction. There is nothing more to tell of it.
    mutating func acknowledged(_ payment: PaymentID) -> [Action] {
        guard contradicts(payment) else { return [] }
        return settle(payment, "a technician has acknowledged the contradiction")
    }

    /// Takes over the changed warnings of a payment.
    mutating func warningsChanged(of record: PaymentRecord) { resolutions[record.id]?.record.replaceWarnings(by: record) }

    // MARK: Judging

    private func ids(of cart: CartID) -> [PaymentID] {
        resolutions.isEmpty ? [] : resolutions.filter { $0.value.record.request.cart.lock == cart.lock }.keys.sorted()
    }

    private mutating func judge(_ id: PaymentID, by status: CartStatus, _ around: Circumstances, at now: Now) -> [Action] {
        guard let resolution = resolutions[id] else { return [] }
        switch (status, resolution.wasTaken) {
        case (.submitted(let order), true):
            if let order, let said = resolution.record.order, order != said {
                return contradict(id, "The backend says that the cart's order is \(order.text), and \(said.text) had been named.")
            }
            return settle(id, resolution.contradiction == nil ? nil : "the backend says now what the technician said")
        case (.submitted(let order), false):
            let facts = around.facts
            // Another payment, or a typed-in card, explains it.
            guard facts?.paidBy == nil || facts?.paidBy == id, facts?.keyedEver != true else { return settle(id, nil) }
            return contradict(
                id,
                "The backend says that the cart is paid\(order.map { " (order \($0.text))" } ?? ""), and it had been resolved as not taken."
            )
        case (.failed(let error), true):
            guard let since = resolution.failedSince else {
                resolutions[id]?.failedSince = now.mono
                resolutions[id]?.pollAt = now.mono + around.staleFailure + 1_000
                return []
            }
            // A `Failed` from an earlier decline goes away when the backend hears of the charge.
            guard now.mono - since >= around.staleFailure else { return [] }
            return contradict(
                id, "The backend says that the cart's order failed\(error.map { ": \($0)" } ?? ""), and it had been resolved as taken.")
        case (.open, _):
            resolutions[id]?.failedSince = nil
            return []
        case (.failed, false): return []
        }
    }

    private mutating func contradict(_ payment: PaymentID, _ words: String) -> [Action] {
        guard let resolution = resolutions[payment], resolution.contradiction != words else { return [] }
        var record = resolution.record
        record.unwarn([.contradicted])
        _ = record.warn(.contradicted(words))
        resolutions[payment]?.record = record
        resolutions[payment]?.contradiction = words
        return [.contradicted(record, words)]
    }

    /// Settles a watch in which nothing more can be found out.
    private mutating func settle(_ payment: PaymentID, _ note: String?) -> [Action] {
        guard var record = resolutions.removeValue(forKey: payment)?.record else { return [] }
        guard record.warnings.contains(where: { $0.code == .contradicted }) else { return [.note(payment, "settled", note: note)] }
        // A contradiction that no longer holds warns no person.
        record.unwarn([.contradicted])
        return [.settled(record, note: note)]
    }

    // MARK: What is known

    var nextWake: MonoTime { resolutions.values.reduce(.max) { min($0, $1.nextWake) } }

    var isEmpty: Bool { resolutions.isEmpty }

    func isWatched(_ cart: CartID) -> Bool { resolutions.values.contains { $0.record.request.cart.lock == cart.lock } }

    func contradicts(_ payment: PaymentID) -> Bool { resolutions[payment]?.contradiction != nil }

    /// The payments about which the backend is being asked, in no order.
    var asking: [PaymentID] { resolutions.values.filter(\.isAsking).map(\.record.id) }

    /// The payments of which the backend contradicts a technician's word, in order.
    var contradictions: [(payment: PaymentID, words: String)] {
        resolutions.keys.sorted().compactMap { id in resolutions[id]?.contradiction.map { (id, $0) } }
    }
}
