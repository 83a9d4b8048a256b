package import CheckoutAPI

/// Something that was asked for, or in a sentence why it could not be had.
package enum Had<Value: Sendable>: Sendable {
    case had(Value)
    case not(String)

    package var value: Value? {
        switch self {
        case .had(let value): value
        case .not: nil
        }
    }
}

/// A payment with all that is known of how it went.
package struct ReportedPayment: Sendable {
    package var payment: Payment
    /// The amount in words: "USD 56.78".
    package var sum: String
    /// How it stands, and why, in sentences for a cashier.
    package var words: [String]
    /// What was charged, where that is known.
    package var charged: String?
    /// What its receipt must or may bear, each with its name.
    package var receipt: [(name: String, value: String?)]
    package var events: Had<[Event]>
    package var trace: Had<PaymentTrace>

    package init(
        payment: Payment, sum: String, words: [String], charged: String? = nil, receipt: [(name: String, value: String?)] = [],
        events: Had<[Event]>,
        trace: Had<PaymentTrace>
    ) {
        self.payment = payment
        self.sum = sum
        self.words = words
        self.charged = charged
        self.receipt = receipt
        self.events = events
        self.trace = trace
    }
}

/// A payment in a list.
package struct ListedPayment: Sendable {
    package var payment: Payment
    package var sum: String

    package init(payment: Payment, sum: String) {
        self.payment = payment
        self.sum = sum
    }
}

/// How times are written: in the box's own zone, as people there read them.
package struct ReportClock: Sendable {
    package var dateAndTime: @Sendable (Timestamp) -> String
    package var time: @Sendable (Timestamp) -> String
    /// The time zone: "UTC+01:00".
    package var zone: String

    package init(dateAndTime: @escaping @Sendable (Timestamp) -> String, time: @escaping @Sendable (Timestamp) -> String, zone: String) {
        self.dateAndTime = dateAndTime
        self.time = time
        self.zone = zone
    }
}

/// Everything that the report shows. It holds no secret, for nobody who can be asked tells one; what it holds of cards is not shown.
package struct ReportFacts: Sendable {
    package var madeAt: Timestamp
    /// The version of the program that made it.
    package var version: String
    /// The box's name and its system.
    package var box: String
    package var info: Had<Info>
    package var status: Had<Status>
    package var checks: Had<[Check]>
    package var devices: Had<[Device]>
    /// The payments of the list, newest first.
    package var recent: Had<[ListedPayment]>
    /// The payments that are told in full.
    package var payments: [ReportedPayment]
    package var clock: ReportClock

    package init(
        madeAt: Timestamp, version: String, box: String, info: Had<Info>, status: Had<Status>, checks: Had<[Check]>, devices: Had<[Device]>,
        recent: Had<[ListedPayment]>, payments: [ReportedPayment], clock: ReportClock
    ) {
        self.madeAt = madeAt
        self.version = version
        self.box = box
        self.info = info
        self.status = status
        self.checks = checks
        self.devices = devices
        self.recent = recent
        self.payments = payments
        self.clock = clock
    }
}

extension ReportFacts {
    /// Why a report of these would tell nothing; nil when it would tell something.
    package var emptiness: String? {
        let found = checks.value?.contains { $0.status != .skipped } ?? false
        guard info.value == nil, status.value == nil, devices.value == nil, recent.value == nil, payments.isEmpty, !found else {
            return nil
        }
        switch status {
        case .had: return nil
        case .not(let reason): return reason
        }
    }
}
