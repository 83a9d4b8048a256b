package import CheckoutAPI
internal import GatewayCore

extension Status {
    /// Can a payment be taken now and, if not, why.
    init(_ machine: GatewayMachine, at now: Now) {
        let readers = machine.readerViews
        var reasons: [Reason] = []
        var backend = Part(state: .ok)
        if let refused = machine.credentialTrouble {
            backend = Part(state: .unauthorized, detail: refused.detail)
            reasons.append(
                Reason(code: "backend_unauthorized", message: "The backend refuses the agent's token.", remedy: refused.backendRemedy))
        } else if machine.refusesForBackend(at: now) || machine.listTrouble != nil && !machine.hasListedReaders {
            let detail = machine.listTrouble?.detail ?? "The backend has not answered for a while."
            backend = Part(state: .unavailable, detail: detail)
            reasons.append(
                Reason(
                    code: machine.listTrouble?.statusCode ?? "backend_unavailable", message: detail,
                    remedy: machine.listTrouble?.backendRemedy ?? "Check the shop's internet connection; it is tried again by itself."))
        } else if !machine.hasListedReaders {
            backend = Part(state: .unknown, detail: "The backend is being asked.")
            reasons.append(Reason(code: "starting", message: "The backend has not been heard from yet.", remedy: "Wait a moment."))
        }
        var journal = Part(state: .ok)
        if let trouble = machine.journalTrouble {
            journal = Part(state: .unavailable, detail: trouble.detail)
            reasons.append(
                Reason(
                    code: "journal_unavailable", message: "The journal cannot be written: \(trouble.detail)",
                    remedy: "Free some space on this box's disk; it is tried again by itself."))
        }
        if let lost = machine.refusesForLoss {
            journal = Part(state: .unavailable, detail: lost.detail)
            reasons.append(Reason(code: GatewayMachine.lossCode, message: lost.detail, remedy: lost.remedy))
        }
        if machine.isStopping { reasons.append(Reason(code: "shutting_down", message: "The agent is being stopped.", remedy: nil)) }
        let usable = readers.filter { [.ready, .busy, .idle, .connecting].contains($0.state) }
        if machine.hasListedReaders, usable.isEmpty {
            let words = readers.isEmpty ? "No reader is registered at this location." : "No registered reader can be used now."
            reasons.append(Reason(code: "no_reader", message: words, remedy: "readerctl readers says what is wrong with each."))
        }
        let canTakePayments = reasons.isEmpty
        reasons += (machine.contradictions + machine.standingWarnings).map { Reason(code: $0.code, message: $0.message, remedy: $0.remedy) }
        if machine.makesNewIntents {
            reasons.append(
                Reason(
                    code: "new_intent_each_time",
                    message: "This backend makes a new intent each time: after a restart what became of a confirm cannot be read.",
                    remedy: "Such a payment ends by the order, by taking the same amount of its cart again, or by a technician."))
        }
        for reader in readers {
            guard let declared = reader.declaredLabel, declared != reader.facts.label else { continue }
            reasons.append(
                Reason(
                    code: "label_drift",
                    message:
                        "The reader \(reader.facts.id.text) is called \(reader.facts.label ?? "nothing"), and the settings say \(declared).",
                    remedy: "Run readerctl labels apply, or change the settings."))
        }
        self.init(
            canTakePayments: canTakePayments, reasons: reasons, backend: backend, journal: journal, readers: readers.map { Reader($0) },
            lanes: machine.laneViews.map { lane in
                Lane(
                    lane: lane.name.text, reader: lane.reader?.text, readerState: lane.state.map { Reader.State(rawValue: $0.rawValue) },
                    payment: lane.payment?.text, waiting: lane.waiting)
            },
            openPayments: machine.openPayments.map { record in
                OpenPayment(
                    id: record.id.text, cart: record.request.cart.text, lane: record.request.lane?.text, reader: record.reader.text,
                    state: Payment.State(record.state), money: Payment.Money(record.money),
                    createdAt: Timestamp(milliseconds: record.createdAt))
            })
    }
}

extension CallFailure {
    /// What the status calls it: a backend that refuses is not away.
    fileprivate var statusCode: String {
        switch self {
        case .unauthorized: "backend_unauthorized"
        case .forbidden: "backend_forbidden"
        case .rejected: "backend_rejected"
        case .invalidAnswer: "backend_invalid_answer"
        case .unavailable: "backend_unavailable"
        }
    }
}

extension Engine {
    /// Whether a payment can be taken now and, if not, why.
    package var status: Status {
        let now = clock.now()
        return view { Status($0, at: now) }
    }
}
