internal import CheckoutAPI
internal import GatewayModel
import Moments
internal import Glibc
internal import NIOCore
internal import ReaderLinks
internal import WebCall

extension Checkup {
    /// Every reader, from its address to the software it runs. Nothing is said to a reader but a TLS handshake.
    func readerLooks(_ agent: CheckedAgent) -> [Look] {
        let readers = agent.status.readers
        var looks = [
            Look("readers", nil, "A reader can take payments.") { Self.readers(agent, looksAtLAN: place.looksAtLAN) },
            Look("labels", nil, "The readers are called as the settings say.") { Self.labels(agent.status) },
            Look("restart_window", nil, "The readers' daily restart is not near.") { Self.restartWindow(readers, at: Self.localMinutes()) },
            Look("other_agents", nil, "No other program takes the readers.") { Self.otherAgents(readers) },
        ]
        for reader in readers {
            let name = Self.name(reader)
            looks.append(Look("reader_state", name, "\(name) is ready for a payment.") { Self.state(reader) })
            looks.append(
                Look("reader_software", name, "The software of \(name) is known.") { Self.software(reader) })
            guard reader.transport != .usb else { continue }
            looks.append(
                Look("reader_address", name, "\(name) is where Stripe says.") { Self.address(reader, devices: agent.devices) })
            guard let address = reader.address else { continue }
            looks.append(
                Look("reader_route", name, "This box is in the same network as \(name).") { Self.route(Route.to(address), address) })
            looks.append(Look("reader_port", name, "\(name) answers on its port.") { await port(address) })
            looks.append(Look("reader_certificate", name, "\(name) proves that it is itself.") { await certificate(reader, address) })
            looks.append(
                Look("reader_name", name, "The published name of \(name) can be resolved.") { await publishedName(reader, address) })
        }
        return looks
    }

    static func name(_ reader: Reader) -> String { reader.label ?? reader.serial ?? reader.reader ?? "a reader" }

    static func readers(_ agent: CheckedAgent, looksAtLAN: Bool = true) -> Finding {
        let status = agent.status
        guard !status.readers.isEmpty || status.backend.state == .ok else {
            return .skipped("The list of readers has not been read, because of what the checks backend and credential say.")
        }
        guard !status.readers.isEmpty else {
            return .fail(
                "No reader is registered at this location.",
                "If there should be some, check location in the settings. Else register one: switch it on, let it show its code (Settings, Generate pairing code), then: sudo readerctl register"
            )
        }
        let usable = status.readers.filter { [.ready, .busy, .idle].contains($0.state) }
        if let unasked = unasked(agent, looksAtLAN: looksAtLAN) { return unasked }
        guard !usable.isEmpty else {
            return .fail("None of \(status.readers.count) readers can be used now.", "See what the checks of each reader say below.")
        }
        let empty = status.lanes.filter { $0.reader == nil }.map(\.lane)
        if !empty.isEmpty {
            return .fail(
                "The settings give \(empty.joined(separator: ", ")) a reader that does not exist.",
                "Correct lanes.NAME.reader in the settings: a reader's id, serial number or label as readerctl readers shows it.")
        }
        return .pass("\(usable.count) of \(status.readers.count) can be used.")
    }

    /// Every reader is one that nobody could ask: its address comes with a cart's connection token. What was seen on the network says how likely they are off.
    private static func unasked(_ agent: CheckedAgent, looksAtLAN: Bool) -> Finding? {
        let readers = agent.status.readers
        guard readers.allSatisfy({ $0.state == .unknown }) else { return nil }
        let strangers = agent.devices.filter { $0.transport == .lan && $0.reader == nil && $0.host != nil }
        guard looksAtLAN else {
            return .fail(
                "Whether a reader can take payments is not known: where they are is told with an open cart, there was none since readerd started, and lan.sweep is off.",
                "Open a cart of the backend's: sudo readerctl carts open CART; or let readerd find out by itself: maintenance_cart, or lan.sweep = true, in the settings"
            )
        }
        guard strangers.isEmpty else {
            return .skipped(
                "\(strangers.count == 1 ? "A reader answers" : "\(strangers.count) readers answer") on this network; which of the registered ones "
                    + "\(strangers.count == 1 ? "it is" : "they are") is told by Stripe's list, and that needs an open cart: sudo readerctl carts open CART, or maintenance_cart in the settings."
            )
        }
        return .fail(
            "No reader answers on this network: \(readers.count) \(readers.count == 1 ? "is" : "are") registered, and none was seen since readerd started.",
            "Switch the readers on and connect them to this box's network, then: sudo readerctl discover; if one is there and is not found, open a cart, for where it is is told with that: sudo readerctl carts open CART"
        )
    }

    static func state(_ reader: Reader) -> Finding {
        switch reader.state {
        case .ready: return .pass("It is connected and waits.")
        case .busy: return .pass("It takes a payment now\(reader.payment.map { " (\($0))" } ?? "").")
        case .idle: return .pass("It can be reached; a session is opened with the next cart.")
        case .connecting: return .skipped("A session with it is being opened. Run the check again in some seconds.")
        case .unknown: return .skipped("Nobody could ask it since readerd started: where it is is told with an open cart only.")
        default:
            return .fail(
                reader.reason?.message ?? "It cannot be used: \(reader.state.rawValue).",
                reader.reason?.remedy ?? "Restart the reader: hold its power button, wait until it shows the time, and run the check again."
            )
        }
    }

    static func labels(_ status: Status) -> Finding {
        let drifted = status.reasons.filter { $0.code == "label_drift" }
        guard let first = drifted.first else { return .pass("No reader is called otherwise than the settings say.") }
        let others = drifted.count > 1 ? " (and \(drifted.count - 1) more)" : ""
        return .warn(first.message + others, first.remedy ?? "Run sudo readerctl labels apply, or change the settings.")
    }

    static func software(_ reader: Reader) -> Finding {
        guard let software = reader.software, !software.isEmpty else {
            return .skipped("Stripe does not say what it runs\(reader.model.map { "; its model is \($0)" } ?? "").")
        }
        return .pass("It runs \(software). Readers update themselves when they are idle and powered, mostly at their restart at midnight.")
    }

    /// - Parameter devices: what was seen on this network itself.
    static func address(_ reader: Reader, devices: [Device]) -> Finding {
        guard let address = reader.address, !address.isEmpty, address != "0.0.0.0" else {
            // What only Stripe's list says is missing altogether: nobody has read it yet, and the reader is not to blame.
            if reader.serial == nil, reader.model == nil, reader.lastSeenAt == nil {
                return .skipped(
                    "Stripe's list of readers was not read yet: that needs a connection token, and so an open cart. Open one (sudo readerctl carts open CART), or set maintenance_cart, and check again."
                )
            }
            return .fail(
                "Stripe knows no address of it: it has not reported one since it was switched on.",
                "Switch it on and connect it to the shop's network (the same as this box's, not the guests' Wi-Fi); it reports its address by itself."
            )
        }
        do throws(PrivateAddress.Problem) {
            _ = try PrivateAddress(address)
        } catch .notIPv4 {
            return .fail(
                address.contains { $0 != " " }
                    ? "Stripe says it has the address \(address), which is no IPv4 address standing alone; readers are reached by IPv4 only."
                    : "Stripe says it has an address, and that is blank.",
                "Give the reader an IPv4 address in the shop's network (DHCP), and restart it; it reports its address by itself.")
        } catch {
            return .fail(
                "Stripe says it has the address \(address), which is not one of a shop's own network; readerd does not dial it.",
                "The reader is in another network, as on mobile data: connect it to the shop's network.")
        }
        let seen = devices.filter { $0.transport == .lan && $0.reader == reader.reader && $0.reader != nil }.compactMap(\.address)
        if let other = seen.first, !seen.contains(address) {
            return .warn(
                "Stripe says \(address), but it was seen at \(other): its address has changed.",
                "readerd goes on by its certificate. Give it a fixed address in the router (a DHCP reservation), so that this does not happen again."
            )
        }
        return .pass("\(address).")
    }

    static func route(_ route: Route, _ address: String) -> Finding {
        switch route {
        case .direct(let interface, let own): return .pass("\(address) is in the network of \(interface) (this box: \(own)).")
        case .routed(let own):
            return .warn(
                "\(address) is in another network than this box (\(own)): between them is a router, and many keep devices apart.",
                "Connect the reader to the same network as this box. Readers often land in the guests' Wi-Fi, which must not reach the shop."
            )
        case .none:
            return .fail("This box has no route to \(address).", "Check this box's network cable or Wi-Fi: ip address; ip route")
        case .unknown: return .skipped("The kernel does not say how it would reach \(address).")
        }
    }

    private func port(_ address: String) async -> Finding {
        let began = ContinuousClock.now
        do throws(ReaderFailure) {
            _ = try await lan.inspect(address: address, port: place.readerPort, timeout: Self.patience)
            return .pass("\(address):\(place.readerPort) answered within \(Int64((ContinuousClock.now - began) / .milliseconds(1))) ms.")
        } catch {
            let detail = Self.detail(error)
            // Who refuses is there: whatever keeps devices apart would have let the time run out.
            let further =
                detail.contains("refused")
                ? "it may still be starting: run the check again in a minute."
                : "the Wi-Fi may keep devices apart (\u{201c}client isolation\u{201d}): switch that off in the access point."
            return .fail(
                "\(detail).",
                "See whether the reader is on and shows the address \(address) in its settings. If it shows another, restart it; if it shows this one, "
                    + further)
        }
    }

    private func certificate(_ reader: Reader, _ address: String) async -> Finding {
        guard let host = reader.host else { return .skipped("Stripe publishes no name for it, so there is none to verify.") }
        do throws(ReaderFailure) {
            let channel = try await lan.open(ReaderRoute(address: address, port: place.readerPort, host: host), timeout: Self.patience)
            channel.close(promise: nil)
        } catch .untrusted(let problem) {
            return .fail(problem.sentence, problem.remedy)
        } catch {
            return .skipped("It shows no certificate: \(Self.detail(error)).")
        }
        do throws(ReaderFailure) {
            let shown = try await lan.inspect(address: address, port: place.readerPort, timeout: Self.patience)
            let words = "It is for \(host), and ends on \(CivilTime(shown.notAfter).sentence)."
            guard shown.notAfter - BoxClock.now() > 3 * 86_400_000 else {
                return .warn(words, "Restart the reader and leave it on power over night: it fetches a new certificate by itself.")
            }
            return .pass(words)
        } catch {
            return .skipped("It was trusted, but could not be looked at again: \(Self.detail(error)).")
        }
    }

    private func publishedName(_ reader: Reader, _ address: String) async -> Finding {
        guard let host = reader.host else { return .skipped("Stripe publishes no name for it.") }
        async let asked = NameLookUp.of(host, within: Self.patience)
        // Whether names can be resolved at all: a name server that answers for the world and not for this name hides it.
        async let control = NameLookUp.of(place.stripe.host, within: Self.patience)
        return Self.publishedName(host, address, await asked, control: await control)
    }

    static func publishedName(_ host: String, _ address: String, _ asked: NameLookUp, control: NameLookUp) -> Finding {
        switch (asked, control) {
        case (.addresses(let found), _) where found.contains(address): return .pass("\(host) is \(address).")
        case (.addresses(let found), _):
            return .pass(
                "\(host) leads to \(found.joined(separator: ", ")) and not to \(address): the router rewrites names. readerd does not need it: it dials the address. A checkout that runs Stripe's own software in a browser will not find the reader."
            )
        case (.none, .addresses):
            return .pass(
                "The router blocks private answers: \(host) cannot be resolved (DNS rebind protection). readerd does not need it: it dials \(address) itself. A checkout that runs Stripe's own software in a browser does: for it, allow stripe-terminal-local-reader.net in the router."
            )
        case (.none, _), (.silent, _):
            return .skipped("The name server does not answer for it. readerd does not need it: it dials \(address) itself.")
        }
    }

    static func otherAgents(_ readers: [Reader]) -> Finding {
        let taken = readers.filter { $0.state == .inUseElsewhere }.map(name)
        guard !taken.isEmpty else {
            return .pass("No reader says that another program has it. That is all that can be seen: two agents do not see each other.")
        }
        return .fail(
            "\(taken.joined(separator: ", ")) \(taken.count == 1 ? "is" : "are") in use by another program: a second readerd on this network, or a checkout with Stripe's own software.",
            "Find it and stop it (ask: is there an old box, a tablet, a test installation?). Then take the reader over: sudo readerctl readers connect READER --take-over"
        )
    }

    /// Smart readers restart daily at midnight, in the time zone of their location (reader-protocol, section 6); this box's is taken for that.
    static func restartWindow(_ readers: [Reader], at minutes: Int) -> Finding {
        guard !readers.isEmpty else { return .skipped("There is no reader.") }
        let toMidnight = (1440 - minutes) % 1440
        if toMidnight <= 15 || minutes < 10 {
            return .pass(
                "Readers restart by themselves around midnight, and it is \(two(minutes / 60)):\(two(minutes % 60)): one may be away for some minutes. A payment that has begun is not lost."
            )
        }
        return .pass("It is about midnight; now it is \(two(minutes / 60)):\(two(minutes % 60)) here.")
    }

    private static func two(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }

    /// Minutes since midnight in this box's time zone.
    static func localMinutes() -> Int {
        var now = time(nil)
        var parts = tm()
        localtime_r(&now, &parts)
        return Int(parts.tm_hour) * 60 + Int(parts.tm_min)
    }

    static func detail(_ failure: ReaderFailure) -> String {
        switch failure {
        case .unreachable(let detail), .lost(let detail), .invalidAnswer(let detail), .rpc(_, let detail), .app(_, let detail),
            .unsupported(let detail):
            detail
        case .untrusted(let problem): problem.sentence
        }
    }
}
