import GatewayModel
import Moments

/// Names of readers. A serial number identifies a device: all its entries in the lists are one device with one session and one lease. A
/// name that it had is good for as long as some entry of it is listed.
extension GatewayMachine {
    // MARK: Which reader

    /// The reader with this id, serial number or label; else the lane's; else the only one that can be driven.
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
                    remedy: "See those that are registered: readerctl readers", candidates: readers.ids))
        }
        return .failure(
            Refusal(
                .readerNotFound, "\(found.count) readers are labelled \(wanted).", remedy: "Name it by its id or serial number.",
                candidates: found))
    }

    /// The entry of the lists with this name, for acts on an entry and not on a device: a label, a removal, the freeing from its holder.
    func resolveEntry(_ reference: String) -> Result<ReaderID, Refusal> {
        let id = ReaderID(unchecked: reference)
        return readers[id] == nil ? resolveReader(reference, lane: nil) : .success(id)
    }

    private func devices(named wanted: String) -> [ReaderID] {
        // An empty name does not mean the readers without a label.
        guard !wanted.isEmpty else { return [] }
        let listed = readers.values.filter { $0.facts.inBackend || !lists.hasListed }
        let exact = listed.filter { $0.facts.isNamed(wanted) }
        if !exact.isEmpty { return devices(among: exact) }
        // The id is no longer listed, but its device may be listed under another one.
        if let serial = readers.identities.serial(of: ReaderID(unchecked: wanted)) {
            let same = listed.filter { $0.facts.serial == serial }
            if !same.isEmpty { return devices(among: same) }
        }
        return devices(among: listed.filter { $0.facts.label == wanted })
    }

    /// The entries without a second one of any device. An entry that Stripe does not have yields to one that it has.
    private func devices(among entries: [ReaderMachine]) -> [ReaderID] {
        let present = entries.filter { !$0.facts.isMissingAtStripe || readers[device($0.id)]?.facts.isMissingAtStripe == false }
        // An entry that is no longer listed serves its holder, and no new one.
        let named = (present.isEmpty ? entries : present).map { entry in
            let current = device(entry.id)
            return entry.facts.isRegistered && readers[current]?.facts.isRegistered != true ? entry.id : current
        }
        return Set(named).sorted()
    }

    /// The entry that drives a device now, whichever of its entries was named. It also serves an entry that is no longer listed.
    func device(_ id: ReaderID) -> ReaderID { readers.identities.device(id) }

    /// All ids that this device has had, as far as they are known.
    func entries(of id: ReaderID) -> [ReaderID] {
        guard let serial = readers[id]?.facts.serial ?? readers.identities.serial(of: id) else { return [id] }
        let known = readers.identities.ids(withSerial: serial)
        return known.union(readers.values.lazy.filter { $0.facts.serial == serial }.map(\.id)).union([id]).sorted()
    }

    // MARK: One device, one session

    /// Decides which entry drives each device. The choice changes only when nothing is under way at the entry so far.
    mutating func unite(at now: Now) {
        guard readers.identities.mayChange else { return }
        let isNews = readers.identities.unite(readers.values.compactMap { $0.facts.serial == nil ? nil : Self.entry(of: $0) })
        for id in readers.ids where readers.identities.standsBack(for: id) != nil { standBack(id, at: now) }
        for id in readers.ids {
            let standsBack = readers.identities.standsBack(for: id) != nil
            if !standsBack, readers[id]?.isBarred == true { changeReader(id, at: now) { reader, _ in reader.unbar(at: now) } }
            if readers[id]?.facts.inBackend == false, lists.hasListed {
                changeReader(id, at: now) { reader, _ in reader.unlist(at: now) }
                if readers[id]?.isResting == true, standsBack { readers[id] = nil }
            }
        }
        guard isNews else { return }
        for id in readers.identities.inCharge { changeReader(id, at: now) { reader, _ in reader.retry(at: now) } }
        wish(at: now)
    }

    private static func entry(of reader: ReaderMachine) -> ReaderIdentities.Entry {
        ReaderIdentities.Entry(
            id: reader.id, serial: reader.facts.serial, isOccupied: reader.isOccupied, isAtWork: reader.isAtWork,
            isRegistered: reader.facts.isRegistered, isLeased: !reader.lease.isFree, isLive: reader.isLive,
            isOnline: reader.facts.status == "online", lastSeenAt: reader.facts.lastSeenAt)
    }

    /// Makes an entry yield to the one in charge of its device, which settles what this entry left undone.
    private mutating func standBack(_ id: ReaderID, at now: Now) {
        changeReader(id, at: now) { reader, _ in reader.bar(at: now) }
        var debt: ReaderLease.Debt?
        changeReader(id, at: now) { reader, _ in
            var actions: [ReaderMachine.Action] = []
            debt = reader.handOverDebt(&actions)
            return actions
        }
        if let debt, let chosen = readers.identities.standsBack(for: id) {
            changeReader(chosen, at: now) { reader, _ in reader.takeOver(debt, at: now) }
        }
    }

    /// Adds a reader from a list, or one that the journal names before a list does.
    mutating func takeUpReader(_ id: ReaderID, label: String?) {
        guard readers[id] == nil else { return }
        var facts = readers.identities.remembered(id)
        facts.label = label
        readers[id] = ReaderMachine(facts: facts, policy: policy, epoch: queue.nextEpoch())
        readers.identities.changed()
    }

    // MARK: Stripe's list, where it alone can tell

    /// Whether Stripe's list may settle the refusal. Only that list tells serial numbers, and which readers only the vendor's program
    /// drives: they are no choice.
    func mayBeSettledByStripe(_ refusal: Refusal) -> Bool {
        if refusal.code == .readerNotFound { return true }
        return refusal.code == .noReader && refusal.candidates.count > 1 && refusal.candidates.contains { readers[$0]?.facts.model == nil }
    }

    /// Parks a request until Stripe's list is read with a token of this cart. The list may tell the name, or the reader may be there again,
    /// so the agent then asks for the request again. Returns false when it can learn nothing new that way.
    ///
    /// - Parameter refusal: of a reader that was not named, it is the better answer where the list cannot be read: it names the candidates.
    mutating func parkForStripe(
        _ id: RequestID, _ request: Request, _ refusal: Refusal? = nil, cart: CartID?, at now: Now
    ) -> Bool {
        // A request is parked once. Where both lists are slow, each would be old again when the other has come.
        guard !waiting.isStripeRead(for: id) else { return false }
        if lists.isStripesFresh(at: now.mono), !isLookingAtStripe { return false }
        guard let cart = cart ?? cartForLooking else { return false }
        waiting.park(id, request, for: .stripe, otherwise: refusal?.code == .noReader ? refusal : nil)
        guard !isLookingAtStripe else { return true }
        mention(cart, at: now)
        carts.change(cart) { $0.touchedAt = now.mono }
        changeKeeper(cart, at: now) { $0.show(at: now.mono) }
        return true
    }

    /// Reads Stripe's list with the maintenance cart. On a first start nothing tells where the readers are, or their names, so this finds
    /// out before a sale begins.
    mutating func lookWithMaintenanceCart(at now: Now) {
        let isStranger = { (reader: ReaderMachine) in
            reader.facts.inBackend && reader.facts.baseURL == nil && !reader.facts.isVendorSDKOnly && !reader.facts.isMissingAtStripe
        }
        guard let cart = policy.maintenanceCart, !isStopping, !isLookingAtStripe, readers.values.contains(where: isStranger) else { return }
        mention(cart, at: now)
        carts.change(cart) { $0.touchedAt = now.mono }
        changeKeeper(cart, at: now) { $0.show(at: now.mono) }
    }

    private var cartForLooking: CartID? { carts.values.filter(\.isOpen).map(\.written).min() ?? policy.maintenanceCart }

    var isLookingAtStripe: Bool {
        calls.isAsking(.stripeReaders(nil)) || carts.values.contains { $0.keeper.isBeingShown }
    }

    mutating func look(with token: ConnectionToken) {
        guard !calls.isAsking(.stripeReaders(nil)) else { return }
        call(.stripeReaders(token), for: .stripeReaders(nil), timeout: policy.stripeTimeout, payment: nil)
    }

    /// Goes on with the requests that wait for Stripe's list. A failure is the refusal that they get.
    mutating func goOnAfterStripe(_ result: Result<Void, Refusal>) {
        for item in waiting.take(.stripe) {
            switch result {
            case .success:
                waiting.stripeWasRead(for: item.id)
                queue.emit(.recall(item.id))
            case .failure(let refusal): refuse(item.id, item.otherwise ?? refusal)
            }
        }
    }

    /// Gives readers to the carts that were opened before their reader was known.
    mutating func giveCartsTheirReaders(at now: Now) {
        for cart in carts.ids {
            guard let book = carts[cart], book.isOpen else { continue }
            if let reader = book.reader, readers[device(reader)]?.facts.inBackend != false { continue }
            guard case .success(let usual) = resolveReader(nil, lane: book.lane) else { continue }
            open(cart, lane: nil, reader: usual, pays: false, at: now)
        }
    }
}
