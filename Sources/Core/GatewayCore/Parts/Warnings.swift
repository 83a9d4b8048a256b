import GatewayModel
import Moments

/// The payments of which a person should know something, until a technician has acknowledged it.
///
/// A warning stands in the payment itself: in its rows, in what tills see, in the status and in the checks. This type holds the payments
/// with warnings, whether they are open or ended long ago.
struct Warnings: Sendable {
    /// The largest number of payments that memory holds. It holds the newest; the others are in the journal only.
    static let maximum = 1_000

    private var payments: [PaymentID: PaymentRecord] = [:]
    /// The payments whose acknowledgement is being written, with the requests that have asked for the same meanwhile.
    private var acknowledging: [PaymentID: [RequestID]] = [:]

    /// Takes a record that is about to be journaled.
    ///
    /// - Returns: what is new among its warnings.
    mutating func note(_ record: PaymentRecord) -> [PaymentWarning] {
        defer { keep(record) }
        guard !record.warnings.isEmpty else { return [] }
        let known = Set((payments[record.id]?.warnings ?? []).map(\.code))
        return record.warnings.filter { !known.contains($0.code) }
    }

    /// Keeps the payment as it is now, with whatever warnings it has.
    mutating func keep(_ record: PaymentRecord) {
        payments[record.id] = record.warnings.isEmpty ? nil : record
        guard payments.count > Self.maximum else { return }
        let oldest = payments.values.min { ($0.createdAt, $0.id) < ($1.createdAt, $1.id) }
        if let oldest { payments[oldest.id] = nil }
    }

    func record(_ id: PaymentID) -> PaymentRecord? { payments[id] }

    // MARK: Acknowledging

    mutating func acknowledges(_ id: PaymentID) { acknowledging[id] = acknowledging[id] ?? [] }

    /// Lets a request wait for an acknowledgement that is being written. Returns false when none is.
    mutating func join(_ id: PaymentID, _ request: RequestID) -> Bool {
        guard acknowledging[id] != nil else { return false }
        acknowledging[id, default: []].append(request)
        return true
    }

    /// Takes the requests that wait for an acknowledgement that was written, or was not.
    mutating func settle(_ id: PaymentID) -> [RequestID] { acknowledging.removeValue(forKey: id) ?? [] }

    /// All standing warnings, by payment.
    var standing: [(payment: PaymentID, warning: PaymentWarning)] {
        payments.sorted { $0.key < $1.key }.flatMap { id, record in record.warnings.map { (id, $0) } }
    }
}
