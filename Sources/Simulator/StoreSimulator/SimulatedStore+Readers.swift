extension SimulatedStore {
    /// Switches a reader off: it stops listening, and its session ends.
    ///
    /// - Parameter finishesAuthorisation: whether an authorisation that runs takes the money all the same. Otherwise it never reached
    ///   Stripe.
    package func powerOff(reader: String? = nil, finishesAuthorisation: Bool = false) async throws {
        let serial = try serial(reader)
        world.with { world, now in
            guard let index = world.index(ofReader: serial) else { return }
            if let running = world.readers[index].machine.powerOff(), finishesAuthorisation {
                _ = world.readers[index].machine.conclude(running, at: now, stripe: &world.stripe)
            }
            world.readers[index].isOn = false
            world.readers[index].lastSeen = now
        }
        await host(serial)?.goSilent()
    }

    /// Switches a reader on where it is.
    package func powerOn(reader: String? = nil) async throws {
        let (serial, address, port) = try change(reader) { ($0.serial, $0.address, $0.port) }
        try await host(serial)?.listen(address: address, port: port)
        try change(serial) { record in
            record.isOn = true
            record.machine.powerOn()
        }
    }

    /// Restarts a reader: it is gone for a while, and its session ends. The call returns when it is down.
    package func reboot(reader: String? = nil, downFor milliseconds: Int, finishesAuthorisation: Bool = false) async throws {
        let serial = try serial(reader)
        try await powerOff(reader: serial, finishesAuthorisation: finishesAuthorisation)
        timers.after(milliseconds: milliseconds) { [weak self] in
            do {
                try await self?.powerOn(reader: serial)
            } catch {
                self?.world.with { world, _ in world.noteViolation("simulator: \(serial) could not come up again: \(error)") }
            }
        }
    }

    /// Moves a reader to another address, as a new DHCP lease does. Its old connections drop, and its session lives on.
    ///
    /// - Parameters:
    ///   - given: an address of this computer. Nil chooses a free loopback one.
    ///   - listedAfter: the milliseconds until Stripe's list hears of it. Nil means never.
    package func move(reader: String? = nil, to given: String? = nil, listedAfter milliseconds: Int? = 0) async throws {
        let (serial, port, domain) = try change(reader) { ($0.serial, $0.port, $0.domain) }
        var lastError: any Error = SimulatorError("no free loopback address")
        for _ in 0..<(given == nil ? 20 : 1) {
            var block = LoopbackBlock()
            let address = given ?? block.address()
            do {
                try host(serial)?.certify(host: ReaderRecord.host(address: address, domain: domain), address: address)
                try await host(serial)?.listen(address: address, port: port)
                try change(serial) { record in
                    record.address = address
                    if milliseconds == 0 { record.publishedAddress = address }
                }
                if let milliseconds, milliseconds > 0 {
                    timers.after(milliseconds: milliseconds) { [weak self] in
                        self?.world.with { world, _ in
                            guard let index = world.index(ofReader: serial) else { return }
                            world.readers[index].publishedAddress = world.readers[index].address
                        }
                    }
                }
                return
            } catch {
                lastError = error
            }
        }
        throw lastError
    }

    /// Lets another POS take a reader.
    ///
    /// - Parameter collects: whether that POS asks for a card of its own until `release`.
    package func takeOver(reader: String? = nil, device: String = "pos-other", collects: Bool = false) throws {
        let serial = try serial(reader)
        world.with { world, now in
            guard let index = world.index(ofReader: serial) else { return }
            world.readers[index].machine.takeOver(device: device, collects: collects, at: now)
        }
    }

    /// Lets the present holder release the reader.
    package func release(reader: String? = nil) throws {
        try change(reader) { $0.machine.release() }
    }

    /// Cuts a reader's connection to Stripe, or restores it. On the LAN the reader stays reachable.
    package func setInternet(_ isThere: Bool, reader: String? = nil) throws {
        let serial = try serial(reader)
        world.with { world, now in
            guard let index = world.index(ofReader: serial) else { return }
            world.readers[index].machine.hasInternet = isThere
            world.readers[index].lastSeen = now
        }
    }

    /// Cuts a reader off the LAN, or lets it back: its connections drop and new ones are closed before a byte is read. Its work goes on.
    package func setLink(_ isUp: Bool, reader: String? = nil) async throws {
        let serial = try serial(reader)
        guard !isUp else {
            world.with { world, _ in world.faults.remove("reader.connect", reader: serial) }
            return
        }
        fault(Fault("reader.connect", .close, reader: serial, times: nil))
        await host(serial)?.dropConnections()
    }

    /// Leaves a card in the slot, or takes it out.
    package func setCardLeftIn(_ isIn: Bool, reader: String? = nil) throws {
        try change(reader) { $0.machine.isCardLeftIn = isIn }
    }

    /// Gives a reader a certificate with a flaw, or a good one again (nil). New connections see it, and old ones are dropped.
    package func setCertificate(_ flaw: CertificateFlaw?, reader: String? = nil) async throws {
        let (serial, name, address) = try change(reader) { ($0.serial, $0.host, $0.address) }
        try host(serial)?.certify(host: name, address: address, flaw: flaw)
        await host(serial)?.dropConnections()
    }

    /// Makes Stripe list a reader as `online` or `offline` whatever the truth. Nil lists the truth.
    package func setListedStatus(_ status: String?, reader: String? = nil) throws {
        try change(reader) { $0.publishedStatus = status }
    }

    /// Makes a reader one of live or of test mode, whatever mode the store has.
    package func setLivemode(_ isLive: Bool, reader: String? = nil) throws {
        try change(reader) { $0.machine.livemode = isLive }
    }

    /// Lets an unregistered reader show a new pairing code, as a technician would.
    package func newRegistrationCode(reader: String) throws -> String {
        try change(reader) { record in
            let code = RegistrationCode.make()
            record.registrationCode = code
            return code
        }
    }

    private func serial(_ reader: String?) throws(SimulatorError) -> String { try change(reader) { $0.serial } }

    private func host(_ serial: String) -> ReaderHost? { hosts[serial] }
}
