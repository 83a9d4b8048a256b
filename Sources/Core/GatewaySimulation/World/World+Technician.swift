internal import GatewayCore
import GatewayModel
import Moments

/// What technicians do with readers and settings, at any moment, also at the wrong one.
extension World {
    mutating func setUpTechnicians() {
        let open = plan.closing - 1
        for _ in 0..<extras.technicians { agenda.add(.technician, at: dice.within(0...open)) }
        for _ in 0..<extras.registrations { agenda.add(.registrar, at: dice.within(0...open)) }
        for _ in 0..<extras.cardSetups { agenda.add(.cardDesk(nil), at: dice.within(0...open)) }
        if extras.looks || looksAtLAN { for _ in 0..<3 { agenda.add(.sighted(dice.below(readers.count)), at: dice.within(0...open)) } }
        for _ in 0..<extras.settings { agenda.add(.settings, at: dice.within(0...open)) }
        for _ in 0..<extras.cables {
            let (reader, from) = (dice.below(readers.count), dice.within(0...open))
            agenda.add(.cable(reader, isIn: true), at: from)
            if dice.chance(700) { agenda.add(.cable(reader, isIn: false), at: from + dice.within(500...60_000)) }
        }
        if extras.losses > 0 { for _ in 0..<3 { agenda.add(.acceptsLoss, at: dice.within(0...open)) } }
        for _ in 0..<extras.twins {
            agenda.add(.listedAnew, at: dice.within(0...open))
            guard dice.chance(300) else { continue }
            let (reader, from) = (dice.below(readers.count), dice.within(0...open))
            agenda.add(.dialect(reader, isOther: true), at: from)
            agenda.add(.dialect(reader, isOther: false), at: from + dice.within(1_000...60_000))
        }
        for _ in 0..<extras.stripeCancels { agenda.add(.stripeCancels, at: dice.within(0...open)) }
        for _ in 0..<extras.changedAmounts { agenda.add(.changesAmount, at: dice.within(0...open)) }
        for _ in 0..<extras.hangingDisks { agenda.add(.diskHangs(for: dice.within(5_000...60_000)), at: dice.within(0...open)) }
    }

    private mutating func asks(_ request: Request, _ text: String) { asks(technician: request, text) }
    mutating func asks(technician request: Request, _ text: String) { ask(Self.technician, request, payment: nil, text: text) }

    /// The number that stands for a technician. It is no till's, so no till sees the answer.
    static let technician = -1

    mutating func technicianActs() {
        guard !isClosed, machine != nil else { return }
        let reader = dice.below(readers.count)
        let name = dice.chance(700) ? Reader.id(reader).text : readers[reader].label
        switch dice.below(18) {
        case 0, 1: asks(.connect(name, cart: anyCart(), takeOver: false), "connect \(name)")
        case 2, 3:
            // Two readers may have got one label, when the first was gone from the lists.
            takeOversAsked.formUnion(readers.indices.filter { $0 == reader || readers[$0].label == name })
            asks(.connect(name, cart: anyCart(), takeOver: true), "take \(name) over")
        case 4, 5: asks(.disconnect(name), "disconnect \(name)")
        case 6: asks(.identify(name), "identify \(name)")
        case 7, 8, 9: releases(reader)
        case 10: asks(.discover(order()), "discover")
        case 11: acceptsLoss()
        case 12: if let cart = anyCart() { asks(.configuration(cart), "configuration of \(cart)") }
        case 13, 14: acknowledges()
        case 15, 16:
            let act: TrialAct = dice.of([.locate, .heartbeat, .display, .clear])
            if let cart = anyCart() { asks(.tryOut(name, act, cart: cart), "try \(name) out: \(act)") }
        default: asks(.readers(refresh: true), "readers, anew")
        }
    }

    /// Lets a technician acknowledge a payment with a warning, and now and then one without.
    private mutating func acknowledges() {
        let seen = payments.filter { truth in
            guard let record = disk.payments[truth.id] else { return false }
            return !record.warnings.isEmpty || disk.carts[record.request.cart.lock]?.held == truth.id
        }
        let chosen = seen.isEmpty || dice.chance(100) ? payments : seen
        guard !chosen.isEmpty else { return }
        acknowledges(dice.of(chosen).id)
    }

    mutating func acknowledges(_ id: PaymentID) {
        if let number = paymentIndex[id] {
            payments[number].wasSeenTo = true
            // Who acknowledges that money is held has seen to it that it is let go.
            if disk.carts[payments[number].request.cart.lock]?.held == id {
                for charge in stripe.charges.indices where stripe.charges[charge].cart == payments[number].cart { holdLetGo(charge) }
            }
        }
        asks(.acknowledge(id, by: "technician", note: "seen to", Recall()), "acknowledge \(id)")
    }

    /// Lets a technician agree to the loss of a journal.
    mutating func acceptsLoss() { asks(.acceptLoss(by: "technician", note: "agreed"), "accept the loss of a journal") }

    private mutating func anyCart() -> CartID? { carts.isEmpty || dice.chance(300) ? nil : carts[dice.below(carts.count)].id }

    private mutating func order() -> DiscoveryOrder {
        let subnet = PrivateAddress(bits: 0x0a00_0000).flatMap { Subnet(around: $0, prefix: dice.of([24, 30])) }
        return DiscoveryOrder(usb: dice.chance(500), lan: dice.chance(700), subnets: dice.chance(300) ? subnet.map { [$0] } : nil)
    }

    /// Releases a reader from the holder that the agent shows, and now and then from one that it showed a while ago.
    private mutating func releases(_ reader: Int) {
        guard let machine else { return }
        let shown = machine.readerViews.first { $0.facts.id == Reader.id(reader) }?.payment
        var holder = shown.map { LeaseHolder.payment($0) }
        if dice.chance(200), !payments.isEmpty { holder = .payment(payments[dice.below(payments.count)].id) }
        if holder == nil, !setups.isEmpty { holder = .cardSetup(setups[dice.below(setups.count)].id) }
        guard let holder else { return }
        asks(.release(Reader.id(reader).text, holder, by: "technician", Recall()), "release \(Reader.id(reader)) of the \(holder.words)")
    }

    // MARK: The location's readers

    mutating func registrarActs() {
        guard !isClosed, machine != nil else { return }
        let reader = dice.below(readers.count)
        let label = dice.chance(800) ? "Reader \(reader)\(dice.of(["", " new", " spare"]))" : "Reader 0"
        switch dice.below(3) {
        case 0:
            asks(
                .register(RegistrationCode(Secret("code-\(reader)_secret")), label: label, location: dice.chance(200) ? "12" : nil),
                "register \(Reader.id(reader)) as \(label)")
        case 1: asks(.relabel(Reader.id(reader).text, label: label), "label \(Reader.id(reader)) \(label)")
        default: asks(.deregister(Reader.id(reader).text), "remove \(Reader.id(reader))")
        }
    }

    mutating func changesTerminals(_ call: Call) -> Result<Void, CallFailure> {
        let refused = CallFailure.rejected(status: 422, detail: "no such reader, or the code is spent")
        switch call {
        case .registerTerminal(_, let code, let label):
            guard let index = Self.number(in: code.secret.reveal(), after: 5), readers.indices.contains(index),
                readers[index].registeredAt == nil
            else { return .failure(refused) }
            // The list shows the reader a little later than the call is answered.
            readers[index].registeredAt = now + dice.within(0...3_000)
            readers[index].label = label
        case .updateTerminal(let id, let label):
            guard let index = registered(id) else { return .failure(refused) }
            readers[index].label = label
        case .deregisterTerminal(let id):
            // A call from before closing time that arrives after it takes no reader away from the customers who pay at the end.
            guard !isClosed, let index = registered(id) else { return .failure(refused) }
            if id == Reader.id(index) { readers[index].hasItsOwnID = false }
            readers[index].otherIDs.removeAll { Reader.id(index + $0 * 100) == id }
            guard readers[index].ids(index).isEmpty else { break }
            readers[index].hasItsOwnID = true
            readers[index].registeredAt = nil
        case .configuration, .connectionToken, .paymentIntent, .paymentStatus, .setupIntent, .storeCard, .backendReaders, .stripeReaders,
            .terminals, .readIntent, .reader, .append, .networks, .lookAtLAN, .lookAtUSB:
            return .failure(refused)
        }
        return .success(())
    }

    private func registered(_ id: ReaderID) -> Int? {
        Reader.index(of: id).flatMap { readers.indices.contains($0) && isRegistered($0) && readers[$0].ids($0).contains(id) ? $0 : nil }
    }

    /// Registers a reader once more, with or without taking the old entry away.
    mutating func listedAnew() {
        guard !isClosed else { return }
        let index = dice.below(readers.count)
        let number = 1 + dice.below(3)
        if !readers[index].otherIDs.contains(number) { readers[index].otherIDs.append(number) }
        if dice.chance(500) { readers[index].hasItsOwnID = false }
        if dice.chance(300) { readers[index].otherIDs = [number] }
        if dice.chance(250) { (readers[index].hasItsOwnID, readers[index].otherIDs) = (true, []) }
        trace.note(now, 67, UInt64(index), text: "reader \(index) is listed as \(readers[index].ids(index).map(\.text))")
    }

    /// The name that a till has for a reader in its settings.
    func name(ofReader index: Int, by choice: Int) -> String {
        guard extras.twins > 0 else { return Reader.id(index).text }
        return choice < 2 ? Reader.id(index).text : choice < 4 ? "S\(index)" : Reader.id(index + (choice - 3) * 100).text
    }

    func isRegistered(_ reader: Int) -> Bool { readers[reader].registeredAt.map { $0 <= now } ?? false }

    // MARK: Cables

    mutating func cable(_ reader: Int, isIn: Bool) {
        guard !isClosed || !isIn else { return }
        trace.note(now, 66, UInt64(reader), text: "reader \(reader) is \(isIn ? "plugged in" : "unplugged")")
        plugs += 1
        readers[reader].usbDevice = isIn ? plugs : nil
        for index in calls.indices where !calls[index].isAnswered && calls[index].generation == generation {
            guard case .reader(Reader.id(reader), let route, _, _) = calls[index].call, route.isUSB else { continue }
            calls[index].losesAnswer = true
            plans(.callTimesOut(index), after: 50)
        }
        feed(.devices(.usb(onUSB())))
    }

    func onUSB() -> [USBSighting] {
        let ends = [USBEndpoint(address: 0x81, attributes: 2, packetSize: 512), USBEndpoint(address: 0x01, attributes: 2, packetSize: 512)]
        let link = USBInterface(number: 0, interfaceClass: 0xff, subclass: 0x52, protocolCode: 0x01, endpoints: ends)
        let plugged = readers.enumerated().compactMap { number, reader -> USBSighting? in
            guard let device = reader.usbDevice else { return nil }
            return USBSighting(
                bus: 1, device: device, portPath: "1.\(number + 1)", vendorID: 0x1209, productID: 1, serial: "S\(number)",
                interfaces: [link])
        }
        let keyboard = USBInterface(number: 0, interfaceClass: 0x03, subclass: 1, protocolCode: 1)
        let others = odds.devices ? Self.devicesOfEverySort : []
        return plugged + [USBSighting(bus: 1, device: 1, portPath: "4", vendorID: 0x046d, productID: 0xc31c, interfaces: [keyboard])]
            + others
    }

    // MARK: Settings

    mutating func changesSettings() {
        guard !isClosed, machine != nil else { return }
        if dice.chance(300) {
            trace.note(now, 67, text: "the credential changes")
            return feed(.credentialChanged)
        }
        trace.note(now, 68, text: "the settings change")
        policy.eagerCollect = dice.chance(500)
        policy.lanes[LaneName(unchecked: "lane-0")] = dice.of([nil, Reader.id(0).text, "Reader 0"])
        policy.readerLabels["S0"] = dice.of([nil, "Front"])
        policy.maintenanceCart = dice.of([nil, carts.first?.id])
        policy.usbExclude = dice.of([[], ["S0"]])
        feed(.policy(policy))
    }
}
