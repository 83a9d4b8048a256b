import GatewayModel
import Moments

/// A technician's changes to the location's readers: which there are, their labels, and which has a session.
extension GatewayMachine {
    // MARK: Register, label, remove

    mutating func register(_ id: RequestID, _ code: RegistrationCode, label: String, location: String?, at now: Now) {
        line(up: .register(code, label: label, location: location), for: id, at: now)
    }

    mutating func relabel(_ id: RequestID, _ reference: String, label: String, at now: Now) {
        withReader(id, reference, .relabel(reference, label: label), isEntry: true, at: now) { machine, reader in
            machine.line(up: .relabel(reader, label), for: id, at: now)
        }
    }

    mutating func deregister(_ id: RequestID, _ reference: String, at now: Now) {
        withReader(id, reference, .deregister(reference), isEntry: true, at: now) { machine, reader in
            if let refusal = machine.refusesBusy(reader) { return machine.refuse(id, refusal) }
            machine.line(up: .remove(reader), for: id, at: now)
        }
    }

    private mutating func line(up job: RegistrationMachine.Job, for id: RequestID, at now: Now) {
        if isStopping { return refuse(id, Refusal(.shuttingDown, "The agent is being stopped.")) }
        if let refused = backend.refusedCredential { return refuse(id, .from(refused)) }
        let busy = busyReaders
        carryOut(registrations.add(job, for: id, patience: policy.registrationTimeout, at: now.mono) { busy[$0] })
    }

    /// The readers that cannot be removed now, and why.
    private var busyReaders: [ReaderID: Refusal] {
        var busy: [ReaderID: Refusal] = [:]
        for id in readers.ids { busy[id] = refusesBusy(id) }
        return busy
    }

    private mutating func carryOut(_ actions: [RegistrationQueue.Action]) {
        for action in actions {
            switch action {
            case .refuse(let requests, let refusal): for id in requests { refuse(id, refusal) }
            case .machine(_, .owed(let owed)): queue.add(.owed(.registration(owed)))
            case .machine(let job, .begun(let begun)): queue.add(.begun(.registration(job, begun)))
            }
        }
    }

    mutating func carryOut(_ action: RegistrationMachine.Begun, at now: Now) {
        switch action {
        case .list(let location):
            call(.terminals(location: location), for: .terminals, timeout: policy.backendTimeout, payment: nil)
        case .send(.register(let code, let label, let location)):
            log(.notice, "a reader is being registered with the label \(ReaderFacts.cleaned(label))")
            call(
                .registerTerminal(location: location, code, label: label), for: .terminalChange, timeout: policy.backendTimeout,
                payment: nil)
        case .send(.relabel(let reader, let label)):
            log(.notice, "the reader is being labelled \(ReaderFacts.cleaned(label))", .reader(reader))
            call(.updateTerminal(reader, label: label), for: .terminalChange, timeout: policy.backendTimeout, payment: nil)
        case .send(.remove(let reader)):
            log(.notice, "the reader is being removed from its location", .reader(reader))
            call(.deregisterTerminal(reader), for: .terminalChange, timeout: policy.backendTimeout, payment: nil)
        }
    }

    mutating func registrationEnded(_ result: Result<ReaderID, Refusal>, at now: Now) {
        guard let ended = registrations.takeEnded() else { return }
        switch (ended.job, result) {
        case (.register(_, let label, _), .success(let reader)):
            log(.notice, "registered as \(ReaderFacts.cleaned(label))", .reader(reader))
            for id in ended.requests { respond(id, .reader(reader, label: label)) }
        case (.relabel(_, let label), .success(let reader)):
            for id in ended.requests { respond(id, .reader(reader, label: label)) }
        case (.remove, .success(let reader)):
            forgetReader(reader, at: now)
            for id in ended.requests { respond(id, .done) }
        case (_, .failure(let refusal)):
            log(.warning, "a change of the location's readers failed: \(refusal.detail)")
            for id in ended.requests { refuse(id, refusal) }
        }
        let busy = busyReaders
        carryOut(registrations.beginNext { busy[$0] })
    }

    mutating func terminalsListed(_ result: Result<[BackendReader], CallFailure>, at now: Now) {
        if case .success(let list) = result, registrations.current?.location == nil { adopt(list, at: now) }
        carryOut(registrations.listed(result, at: now.mono))
    }

    mutating func terminalChanged(_ result: Result<Void, CallFailure>, at now: Now) { carryOut(registrations.told(result, at: now.mono)) }

    mutating func tickRegistrations(at now: Now) {
        guard registrations.nextWake <= now.mono else { return }
        carryOut(registrations.tick(at: now.mono))
    }

    /// Whether the reader is being removed from its location. Such a reader begins no payment.
    func isBeingRemoved(_ reader: ReaderID) -> Bool { registrations.current == .remove(reader) }

    private mutating func forgetReader(_ reader: ReaderID, at now: Now) {
        changeReader(reader, at: now) { machine, _ in machine.part(at: now) }
        for cart in carts.ids where carts[cart]?.reader == reader { carts.change(cart) { $0.reader = nil } }
        // The reader first answers what it was asked. The next list takes it away then.
        if readers[reader]?.isResting == true { readers[reader] = nil } else { readers.editFacts(of: reader) { $0.inBackend = false } }
        readers.identities.changed()
    }

    // MARK: Identify, connect, disconnect

    mutating func identify(_ id: RequestID, _ reference: String, at now: Now) {
        withReader(id, reference, .identify(reference), at: now) { machine, reader in
            if let refusal = machine.refusesBusy(reader) { return machine.refuse(id, refusal) }
            machine.readers.screens.wait(id, for: reader, identifies: true)
            machine.changeReader(reader, at: now) { reader, _ in
                reader.connect(for: .init(request: id, cart: nil, takeOver: false), at: now)
            }
        }
    }

    mutating func connect(_ id: RequestID, _ reference: String, cart: CartID?, takeOver: Bool, at now: Now) {
        withReader(id, reference, .connect(reference, cart: cart, takeOver: takeOver), at: now) { machine, reader in
            if let refusal = machine.refusesBusy(reader) { return machine.refuse(id, refusal) }
            machine.readers.screens.wait(id, for: reader, identifies: false)
            if takeOver { machine.log(.notice, "a technician takes the reader over", .reader(reader)) }
            machine.changeReader(reader, at: now) { reader, _ in
                reader.connect(for: .init(request: id, cart: cart, takeOver: takeOver), at: now)
            }
        }
    }

    mutating func disconnect(_ id: RequestID, _ reference: String, at now: Now) {
        withReader(id, reference, .disconnect(reference), at: now) { machine, reader in
            if let refusal = machine.refusesBusy(reader) { return machine.refuse(id, refusal) }
            machine.changeReader(reader, at: now) { reader, _ in reader.part(at: now) }
            machine.respond(id, .reader(reader, label: machine.readers[reader]?.facts.label))
        }
    }

    mutating func connected(_ id: RequestID, _ result: Result<Void, ReaderTrouble>, reader: ReaderID, at now: Now) {
        guard let waiting = readers.screens.waiting(id) else { return }
        switch result {
        case .success where waiting.identifies: showLabel(id, on: reader, at: now)
        case .success:
            readers.screens.forget(id)
            respond(id, .reader(reader, label: readers[reader]?.facts.label))
        case .failure(let trouble):
            readers.screens.forget(id)
            refuse(id, refusal(trouble, of: reader))
        }
    }

    /// Shows the label as a line of a cart that costs nothing.
    private mutating func showLabel(_ id: RequestID, on reader: ReaderID, at now: Now) {
        guard readers[reader]?.holder == nil else {
            readers.screens.forget(id)
            return refuse(id, refusesBusy(reader) ?? Refusal(.readerBusy, "The reader is busy."))
        }
        let name = readers[reader]?.facts.name ?? reader.text
        let shown = DisplayCart(
            currency: currencies.forShow, totalMinor: 0, taxMinor: nil, lines: [DisplayLine(description: name, amountMinor: 0, quantity: 1)]
        )
        let context = transaction(at: now)
        let timeout = policy.readerTimeout
        changeReader(reader, at: now) { machine, _ in
            machine.command(.display(context, shown), owner: .request(id), timeout: timeout, at: now)
        }
    }

    mutating func tickLabels(at now: Now) {
        for reader in readers.screens.tick(at: now.mono) {
            guard readers[reader]?.isLive == true, readers[reader]?.holder == nil else { continue }
            changeReader(reader, at: now) { machine, _ in
                machine.command(.clearDisplay(nil), owner: .request(RequestID(0)), timeout: 10_000, at: now)
            }
        }
    }

    // MARK: Refusals

    func refusesBusy(_ reader: ReaderID) -> Refusal? {
        guard let machine = readers[reader] else { return nil }
        if let holder = machine.holder {
            return Refusal(
                .readerBusy, "The reader is held by the \(holder.words).", remedy: "Wait until that has ended, or cancel it.",
                payment: holder.payment)
        }
        let coming = payments.acceptance.first { $0.reader == reader }
        return coming.map {
            Refusal(.readerBusy, "The payment \($0.text) is about to begin there.", remedy: "Wait until it has ended.", payment: $0)
        }
    }

    private func refusal(_ trouble: ReaderTrouble, of reader: ReaderID) -> Refusal {
        switch trouble.kind {
        case .noCart: return Refusal(.noCart, trouble.message, remedy: trouble.remedy)
        case .backend(let failure): return .from(failure)
        case .unreachable, .untrusted, .inUseElsewhere, .notListed, .vendorSDKOnly, .softwareUnsupported, .refused, .stripe:
            return Refusal(
                .readerUnavailable, trouble.message, remedy: trouble.remedy, readerState: readers[reader].map { readerView($0).state })
        }
    }

    /// Acts on a named reader. A reader that is not known may have been registered a moment ago, so the agent may read the list first.
    mutating func withReader(
        _ id: RequestID, _ reference: String, _ request: Request, isEntry: Bool = false, at now: Now,
        _ work: (inout GatewayMachine, ReaderID) -> Void
    ) {
        if isStopping { return refuse(id, Refusal(.shuttingDown, "The agent is being stopped.")) }
        guard lists.hasListed else { return park(id, request, at: now) }
        switch isEntry ? resolveEntry(reference) : resolveReader(reference, lane: nil) {
        case .success(let reader): work(&self, reader)
        case .failure(let refusal):
            if wantsFreshList(at: now) { return park(id, request, at: now) }
            if mayBeSettledByStripe(refusal), parkForStripe(id, request, refusal, cart: nil, at: now) { return }
            refuse(id, refusal)
        }
    }
}
