import GatewayModel
import Moments

/// Payments of which a person should know something, until somebody has seen to it.
///
/// A warning stands in the payment itself: in its rows, in what tills are shown, in the status and in the checks. Here are those payments that have
/// any, whether they are open or ended long ago.
struct Warnings: Sendable {
    /// More than so many are in the journal only; the newest are held.
    static let maximum = 1_000

    private var payments: [PaymentID: PaymentRecord] = [:]

    /// What is about to be journaled of a payment.
    ///
    /// - Returns: what is new among its warnings.
    mutating func note(_ record: PaymentRecord) -> [PaymentWarning] {
        defer { keep(record) }
        guard !record.warnings.isEmpty else { return [] }
        let known = Set((payments[record.id]?.warnings ?? []).map(\.code))
        return record.warnings.filter { !known.contains($0.code) }
    }

    /// The payment as it is now, with whatever warnings it has.
    mutating func keep(_ record: PaymentRecord) {
        payments[record.id] = record.warnings.isEmpty ? nil : record
        guard payments.count > Self.maximum else { return }
        let oldest = payments.values.min { ($0.createdAt, $0.id) < ($1.createdAt, $1.id) }
        if let oldest { payments[oldest.id] = nil }
    }

    func record(_ id: PaymentID) -> PaymentRecord? { payments[id] }

    /// All that stand, by payment.
    var standing: [(payment: PaymentID, warning: PaymentWarning)] {
        payments.sorted { $0.key < $1.key }.flatMap { id, record in record.warnings.map { (id, $0) } }
    }
}
