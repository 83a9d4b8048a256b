import GatewayModel
import Moments

/// Who is who among readers. A device is known by its serial number: whatever entries the lists have for it, it is one device, with one session and one
/// lease, and a name that it had is good for as long as some entry of it is listed.
extension GatewayMachine {
    // MARK: Which reader

    /// A reader named by id, serial number or label; else the lane's; else the only one that can be driven.
    func resolveReader(_ reference: String?, lane: LaneName?) -> Result<ReaderID, Refusal> {
        let laneReference = lane.flatMap { policy.lanes[$0] }
        guard let wanted = reference ?? laneReference else {
            let all = devices(among: readers.values.filter { $0.facts.inBackend && !$0.facts.isVendorSDKOnly })
            if all.count == 1, let only = all.first { return .success(only) }
            let words =
                all.isEmpty
                ? "No reader is registered at this location." : "No reader was named, and \(all.count) are registered at this location."
            return .failure(
                Refusal(
                    .noReader, words, remedy: "Name a reader, or set lanes.\(lane?.text ?? "NAME").reader in the settings.",
                    candidates: all))
        }
        let found = devices(named: wanted)
        if found.count == 1, let only = found.first { return .success(only) }
        if found.isEmpty {
            return .failure(
                Refusal(
                    .readerNotFound, "No reader of this location is called \(wanted).",
                    remedy: "See those that are registered: readerctl readers", candidates: readers.keys.sorted()))
        }
        return .failure(
            Refusal(
                .readerNotFound, "\(found.count) readers are labelled \(wanted).", remedy: "Name it by its id or serial number.",
                candidates: found))
    }

    /// The entry of the lists that is meant, for what is done to an entry and not to a device: a label, a removal, the freeing of what holds it.
    func resolveEntry(_ reference: String) -> Result<ReaderID, Refusal> {
        let id = ReaderID(unchecked: reference)
        return readers[id] == nil ? resolveReader(reference, lane: nil) : .success(id)
    }

    private func devices(named wanted: String) -> [ReaderID] {
        // Readers without a label are not called by that.
        guard !wanted.isEmpty else { return [] }
        let listed = readers.values.filter { $0.facts.inBackend || listedAt == nil }
        let exact = listed.filter { $0.facts.isNamed(wanted) }
        if !exact.isEmpty { return devices(among: exact) }
        // An id that is listed no more: its device may be, under another one.
        if let serial = serials[ReaderID(unchecked: wanted)] {
            let same = listed.filter { $0.facts.serial == serial }
            if !same.isEmpty { return devices(among: same) }
        }
        return devices(among: listed.filter { $0.facts.label == wanted })
    }

    /// Each device once. An entry that Stripe does not have stands back behind one that it has.
    private func devices(among entries: [ReaderMachine]) -> [ReaderID] {
        let present = entries.filter { !$0.facts.isMissingAtStripe || readers[device($0.id)]?.facts.isMissingAtStripe == false }
        // One that is listed no more serves whoever has it, and nobody new.
        let named = (present.isEmpty ? entries : present).map { entry in
            let current = device(entry.id)
            return entry.facts.isRegistered && readers[current]?.facts.isRegistered != true ? entry.id : current
        }
        return Set(named).sorted()
    }

    /// The entry by which a device is driven now, whichever of its entries was named; also for one that is listed no more.
    func device(_ id: ReaderID) -> ReaderID { acting[id] ?? id }

    /// All ids that this device has had, as far as is known.
    func entries(of id: ReaderID) -> [ReaderID] {
        guard let serial = readers[id]?.facts.serial ?? serials[id] else { return [id] }
        let known = Set(serials.lazy.filter { $0.value == serial }.map(\.key))
        return known.union(readers.values.lazy.filter { $0.facts.serial == serial }.map(\.id)).union([id]).sorted()
    }

    // MARK: One device, one session

    /// Which entry each device is driven by. It changes only when nothing is under way at the one that it was.
    mutating func unite(at now: Now) {
        guard isToBeUnited || !acting.isEmpty else { return }
        isToBeUnited = false
        var entries: [String: [ReaderID]] = [:]
        for (id, reader) in readers { if let serial = reader.facts.serial { entries[serial, default: []].append(id) } }
        var acting: [ReaderID: ReaderID] = [:]
        for (serial, ids) in entries {
            guard let chosen = entryInCharge(of: ids.sorted()) else { continue }
            for id in ids where id != chosen { acting[id] = chosen }
            for (id, remembered) in serials where remembered == serial && id != chosen { acting[id] = chosen }
        }
        let isNews = acting != self.acting
        self.acting = acting
        for id in readers.keys.sorted() where acting[id] != nil { standBack(id, at: now) }
        for id in readers.keys.sorted() {
            if acting[id] == nil { changeReader(id, at: now) { reader, _ in reader.unbar(at: now) } }
            if readers[id]?.facts.inBackend == false, listedAt != nil {
                changeReader(id, at: now) { reader, _ in reader.unlist(at: now) }
                if readers[id]?.isResting == true, acting[id] != nil { readers[id] = nil }
            }
        }
        guard isNews else { return }
        for id in Set(acting.values).sorted() { changeReader(id, at: now) { reader, _ in reader.retry(at: now) } }
        wish(at: now)
    }

    /// Another entry of its device is in charge: what this one has left undone is that one's to see to.
    private mutating func standBack(_ id: ReaderID, at now: Now) {
        changeReader(id, at: now) { reader, _ in reader.bar(at: now) }
        var debt: ReaderMachine.Debt?
        changeReader(id, at: now) { reader, _ in
            var actions: [ReaderMachine.Action] = []
            debt = reader.handOverDebt(&actions)
            return actions
        }
        if let debt, let chosen = acting[id] { changeReader(chosen, at: now) { reader, _ in reader.takeOver(debt, at: now) } }
    }

    private func entryInCharge(of ids: [ReaderID]) -> ReaderID? {
        let machines = ids.compactMap { readers[$0] }
        let occupied = machines.filter(\.isOccupied)
        let current = occupied.first { acting[$0.id] == nil && wasInCharge($0.id, among: ids) }
        if let current, current.isAtWork || current.facts.isRegistered { return current.id }
        let candidates = occupied.isEmpty ? machines : occupied
        func rank(_ machine: ReaderMachine) -> (Int, Int, Int, Int, Int, WallTime) {
            (
                machine.isAtWork ? 1 : 0, machine.facts.isRegistered ? 1 : 0, machine.lease != .free ? 1 : 0, machine.isLive ? 1 : 0,
                machine.facts.status == "online" ? 1 : 0, machine.facts.lastSeenAt ?? .min
            )
        }
        return candidates.reduce(nil as ReaderMachine?) { best, next in
            guard let best else { return next }
            return rank(next) > rank(best) ? next : best
        }?.id
    }

    /// The others of its device stood back for it already.
    private func wasInCharge(_ id: ReaderID, among ids: [ReaderID]) -> Bool { ids.allSatisfy { $0 == id || acting[$0] == id } }

    // MARK: What is remembered

    static var serialKey: String { "reader.serial." }

    mutating func recallSerials(_ facts: [String: String]) {
        for (key, serial) in facts where key.hasPrefix(Self.serialKey) && !serial.isEmpty {
            serials[ReaderID(unchecked: String(key.dropFirst(Self.serialKey.count)))] = serial
        }
        isToBeUnited = true
    }

    /// A lane that names a serial number finds its reader after a start, before anybody has a token to read Stripe's list with.
    mutating func remember(_ serial: String?, of reader: ReaderFacts, at now: Now) {
        guard let serial, serials[reader.id] != serial else { return }
        serials[reader.id] = serial
        outbox.add(JournalEntry(kind: .fact, at: now.wall, fact: .init(key: Self.serialKey + reader.id.text, value: serial)))
    }

    /// A reader that a list has, or that the journal names before a list says that it is there.
    mutating func takeUpReader(_ id: ReaderID, label: String?) {
        guard readers[id] == nil else { return }
        var facts = remembered(id)
        facts.label = label
        facts.serial = serials[id] ?? facts.serial
        readers[id] = ReaderMachine(facts: facts, policy: policy, epoch: nextEpoch())
        isToBeUnited = true
    }

    // MARK: Stripe's list, where it alone can tell

    /// Stripe's list alone tells serial numbers, and which of several readers only their vendor's program drives: they are no choice.
    func mayBeSettledByStripe(_ refusal: Refusal) -> Bool {
        if refusal.code == .readerNotFound { return true }
        return refusal.code == .noReader && refusal.candidates.count > 1 && refusal.candidates.contains { readers[$0]?.facts.model == nil }
    }

    /// The name may be one that Stripe's list tells, or the reader may be there again: the list is read with a token of this cart, and the request is
    /// asked again then. False: nothing new can be learnt so.
    mutating func parkForStripe(_ id: RequestID, _ request: Request, cart: CartID?, at now: Now) -> Bool {
        // Once a request: where both lists are slow, each would be old again when the other has come.
        guard !stripeAsked.contains(id) else { return false }
        if let stripeListedAt, now.mono - stripeListedAt <= 2_000, !isLookingAtStripe { return false }
        guard let cart = cart ?? cartForLooking else { return false }
        parked.append(Parked(id: id, request: request, reason: .stripe))
        guard !isLookingAtStripe else { return true }
        mention(cart, at: now)
        carts[cart]?.touchedAt = now.mono
        changeKeeper(cart, at: now) { $0.show(at: now.mono) }
        return true
    }

    /// On a first start nobody knows where the readers are, or by which names: the standing cart is there to find out before a sale begins.
    mutating func lookWithMaintenanceCart(at now: Now) {
        let isStranger = { (reader: ReaderMachine) in
            reader.facts.inBackend && reader.facts.baseURL == nil && !reader.facts.isVendorSDKOnly && !reader.facts.isMissingAtStripe
        }
        guard let cart = policy.maintenanceCart, !isStopping, !isLookingAtStripe, readers.values.contains(where: isStranger) else { return }
        mention(cart, at: now)
        carts[cart]?.touchedAt = now.mono
        changeKeeper(cart, at: now) { $0.show(at: now.mono) }
    }

    private var cartForLooking: CartID? { carts.values.filter(\.isOpen).map(\.written).min() ?? policy.maintenanceCart }

    var isLookingAtStripe: Bool {
        calls.values.contains(.stripeReaders(nil)) || carts.values.contains { $0.keeper.isBeingShown }
    }

    mutating func look(with token: ConnectionToken) {
        guard !calls.values.contains(.stripeReaders(nil)) else { return }
        call(.stripeReaders(token), for: .stripeReaders(nil), timeout: policy.stripeTimeout, payment: nil)
    }

    /// - Parameter result: a failure is the refusal that the waiting requests get.
    mutating func goOnAfterStripe(_ result: Result<Void, Refusal>) {
        let waiting = parked.filter { $0.reason == .stripe }
        guard !waiting.isEmpty else { return }
        parked.removeAll { $0.reason == .stripe }
        for item in waiting {
            switch result {
            case .success:
                stripeAsked.insert(item.id)
                out.append(.recall(item.id))
            case .failure(let refusal): refuse(item.id, refusal)
            }
        }
    }

    /// Carts that were opened before their reader was known.
    mutating func giveCartsTheirReaders(at now: Now) {
        for cart in carts.keys.sorted() {
            guard let book = carts[cart], book.isOpen else { continue }
            if let reader = book.reader, readers[device(reader)]?.facts.inBackend != false { continue }
            guard case .success(let usual) = resolveReader(nil, lane: book.lane) else { continue }
            open(cart, lane: nil, reader: usual, pays: false, at: now)
        }
    }
}
