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
    /// Payments whose acknowledgement is being written, with those who have asked for the same meanwhile.
    private var acknowledging: [PaymentID: [RequestID]] = [:]

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

    // MARK: Acknowledging

    mutating func acknowledges(_ id: PaymentID) { acknowledging[id] = acknowledging[id] ?? [] }

    /// Its acknowledgement is being written: this one is told what became of it. False: none is.
    mutating func join(_ id: PaymentID, _ request: RequestID) -> Bool {
        guard acknowledging[id] != nil else { return false }
        acknowledging[id, default: []].append(request)
        return true
    }

    /// Its acknowledgement was written, or was not: who waits for that.
    mutating func settle(_ id: PaymentID) -> [RequestID] { acknowledging.removeValue(forKey: id) ?? [] }

    /// All that stand, by payment.
    var standing: [(payment: PaymentID, warning: PaymentWarning)] {
        payments.sorted { $0.key < $1.key }.flatMap { id, record in record.warnings.map { (id, $0) } }
    }
}
