import GatewayModel
import Moments

/// Changes of the location's readers at the backend, one after another, so that two can never be taken for each other.
struct RegistrationDesk: Sendable {
    struct Item: Sendable {
        var machine: RegistrationMachine
        /// Who waits for it: the same request, repeated, joins the one that is under way.
        var requests: [RequestID]
        /// Since when it waits for its turn.
        var since: MonoTime
    }

    /// The first one is under way.
    var items: [Item] = []
    static let limit = 8
    /// Nobody waits longer for a turn: each change may take 50 s of a slow backend's time.
    static let longestWait: Int64 = 60_000

    /// Takes out whatever has waited too long. Nothing of it was sent.
    mutating func takeLate(at now: MonoTime) -> [RequestID] {
        let late = items.dropFirst().filter { now >= $0.since + Self.longestWait }
        guard !late.isEmpty else { return [] }
        items = items.prefix(1) + items.dropFirst().filter { now < $0.since + Self.longestWait }
        return late.flatMap(\.requests)
    }

    var nextWake: MonoTime {
        min(items.first?.machine.nextWake ?? .max, items.dropFirst().lazy.map { $0.since + Self.longestWait }.min() ?? .max)
    }
}

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
        if let refused = refusedCredential { return refuse(id, .from(refused)) }
        if let index = desk.items.firstIndex(where: { $0.machine.job == job }) {
            desk.items[index].requests.append(id)
            return
        }
        guard desk.items.count < RegistrationDesk.limit else {
            return refuse(
                id, Refusal(.queueFull, "\(RegistrationDesk.limit) changes of readers wait already.", remedy: "Wait a moment, then repeat.")
            )
        }
        desk.items.append(.init(machine: RegistrationMachine(job, patience: policy.registrationTimeout), requests: [id], since: now.mono))
        if desk.items.count == 1 { beginNext(at: now) }
    }

    private mutating func beginNext(at now: Now) {
        while let first = desk.items.first {
            if first.requests.isEmpty {
                // Everybody who asked has gone, and nothing was sent.
                desk.items.removeFirst()
            } else if case .remove(let reader) = first.machine.job, let refusal = refusesBusy(reader) {
                desk.items.removeFirst()
                for id in first.requests { refuse(id, refusal) }
            } else {
                return changeDesk(at: now) { $0.begin() }
            }
        }
    }

    private mutating func changeDesk(at now: Now, _ event: (inout RegistrationMachine) -> [RegistrationMachine.Action]) {
        guard var machine = desk.items.first?.machine else { return }
        let actions = event(&machine)
        desk.items[0].machine = machine
        for action in actions {
            switch action {
            case .owed(let owed): queue.add(.owed(.desk(owed)))
            case .begun(let begun): queue.add(.begun(.desk(machine.job, begun)))
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
        guard !desk.items.isEmpty else { return }
        let item = desk.items.removeFirst()
        switch (item.machine.job, result) {
        case (.register(_, let label, _), .success(let reader)):
            log(.notice, "registered as \(ReaderFacts.cleaned(label))", .reader(reader))
            for id in item.requests { respond(id, .reader(reader, label: label)) }
        case (.relabel(_, let label), .success(let reader)):
            for id in item.requests { respond(id, .reader(reader, label: label)) }
        case (.remove, .success(let reader)):
            forgetReader(reader, at: now)
            for id in item.requests { respond(id, .done) }
        case (_, .failure(let refusal)):
            log(.warning, "a change of the location's readers failed: \(refusal.detail)")
            for id in item.requests { refuse(id, refusal) }
        }
        beginNext(at: now)
    }

    mutating func terminalsListed(_ result: Result<[BackendReader], CallFailure>, at now: Now) {
        let location = desk.items.first?.machine.job.location
        if case .success(let list) = result, location == nil { adopt(list, at: now) }
        changeDesk(at: now) { $0.listed(result, at: now.mono) }
    }

    mutating func terminalChanged(_ result: Result<Void, CallFailure>, at now: Now) {
        changeDesk(at: now) { $0.told(result, at: now.mono) }
    }

    mutating func tickDesk(at now: Now) {
        for id in desk.takeLate(at: now.mono) {
            refuse(
                id,
                Refusal(
                    .queueFull, "Other changes of readers have taken too long; nothing was sent for this one.",
                    remedy: "Check the shop's internet connection, then repeat."))
        }
        changeDesk(at: now) { $0.tick(at: now.mono) }
    }

    mutating func leaveDesk(_ id: RequestID) {
        // What is under way goes on: it was or will be sent, and its end is logged.
        for index in desk.items.indices { desk.items[index].requests.removeAll { $0 == id } }
    }

    /// A reader that is being taken off its location begins no payment.
    func isBeingRemoved(_ reader: ReaderID) -> Bool { desk.items.first?.machine.job == .remove(reader) }

    private mutating func forgetReader(_ reader: ReaderID, at now: Now) {
        changeReader(reader, at: now) { machine, _ in machine.part(at: now) }
        for cart in carts.keys.sorted() where carts[cart]?.reader == reader { carts[cart]?.reader = nil }
        // What was asked of it is answered first; the next list takes it away then.
        if readers[reader]?.isResting == true { readers[reader] = nil } else { readers[reader]?.editFacts { $0.inBackend = false } }
        isToBeUnited = true
    }

    // MARK: Identify, connect, disconnect

    mutating func identify(_ id: RequestID, _ reference: String, at now: Now) {
        withReader(id, reference, .identify(reference), at: now) { machine, reader in
            if let refusal = machine.refusesBusy(reader) { return machine.refuse(id, refusal) }
            machine.visits[id] = GatewayMachine.Visit(reader: reader, identifies: true)
            machine.changeReader(reader, at: now) { reader, _ in
                reader.visit(.init(request: id, cart: nil, takeOver: false), at: now)
            }
        }
    }

    mutating func connect(_ id: RequestID, _ reference: String, cart: CartID?, takeOver: Bool, at now: Now) {
        withReader(id, reference, .connect(reference, cart: cart, takeOver: takeOver), at: now) { machine, reader in
            if let refusal = machine.refusesBusy(reader) { return machine.refuse(id, refusal) }
            machine.visits[id] = GatewayMachine.Visit(reader: reader, identifies: false)
            if takeOver { machine.log(.notice, "a technician takes the reader over", .reader(reader)) }
            machine.changeReader(reader, at: now) { reader, _ in
                reader.visit(.init(request: id, cart: cart, takeOver: takeOver), at: now)
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

    mutating func visited(_ id: RequestID, _ result: Result<Void, ReaderTrouble>, reader: ReaderID, at now: Now) {
        guard let visit = visits[id] else { return }
        switch result {
        case .success where visit.identifies: showLabel(id, on: reader, at: now)
        case .success:
            visits[id] = nil
            respond(id, .reader(reader, label: readers[reader]?.facts.label))
        case .failure(let trouble):
            visits[id] = nil
            refuse(id, refusal(trouble, of: reader))
        }
    }

    /// The label as a line of a cart that costs nothing. The screen's currency is one that was seen at this store; where none was, `usd` stands
    /// in, for the reader's message has no form without one: nothing is charged, and the amount is zero in every currency.
    private mutating func showLabel(_ id: RequestID, on reader: ReaderID, at now: Now) {
        guard readers[reader]?.holder == nil else {
            visits[id] = nil
            return refuse(id, refusesBusy(reader) ?? Refusal(.readerBusy, "The reader is busy."))
        }
        let name = readers[reader]?.facts.name ?? reader.text
        let currency = currencies.keys.min().flatMap { currencies[$0] } ?? Currency(unchecked: "usd")
        let shown = DisplayCart(
            currency: currency, totalMinor: 0, taxMinor: nil, lines: [DisplayLine(description: name, amountMinor: 0, quantity: 1)])
        let context = transaction(at: now)
        let timeout = policy.readerTimeout
        changeReader(reader, at: now) { machine, _ in
            machine.command(.display(context, shown), owner: .request(id), timeout: timeout, at: now)
        }
    }

    /// The label stands on the reader's screen: it is taken off after a while, unless a payment has the reader by then.
    mutating func labelShown(_ id: RequestID, on reader: ReaderID, at now: Now) {
        guard visits.removeValue(forKey: id)?.identifies == true else { return }
        labelsShown[reader] = now.mono + policy.identifyTime
        screens[reader] = nil
    }

    mutating func tickLabels(at now: Now) {
        for reader in labelsShown.keys.sorted() {
            guard let at = labelsShown[reader], now.mono >= at else { continue }
            labelsShown[reader] = nil
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
        let coming = acceptance.first { $0.reader == reader }
        return coming.map {
            Refusal(.readerBusy, "The payment \($0.text) is about to begin there.", remedy: "Wait until it has ended.", payment: $0)
        }
    }

    private func refusal(_ trouble: ReaderTrouble, of reader: ReaderID) -> Refusal {
        switch trouble.kind {
        case .noCart: return Refusal(.noCart, trouble.message, remedy: trouble.remedy)
        case .backend(let failure): return .from(failure)
        default:
            return Refusal(
                .readerUnavailable, trouble.message, remedy: trouble.remedy, readerState: readers[reader].map { readerView($0).state })
        }
    }

    /// Does something with a named reader; one that is not known may have been registered a moment ago.
    mutating func withReader(
        _ id: RequestID, _ reference: String, _ request: Request, isEntry: Bool = false, at now: Now,
        _ work: (inout GatewayMachine, ReaderID) -> Void
    ) {
        if isStopping { return refuse(id, Refusal(.shuttingDown, "The agent is being stopped.")) }
        guard listedAt != nil else { return park(id, request, at: now) }
        switch isEntry ? resolveEntry(reference) : resolveReader(reference, lane: nil) {
        case .success(let reader): work(&self, reader)
        case .failure(let refusal):
            if wantsFreshList(at: now) { return park(id, request, at: now) }
            if mayBeSettledByStripe(refusal), parkForStripe(id, request, cart: nil, at: now) { return }
            refuse(id, refusal)
        }
    }
}
