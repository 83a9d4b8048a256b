import GatewayModel
import Moments

extension GatewayMachine {
    // MARK: Lists

    /// Whether the list is so old that a reader it lacks may have been registered since.
    func wantsFreshList(at now: Now) -> Bool {
        lists.isOld(at: now.mono)
    }

    mutating func park(_ id: RequestID, _ request: Request, at now: Now) {
        if let failure = lists.refusal(at: now.mono) { return refuse(id, .from(failure)) }
        waiting.park(id, request, for: .readers)
        listReaders(at: now)
    }

    mutating func listReaders(at now: Now) {
        guard lists.begin() else { return }
        call(.backendReaders, for: .backendReaders, timeout: policy.backendTimeout, payment: nil)
    }

    mutating func backendListed(_ result: Result<[BackendReader], CallFailure>, at now: Now) {
        lists.answered()
        switch result {
        case .success(let list):
            adopt(list, at: now)
            giveCartsTheirReaders(at: now)
            lookAtStripe(at: now)
        case .failure(let failure):
            lists.failed(failure, at: now.mono, random: &random)
        }
        for item in waiting.take(.readers) {
            if case .failure(let failure) = result {
                refuse(item.id, item.otherwise ?? .from(failure))
            } else {
                queue.emit(.recall(item.id))
            }
        }
        for id in lists.takeWaiting() {
            if case .failure(let failure) = result { refuse(id, .from(failure)) } else { respond(id, .readers) }
        }
    }

    /// Takes in the backend's list of this location, as it is now.
    mutating func adopt(_ list: [BackendReader], at now: Now) {
        lists.listed(at: now.mono)
        var seen: Set<ReaderID> = []
        for entry in list {
            seen.insert(entry.id)
            let before = readers[entry.id]?.facts.label
            let isNew = readers[entry.id] == nil
            takeUpReader(entry.id, label: entry.label)
            if isNew, readers[entry.id]?.facts.address != nil { discovery.probe(at: now.mono) }
            readers.editFacts(of: entry.id) { $0.merge(entry) }
            readers.change(entry.id) { $0.relist() }
            if before != entry.label { queue.emit(.readerChanged(entry.id)) }
        }
        for id in readers.ids where !seen.contains(id) {
            if readers[id]?.facts.inBackend == true {
                log(.notice, "the backend does not list it any more", .reader(id))
                queue.readerChanged(id)
            }
            changeReader(id, at: now) { reader, _ in reader.unlist(at: now) }
            if readers[id]?.isResting == true { readers[id] = nil }
        }
        readers.identities.changed()
    }

    /// Reads Stripe's list of serial numbers and addresses if a token is at hand. That does not spend the token.
    private mutating func lookAtStripe(at now: Now) {
        let looking = carts.values.filter { $0.keeper.peek(at: now.mono) != nil }.min { $0.facts.cart < $1.facts.cart }
        if looking == nil { return lookWithMaintenanceCart(at: now) }
        guard let token = looking?.keeper.peek(at: now.mono), !calls.isAsking(.stripeReaders(nil)) else {
            return
        }
        call(.stripeReaders(token), for: .stripeReaders(nil), timeout: policy.stripeTimeout, payment: nil)
    }

    mutating func stripeListed(_ asker: ReaderID?, _ result: Result<StripeReaderList, CallFailure>, at now: Now) {
        switch result {
        case .success(let list):
            lists.stripeListed(at: now.mono)
            let known = Dictionary(list.readers.map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first })
            if !list.isWhole {
                log(
                    .warning,
                    "Stripe lists more readers than were read (\(list.readers.count)): who is not among them is not called missing")
            }
            var merged: [ReaderFacts] = []
            for id in readers.ids {
                guard var facts = readers[id]?.facts else { continue }
                if let entry = known[id], let before = facts.address, entry.address != before {
                    // Stripe has heard something new, and an earlier sighting on the LAN is older than that.
                    facts.addressChangedAt = now.wall
                    facts.seen = nil
                }
                if let entry = known[id] {
                    if facts.address != entry.address { discovery.probe(at: now.mono) }
                    facts.merge(entry)
                    journal(readers.identities.learnPlace(facts), at: now)
                } else if list.isWhole {
                    if let serial = facts.serial, let twin = list.readers.first(where: { $0.serial == serial }) {
                        facts.borrow(from: twin)
                    } else {
                        facts.inStripe = false
                        facts.isLeftOut = false
                        facts.isMissingAtStripe = true
                    }
                } else {
                    facts.leaveOut()
                }
                journal(readers.identities.learnSerial(facts), at: now)
                merged.append(facts)
            }
            // The list tells the serial numbers that identify USB links, so they come before the choice of a route to a reader.
            let news = joined(merged)
            for facts in news {
                if facts.id == asker {
                    readers.editFacts(of: facts.id) { $0 = facts }
                } else {
                    changeReader(facts.id, at: now) { reader, _ in reader.learn(facts, at: now) }
                }
                queue.emit(.readerChanged(facts.id))
            }
            let unknown = list.readers.contains { entry in
                readers[entry.id] == nil && readers.values.contains { $0.facts.isMissingAtStripe && $0.facts.serial == entry.serial }
            }
            // A known device has an unknown entry, so the backend's list is old.
            if unknown { listReaders(at: now) }
            // This comes before anything is sent, because the asker's device may belong to another entry.
            readers.identities.changed()
            unite(at: now)
            if let asker, let facts = news.first(where: { $0.id == asker }) {
                changeReader(asker, at: now) { reader, random in reader.listed(facts, at: now, random: &random) }
            }
            giveCartsTheirReaders(at: now)
            goOnAfterStripe(.success(()))
        case .failure(let failure):
            if let asker {
                changeReader(asker, at: now) { reader, random in reader.listFailed(failure, at: now, random: &random) }
            } else {
                goOnAfterStripe(.failure(.unknownReader(failure)))
            }
        }
    }

    // MARK: Carrying out what a reader asks for

    mutating func changeReader(_ id: ReaderID, at now: Now, _ event: (inout ReaderMachine, inout SeededRandom) -> [ReaderMachine.Action]) {
        let hasListed = lists.hasListed
        let outcome = readers.change(id) { machine in
            let before = Shown(machine, hasListed: hasListed)
            let actions = event(&machine, &random)
            return (actions: actions, epoch: machine.epoch, before: before, after: Shown(machine, hasListed: hasListed))
        }
        guard let (actions, epoch, before, after) = outcome else { return }
        if before.isThere != false, after.isThere == false { discovery.probe(at: now.mono + 2_000) }
        if !before.looksLike(after) || state(of: before, id) != state(of: after, id) { queue.readerChanged(id) }
        for action in actions {
            switch action {
            case .owed(let owed): queue.add(.owed(.reader(id, owed)))
            case .begun(let begun): queue.add(.begun(.reader(id, epoch: epoch, begun)))
            }
        }
    }

    /// What followers of the readers see of one. They hear when it becomes busy or free, and when it goes or comes back.
    fileprivate struct Shown {
        var isThere: Bool?
        var holder: LeaseHolder?
        var trouble: ReaderTrouble?
        var isBarred: Bool
        var isRegistered: Bool
        /// The state of this entry by itself.
        var state: ReaderState

        init(_ reader: ReaderMachine, hasListed: Bool) {
            self.isThere = reader.isThere
            self.holder = reader.holder
            self.trouble = reader.trouble
            self.isBarred = reader.isBarred
            self.isRegistered = reader.sharedFacts.read { $0.isRegistered }
            self.state = reader.state(isRegistered: isRegistered, hasListed: hasListed)
        }

        func looksLike(_ other: Shown) -> Bool { holder == other.holder && trouble == other.trouble }
    }

    /// The state of a reader. Among several entries of one device, the one that has the session tells the state.
    private func state(of shown: Shown, _ id: ReaderID) -> ReaderState {
        guard shown.isBarred else { return shown.state }
        let acting = readers.read(device(id)) { $0.state(isRegistered: shown.isRegistered, hasListed: lists.hasListed) }
        return acting ?? shown.state
    }

    mutating func carryOut(_ action: ReaderMachine.Owed, of id: ReaderID, at now: Now) {
        switch action {
        case .withdrawToken:
            for cart in carts.ids { carts.change(cart) { $0.keeper.withdraw(.reader(id)) } }
        case .answer(.holder(.payment(let payment)), let command, let result):
            change(payment, at: now) { $0.answered(command, result, at: now) }
        case .answer(.request(let request), let command, let result):
            // Request zero has no caller: a cart's display is cleared as the cart closes.
            guard request.value != 0 else { return }
            answer(request, command, result, reader: id)
            if case .success = result {
                readers.screens.isShown(request, on: id, until: now.mono + policy.identifyTime)
            } else {
                readers.screens.forget(request)
            }
        case .connected(let request, let result): connected(request, result, reader: id, at: now)
        case .answer(.holder(.cardSetup(let setup)), let command, let result):
            change(setup, at: now) { $0.answered(command, result, at: now) }
        case .answer(.session, _, _): break
        case .sessionReady(.payment(let payment)): change(payment, at: now) { $0.sessionReady(at: now) }
        case .sessionFailed(.payment(let payment), let trouble): change(payment, at: now) { $0.sessionFailed(trouble, at: now) }
        case .sessionReady(.cardSetup(let setup)): change(setup, at: now) { $0.sessionReady(at: now) }
        case .sessionFailed(.cardSetup(let setup), let trouble): change(setup, at: now) { $0.sessionFailed(trouble, at: now) }
        case .turnedAway(.payment(let payment), let trouble):
            change(payment, at: now) { $0.stop(trouble.paymentFailure, at: now) }
        case .turnedAway(.cardSetup(let setup), let trouble): change(setup, at: now) { $0.fail(trouble.paymentFailure, at: now) }
        case .seenIdle: seenIdle(id, at: now)
        case .changed(let words): log(.info, words, .reader(id))
        }
    }

    mutating func carryOut(_ action: ReaderMachine.Begun, of id: ReaderID, at now: Now) {
        switch action {
        case .claimToken:
            guard let cart = cartForToken(of: id) else {
                return changeReader(id, at: now) { reader, random in reader.noCart(at: now, random: &random) }
            }
            mention(cart, at: now)
            changeKeeper(cart, at: now) { $0.claim(.reader(id), at: now.mono) }
        case .list(let token):
            call(.stripeReaders(token), for: .stripeReaders(id), timeout: policy.stripeTimeout, payment: nil)
        case .send(let sequence, let route, let command, let session, let timeout, let owner):
            let holder: LeaseHolder? = if case .holder(let holder) = owner { holder } else { nil }
            if case .confirm = command, holder?.payment.map({ mayConfirm($0) }) != true {
                log(.notice, "a confirm was held back: its payment does not want it any more", .reader(id))
                return changeReader(id, at: now) { reader, _ in reader.heldBack(sequence: sequence, at: now) }
            }
            call(.reader(id, route, command, session: session), for: .reader(id, sequence: sequence), timeout: timeout, holder: holder)
        case .granted(.payment(let payment)):
            guard let machine = payments[payment], !machine.isEnded else {
                return changeReader(id, at: now) { reader, _ in reader.release(.payment(payment), left: .idle, at: now) }
            }
            readers.screens.isTaken(id)
            let context = transaction(at: now)
            let book = carts[machine.record.request.cart]
            // Where an earlier attempt may have left something on the intent, only a reading tells what will be charged.
            let isKnown = book?.facts.intent.map {
                !$0.everConfirmed || ($0.tipLeft == nil && book?.money.readable.contains($0.id) == true)
            }
            let currency = isKnown != false ? currency(of: machine.record.request.cart) : nil
            let looksOnceMore = book?.facts.keyedEntry == true || book?.money.isFollowed(beside: payment) == true
            change(payment, at: now) {
                $0.granted(context: context, expectedCurrency: currency, looksOnceMore: looksOnceMore, at: now)
            }
        case .granted(.cardSetup(let setup)):
            guard let machine = cardSetups[setup], !machine.isEnded else {
                return changeReader(id, at: now) { reader, _ in reader.release(.cardSetup(setup), left: .idle, at: now) }
            }
            change(setup, at: now) { $0.granted(at: now) }
        case .search: search(at: now)
        }
    }

    private mutating func answer(
        _ request: RequestID, _ command: ReaderCommand, _ result: Result<ReaderReply, ReaderFailure>, reader id: ReaderID
    ) {
        switch result {
        case .success: respond(request, .done)
        case .failure(let failure):
            let trouble = ReaderTrouble.from(failure)
            refuse(
                request,
                Refusal(.readerUnavailable, trouble.message, remedy: trouble.remedy, readerState: readers[id].map { readerView($0).state }))
        }
    }

    /// The cart whose token serves this reader: the holder's, one that uses this reader, any open one, or the maintenance cart.
    func cartForToken(of id: ReaderID) -> CartID? {
        let holder = readers[id]?.holder?.payment
        if let holder, let running = payments[holder], running.isActive { return running.record.request.cart }
        if let named = readers[id]?.connectCart { return named }
        let open = carts.values.filter(\.isOpen)
        let any =
            open.filter { $0.reader.map { device($0) } == device(id) }.map(\.written).min() ?? open.map(\.written).min()
            ?? policy.maintenanceCart
        // With no cart open, a payment whose outcome is open still wants the proof that the reader is idle. Its own cart serves.
        let followed = payments.values.filter { $0.isFollowing && device($0.record.reader) == device(id) }.min { $0.id < $1.id }
        if let any { return any }
        if let holder, let cart = payments.record(holder)?.request.cart ?? carts.freeing(after: holder) { return cart }
        if let followed { return followed.record.request.cart }
        let entries = entries(of: id)
        return carts.values.filter { $0.money.unproved.contains { entries.contains($0) } }.map(\.written).min()
    }

    // MARK: Views

    /// The reader's state as the checkout API names it.
    func state(of row: ReaderMachine) -> ReaderState { state(of: Shown(row, hasListed: lists.hasListed), row.id) }

    package func readerView(_ machine: ReaderMachine) -> ReaderView {
        let byActing = machine.isBarred ? readers.read(device(machine.id)) { readerView(machine, acting: $0) } : nil
        return byActing ?? readerView(machine, acting: machine)
    }

    /// The reader as the socket shows it. `acting` is the entry that drives its device.
    private func readerView(_ machine: ReaderMachine, acting: ReaderMachine) -> ReaderView {
        let lanes = policy.lanes.lazy.filter { machine.facts.isNamed($0.value) || machine.facts.label == $0.value }.map(\.key)
        let isMissing = machine.facts.isMissingAtStripe && acting.holder == nil
        return ReaderView(
            facts: machine.facts, state: state(of: machine), trouble: isMissing ? .unregistered(machine.facts) : acting.standingTrouble,
            isThere: acting.isThere,
            lane: lanes.min(), payment: acting.holder?.payment,
            lastSeenAt: acting.lastSeenAt ?? acting.facts.lastSeenAt, sessionSince: acting.sessionSince,
            livemode: acting.livemode ?? acting.facts.livemode,
            isOverUSB: acting.isOverUSB ?? (acting.facts.usbPlace != nil),
            declaredLabel: machine.facts.serial.flatMap { policy.readerLabels[$0] })
    }

    package var readerViews: [ReaderView] { readers.values.map { readerView($0) } }

    package func readerView(named reference: String) -> Result<ReaderView, Refusal> {
        resolveReader(reference, lane: nil).flatMap { id in
            guard let machine = readers[id] else { return .failure(Refusal(.readerNotFound, "No such reader.")) }
            return .success(readerView(machine))
        }
    }
}
