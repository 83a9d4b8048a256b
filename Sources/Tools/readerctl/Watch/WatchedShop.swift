import CheckoutAPI
import CheckoutClient

/// What `readerctl watch` knows of the shop. A value: what comes in changes it, and the view is made of it.
struct WatchedShop {
    /// Everything, read at one moment.
    struct Snapshot: Sendable {
        var info: Info
        var status: Status
        /// The payments, newest first.
        var payments: [Payment]
    }

    struct News: Equatable {
        var at: Timestamp
        var text: String
    }

    private(set) var info: Info
    private(set) var status: Status
    private(set) var payments: [Payment]
    /// The news, newest last.
    private(set) var news: [News] = []
    /// Since when the agent does not answer, and why.
    private(set) var outage: (since: Timestamp, reason: String)?

    private static let paymentLimit = 100
    private static let newsLimit = 20

    init(_ snapshot: Snapshot) {
        info = snapshot.info
        status = snapshot.status
        payments = snapshot.payments
    }

    mutating func see(_ snapshot: Snapshot, at now: Timestamp) {
        if outage != nil {
            outage = nil
            tell("Connected to the agent again.", at: now)
        }
        if snapshot.info.startedAt != info.startedAt {
            tell("The agent was started again (version \(shown(snapshot.info.version, limit: 40))).", at: snapshot.info.startedAt)
        }
        info = snapshot.info
        status = snapshot.status
        // An event may have come while the snapshot was on its way: what is newer stays.
        let known = Dictionary(payments.map { ($0.id, $0) }) { first, _ in first }
        payments = snapshot.payments.map { payment in known[payment.id].map { newer($0, payment) } ?? payment }
    }

    mutating func see(_ event: Event) {
        if let payment = event.payment { put(payment) }
        if let reader = event.reader {
            if let place = status.readers.firstIndex(where: { $0.reader == reader.reader && $0.serial == reader.serial }) {
                status.readers[place] = reader
            }
            tell(EventWords.sentence(reader), at: event.at)
        }
        if event.device != nil { tell(EventWords(event).text, at: event.at) }
        if let notice = event.agent {
            tell(shown(notice.message) + (notice.remedy.map { " What to do: \(shown($0))" } ?? ""), at: event.at)
        }
    }

    mutating func lose(_ reason: String, at now: Timestamp) {
        guard outage == nil else { return }
        outage = (now, reason)
    }

    private mutating func put(_ payment: Payment) {
        if let place = payments.firstIndex(where: { $0.id == payment.id }) {
            payments[place] = newer(payments[place], payment)
        } else {
            let place = payments.firstIndex { $0.createdAt <= payment.createdAt } ?? payments.count
            payments.insert(payment, at: place)
            if payments.count > Self.paymentLimit { payments.removeLast() }
        }
    }

    /// A payment that has ended never changes, and a timeline never gets shorter.
    private func newer(_ a: Payment, _ b: Payment) -> Payment {
        if a.state.isEnd != b.state.isEnd { return a.state.isEnd ? a : b }
        return (a.timeline.count, a.updatedAt) > (b.timeline.count, b.updatedAt) ? a : b
    }

    private mutating func tell(_ text: String, at: Timestamp) {
        guard news.last?.text != text else {
            news[news.count - 1].at = at
            return
        }
        news.append(News(at: at, text: text))
        if news.count > Self.newsLimit { news.removeFirst() }
    }
}
