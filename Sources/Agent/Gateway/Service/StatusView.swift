package import CheckoutAPI
internal import GatewayCore
internal import GatewayModel
import Moments

extension Status {
    /// Whether a payment can be taken now and, if not, why.
    init(_ machine: GatewayMachine, at now: Now) {
        let readers = machine.readerViews
        var reasons: [Reason] = []
        var backend = Part(state: .ok, lastOKAt: Timestamp(machine.backendServedAt))
        if let trouble = machine.backendTrouble {
            (backend.state, backend.detail) = (trouble.statusState, trouble.backendCause)
            reasons.append(Reason(code: trouble.statusCode, message: trouble.backendCause, remedy: trouble.backendRemedy))
        } else if !machine.hasListedReaders {
            (backend.state, backend.detail) = (.unknown, "The backend is being asked.")
            reasons.append(Reason(code: "starting", message: "The backend has not been heard from yet.", remedy: "Wait a moment."))
        }
        var journal = Part(state: .ok, lastOKAt: Timestamp(machine.journalWrittenAt))
        if let trouble = machine.journalTrouble {
            (journal.state, journal.detail) = (.unavailable, trouble.detail)
            reasons.append(
                Reason(
                    code: "journal_unavailable", message: "The journal cannot be written: \(trouble.detail)",
                    remedy: trouble.remedy ?? "Free some space on this box's disk; it is tried again by itself."))
        }
        if let lost = machine.refusesForLoss {
            (journal.state, journal.detail) = (.unavailable, lost.detail)
            reasons.append(Reason(code: GatewayMachine.lossCode, message: lost.detail, remedy: lost.remedy))
        }
        if machine.isStopping { reasons.append(Reason(code: "shutting_down", message: "The agent is being stopped.", remedy: nil)) }
        if machine.hasListedReaders, !readers.contains(where: \.isUsable) { reasons.append(Self.noReader(readers)) }
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
                    remedy: "Run sudo readerctl labels apply, or change the settings."))
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
                    createdAt: Timestamp(record.createdAt))
            })
    }
}

extension Status {
    /// Why no reader can be used: nobody has asked them, or those who did had no answer.
    private static func noReader(_ readers: [ReaderView]) -> Reason {
        guard !readers.isEmpty else {
            return Reason(
                code: "no_reader", message: "No reader is registered at this location.",
                remedy:
                    "If there should be one, check location in readerd.toml. Else let a reader show its registration code, then: sudo readerctl register"
            )
        }
        guard readers.allSatisfy(\.isUnknown) else {
            return Reason(
                code: "no_reader", message: "No registered reader can be used now.",
                remedy: "readerctl readers says what is wrong with each.")
        }
        return Reason(
            code: "readers_unknown", message: "No reader has been asked since readerd started, so whether one is there is not known.",
            remedy: "Open a cart (sudo readerctl carts open CART) or run sudo readerctl check. A payment is accepted all the same.")
    }
}

extension ReaderView {
    /// Whether a payment that is sent to it now has a reader that was heard of.
    fileprivate var isUsable: Bool {
        switch state {
        case .ready, .idle: true
        case .busy, .connecting: isThere == true
        case .unknown, .inUseElsewhere, .unreachable, .offline, .unregistered, .notDriveable: false
        }
    }

    fileprivate var isUnknown: Bool {
        switch state {
        case .unknown: true
        case .busy, .connecting: isThere == nil
        case .ready, .idle, .inUseElsewhere, .unreachable, .offline, .unregistered, .notDriveable: false
        }
    }
}

extension CallFailure {
    fileprivate var statusState: Status.Part.State {
        if case .unauthorized = self { .unauthorized } else { .unavailable }
    }

    /// What the status calls it: a backend that refuses is not away.
    fileprivate var statusCode: String {
        switch self {
        case .unauthorized: "backend_unauthorized"
        case .forbidden: "backend_forbidden"
        case .rejected: "backend_rejected"
        case .invalidAnswer: "backend_invalid_answer"
        case .unavailable: "backend_unavailable"
        case .overloaded: "overloaded"
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
