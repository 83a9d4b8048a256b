import CheckoutAPI

/// An event on one line.
struct EventWords {
    let event: Event

    /// How a reader stands: "Front Desk is offline. It does not answer."
    static func sentence(_ reader: Reader) -> String {
        let state = "\(shown(ReaderWords.name(reader), limit: 60)) is \(ReaderWords.state(reader.state))."
        return state + (reader.reason.map { " " + shown($0.message) } ?? "")
    }

    init(_ event: Event) { self.event = event }

    /// What happened, and how the resource is after it.
    var text: String {
        let type = shown(event.type, limit: 40)
        if let payment = event.payment {
            let words = PaymentWords(payment)
            return [
                type, shown(payment.id, limit: 130), words.sum, payment.state.rawValue.split(separator: "_").joined(separator: " "),
                payment.money == .notTaken ? nil : "money \(payment.money.rawValue)", payment.failure?.code.rawValue,
                event.note.map { "(\(shown($0, limit: 600)))" },
            ].compactMap { $0 }.joined(separator: "  ")
        }
        if let reader = event.reader {
            return [
                type, shown(ReaderWords.name(reader), limit: 60), ReaderWords.state(reader.state), reader.reason.map { shown($0.message) },
            ]
            .compactMap { $0 }.joined(separator: "  ")
        }
        if let device = event.device {
            return [
                type, shown(device.device, limit: 60), device.model.map { shown($0, limit: 60) }, device.reason.map { shown($0.message) },
            ]
            .compactMap { $0 }.joined(separator: "  ")
        }
        if let notice = event.agent {
            return [
                type, shown(notice.message), notice.payment.map { "payment \(shown($0, limit: 130))" }, notice.remedy.map { shown($0) },
            ]
            .compactMap { $0 }.joined(separator: "  ")
        }
        return type
    }
}
