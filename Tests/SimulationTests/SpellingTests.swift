import GatewayCore
import GatewayModel
import Moments
import GatewaySimulation
import Testing

/// The hash of a world covers all that the machine asks for, in a spelling of its own.
struct SpellingTests {
    /// Fields that a type has got since are not in its spelling yet: they belong there, and this number with them.
    @Test func `every field of what is spelled is in its spelling`() throws {
        let at: WallTime = 1
        let request = try Self.request()
        let record = Self.record(request)
        let fields: [(value: Any, count: Int)] = [
            (record, 29), (request, 9), (CartFacts(cart: Self.cart), 12), (Self.intent(request), 12),
            (JournalEntry(kind: .cart, at: at), 7), (JournalEntry.Fact(key: "k", value: "v"), 2),
            (PaymentFailure(code: .superseded, message: "m"), 7), (PaymentWarning.notJournaled, 3), (CardReceipt(), 9),
            (TimelineEntry(state: .queued, at: at), 2),
            (Self.setup, 16), (Self.setup.request, 7), (CardSummary(brand: nil, last4: nil, entry: nil), 3),
            (Self.display, 4), (Self.display.lines[0], 3), (Self.tip, 2), (Self.tip.options[0], 2),
            (Refusal(.noCart, "d"), 8), (AgentNotice(code: "c", message: "m"), 4), (LookSummary(), 4), (LookNote(.usbOff, "m"), 3),
            (ReaderRoute(address: "10.0.0.1", port: 1, host: "h"), 3), (TransactionContext(transactionID: "1", startTime: 1), 2),
            (CollectedCard(summary: CardSummary(brand: nil, last4: nil, entry: nil), tipMinor: 0, echo: Secret("")), 3),
            (LANLook(addresses: [], port: 1, perSecond: 1, answerTime: 1, certificateTime: 1), 6),
            (LANSighting(address: "", port: 1), 4), (DeviceFacts(key: DeviceKey(unchecked: "k")), 6), (DeviceReason(.noSerial, "m"), 3),
            (Self.place, 7), (BackendConfiguration(publishableKey: Self.key, stripeLocation: nil), 2),
            (BackendIntent(id: Self.pi, publishableKey: Self.key, clientSecret: ClientSecret(Secret(""))), 3),
        ]
        for (value, count) in fields {
            #expect(
                Mirror(reflecting: value).children.count == count,
                "\(type(of: value)): its spelling is in Sources/Core/GatewaySimulation/Spelling")
        }
    }

    @Test func `what differs in one thing is spelled otherwise`() throws {
        let actions = try Self.actions()
        let hashes = actions.map { Simulation.hash(of: [$0]) }
        for (number, hash) in hashes.enumerated() {
            for earlier in 0..<number where hashes[earlier] == hash {
                Issue.record("these two hash alike: \(actions[earlier]) and \(actions[number])")
            }
        }
        #expect(Simulation.hash(of: Array(actions.prefix(2))) != Simulation.hash(of: Array(actions.prefix(2).reversed())))
    }

    /// Written down once: what moves it is a spelling that was changed, and no hash of before can be compared with one of after.
    @Test func `the spelling is the one of before`() throws {
        let hash = String(Simulation.hash(of: try Self.actions()), radix: 16)
        #expect(hash == "faf4dc61a51b88ae", "it is \(hash)")
    }

    // MARK: Examples

    static let cart = CartID(unchecked: "cart1")
    static let key = PublishableKey(unchecked: "pk_test_1")
    static let pi = IntentID(unchecked: "pi_1")
    static let reader = ReaderID(unchecked: "tmr_1")
    static let usd = Currency(unchecked: "usd")
    static let tip = TipConfiguration(options: [TipOption(label: "10", amountMinor: 100)], hideCustomAmount: false)
    static let display = DisplayCart(
        currency: usd, totalMinor: 1, taxMinor: nil, lines: [DisplayLine(description: "d", amountMinor: 1, quantity: 1)])
    static let place = USBPlace(bus: 1, device: 1, portPath: "1", interface: 1, endpointIn: 1, endpointOut: 1, packetSize: 1)
    static let setup = CardSetupRecord(
        id: CardSetupID(unchecked: "s1"), request: CardSetupRequest(user: "u", partner: "p", postalCode: "z"), reader: reader,
        readerLabel: nil, at: 1)

    static func request() throws -> PaymentRequest { PaymentRequest(cart: cart, amount: try DecimalAmount("12.50")) }

    static func record(_ request: PaymentRequest) -> PaymentRecord {
        PaymentRecord(id: PaymentID(unchecked: "p1"), request: request, reader: reader, readerLabel: "Front", at: 1)
    }

    static func intent(_ request: PaymentRequest) -> CartFacts.Intent {
        CartFacts.Intent(id: pi, amountMinor: 1250, currency: usd, publishableKey: key, amount: request.amount, accountBalance: nil)
    }

    static func actions() throws -> [Action] {
        let request = try request()
        let record = record(request)
        func changed(_ change: (inout PaymentRecord) -> Void) -> Action {
            var other = record
            change(&other)
            return .publish(other)
        }
        func call(_ call: Call) -> Action { .call(CallID(1), call, timeout: 1, trace: "p1.1") }
        func tell(_ response: Response) -> Action { .respond(RequestID(1), response) }
        func say(_ command: ReaderCommand) -> Action {
            call(.reader(reader, ReaderRoute(address: "10.0.0.1", port: 1, host: "h"), command, session: nil))
        }
        let context = TransactionContext(transactionID: "1", startTime: 1)
        let token = ConnectionToken(Secret("t"))
        let card = CollectedCard(summary: CardSummary(brand: "visa", last4: nil, entry: nil), tipMinor: 1, echo: Secret("e"))
        var facts = CartFacts(cart: cart)
        let before = facts
        facts.intent = intent(request)
        var confirmed = facts
        confirmed.intent?.everConfirmed = true
        let records: [Action] = [
            .publish(record), changed { $0.money = .unknown }, changed { $0.state = .preparing }, changed { $0.tipMinor = 1 },
            changed { $0.amountMinor = 0 }, changed { $0.intent = pi }, changed { $0.order = OrderID(unchecked: "pi_1") },
            changed { $0.leased = true }, changed { $0.authorized = true }, changed { $0.confirmingAt = 1 }, changed { $0.endedAt = 1 },
            changed { $0.failure = PaymentFailure(code: .superseded, message: "m") },
            changed { $0.failure = PaymentFailure(code: .superseded, message: "m", paidBy: record.id) },
            changed { $0.failure = PaymentFailure(code: .superseded, message: "m", supersededBy: record.id) },
            changed { $0.timeline = [] }, changed { $0.request.tip = tip }, changed { $0.request.display = display },
            changed { $0.request.afterKeyedEntry = true }, changed { $0.card = card.summary }, .publishCardSetup(setup),
        ]
        let told: [Action] = [
            tell(.payment(record, created: true)), tell(.payment(record, created: false)), tell(.cardSetup(setup, created: true)),
            tell(.done), tell(.readers), tell(.cartStatus(.open)), tell(.cartStatus(.submitted(order: nil))),
            tell(.cartStatus(.failed(error: nil))), tell(.connectionToken(token)), tell(.reader(reader, label: nil)),
            tell(.discovered(LookSummary())), tell(.refused(Refusal(.noCart, "d"))), tell(.refused(Refusal(.cartBusy, "d"))),
            tell(.refused(Refusal(.noCart, "d", payment: record.id))), .respond(RequestID(2), .done),
        ]
        let asked: [Action] = [
            call(.configuration(cart)), call(.connectionToken(cart)), call(.paymentStatus(cart)), call(.backendReaders),
            call(.paymentIntent(cart, amount: request.amount, accountBalance: nil, type: .terminal)),
            call(.paymentIntent(cart, amount: request.amount, accountBalance: nil, type: .card)),
            call(.paymentIntent(cart, amount: request.amount, accountBalance: request.amount, type: .card)),
            call(.setupIntent(user: "u")), call(.storeCard(setup.request, paymentMethod: "pm")), call(.stripeReaders(token)),
            call(.terminals(location: nil)), call(.terminals(location: "l")),
            call(.registerTerminal(location: nil, RegistrationCode(Secret("c")), label: "l")), call(.updateTerminal(reader, label: "l")),
            call(.deregisterTerminal(reader)), call(.readIntent(pi, key, ClientSecret(Secret("s")))), call(.networks), call(.lookAtUSB),
            call(.lookAtLAN(LANLook(addresses: [], port: 1, perSecond: 1, answerTime: 1, certificateTime: 1))),
            call(.append([JournalEntry(kind: .cart, at: 1, cart: before)])), call(.append([JournalEntry(kind: .cart, at: 1, cart: facts)])),
            call(.append([JournalEntry(kind: .cart, at: 1, cart: confirmed)])), call(.append([])),
            .call(CallID(1), .networks, timeout: 2, trace: "p1.1"), .call(CallID(1), .networks, timeout: 1, trace: "p1.2"),
        ]
        let said: [Action] = [
            say(.activate(token: token, failIfInUse: true)), say(.activate(token: token, failIfInUse: false)), say(.prove(token: token)),
            say(.heartbeat),
            say(.display(context, display)), say(.clearDisplay(nil)), say(.clearDisplay(context)), say(.query(context)),
            say(.collect(context, amountMinor: 1, currency: usd, tip: nil)),
            say(.collect(context, amountMinor: 1, currency: usd, tip: tip)),
            say(.cancelCollect(context)), say(.confirm(context, intent: pi, card: card)), say(.collectReusable), say(.queryReusable),
            say(.cancelReusable), say(.confirmReusable(echo: Secret("e"))),
        ]
        let others: [Action] = [
            .readerChanged(reader), .stopLooking, .lookNews(RequestID(1), .progress(looked: 1, of: 2)),
            .notice(AgentNotice(code: "c", message: "m")), .notice(AgentNotice(code: "c", message: "m", payment: record.id)),
            .log(.info, "m", subject: .agent), .log(.error, "m", subject: .agent), .log(.info, "m", subject: .payment(record.id)),
        ]
        return records + told + asked + said + others + warned(record)
    }

    private static func warned(_ record: PaymentRecord) -> [Action] {
        func changed(_ change: (inout PaymentRecord) -> Void) -> Action {
            var other = record
            change(&other)
            return .publish(other)
        }
        return [
            changed { $0.failure = PaymentFailure(code: .superseded, message: "m", payment: record.id) },
            changed { $0.amountChargedMinor = 1 }, changed { $0.decidesBy = 1 }, changed { $0.isVouchedUnkeyed = true },
            changed { $0.receipt = CardReceipt(aid: "a") },
            changed { $0.receipt = CardReceipt(cvm: "a") }, changed { _ = $0.warn(.notJournaled) },
            changed { _ = $0.warn(.chargedTwice(pi)) },
        ]
    }
}
