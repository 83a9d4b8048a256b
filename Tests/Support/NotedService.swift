import CheckoutAPI
import CheckoutServer

/// A service behind the real server that says the same always, and notes what it is asked. A fake writes down itself only what its tests are about.
package protocol NotedService: CheckoutService {
    /// Notes a call, and refuses it when a test wants that.
    func note(_ call: String, _ caller: Caller) throws(Problem)

    /// The reader that orders to readers are answered with.
    var anyReader: Reader { get }
}

extension NotedService {
    private var when: Timestamp { Timestamp(milliseconds: 1_769_851_800_250) }

    package func info(caller: Caller) async throws(Problem) -> Info {
        try note("info", caller)
        return Info(
            version: "1.2.3", mode: .test, location: "12", startedAt: Timestamp(milliseconds: 0), uptimeSeconds: 17,
            caller: Info.Caller(
                role: caller.role, pid: Int(caller.pid), uid: Int(caller.uid), gid: Int(caller.gid), groups: caller.groups.map { Int($0) }))
    }

    // MARK: Carts

    package func closeCart(_ cart: String, caller: Caller) async throws(Problem) { try note("closeCart \(cart)", caller) }

    package func cartStatus(_ cart: String, caller: Caller) async throws(Problem) -> CartStatus {
        try note("cartStatus \(cart)", caller)
        return CartStatus(status: .submitted, order: "8812")
    }

    // MARK: Readers and devices

    package func registerReader(_ body: RegisterBody, caller: Caller) async throws(Problem) -> Reader {
        try note("registerReader \(body.registrationCode) \(body.label) \(body.location ?? "-")", caller)
        return anyReader
    }

    package func relabelReader(_ name: String, _ body: LabelBody, caller: Caller) async throws(Problem) -> Reader {
        try note("relabelReader \(name) \(body.label)", caller)
        return anyReader
    }

    package func removeReader(_ name: String, caller: Caller) async throws(Problem) { try note("removeReader \(name)", caller) }
    package func identifyReader(_ name: String, caller: Caller) async throws(Problem) { try note("identifyReader \(name)", caller) }

    package func connectReader(_ name: String, _ body: ConnectBody, caller: Caller) async throws(Problem) -> Reader {
        try note("connectReader \(name) \(body.cart ?? "-") \(body.takeOver ?? false)", caller)
        return anyReader
    }

    package func disconnectReader(_ name: String, caller: Caller) async throws(Problem) -> Reader {
        try note("disconnectReader \(name)", caller)
        return anyReader
    }

    package func releaseReader(_ name: String, _ body: ReleaseBody, caller: Caller) async throws(Problem) -> Reader {
        try note("releaseReader \(name) \(body.payment ?? "-") \(body.cardSetup ?? "-")", caller)
        return try await reader(name, caller: caller)
    }

    package func devices(caller: Caller) async throws(Problem) -> DeviceList {
        try note("devices", caller)
        return DeviceList(devices: [
            Device(
                device: "usb:1-2", transport: .usb, usb: USBIdentity(vendorID: "0b00", productID: "3070", bus: 1, portPath: "2"),
                driveable: false, reason: Reason(code: "no_public_protocol", message: "A card reader.", remedy: nil), firstSeenAt: when,
                lastSeenAt: when)
        ])
    }

    package func acceptJournalLoss(_ body: AcceptLossBody, caller: Caller) async throws(Problem) {
        try note("acceptJournalLoss \(body.note)", caller)
    }

    // MARK: For forms of Stripe's

    package func configuration(cart: String?, caller: Caller) async throws(Problem) -> Configuration {
        try note("configuration \(cart ?? "-")", caller)
        return Configuration(publishableKey: "pk_test_1", stripeLocation: cart == nil ? nil : "tml_1")
    }

    package func createPaymentIntent(_ body: IntentBody, caller: Caller) async throws(Problem) -> IntentAnswer {
        try note("createPaymentIntent \(body.cart)", caller)
        return IntentAnswer(id: "pi_\(body.cart)_\(body.amount)", publishableKey: "pk_test_1", clientSecret: "pi_\(body.cart)_secret_x")
    }

    package func createSetupIntent(_ body: SetupIntentBody, caller: Caller) async throws(Problem) -> IntentAnswer {
        try note("createSetupIntent \(body.user)", caller)
        return IntentAnswer(id: "seti_\(body.user)", publishableKey: "pk_test_1", clientSecret: "seti_\(body.user)_secret_x")
    }

    package func createConnectionToken(_ body: ConnectionTokenBody, caller: Caller) async throws(Problem) -> ConnectionTokenAnswer {
        try note("createConnectionToken \(body.cart)", caller)
        return ConnectionTokenAnswer(token: "pst_\(body.cart)")
    }

    // MARK: Cards

    package func createCardSetup(_ id: String, _ body: CardSetupBody, caller: Caller) async throws(Problem) -> AcceptedCardSetup {
        try note("createCardSetup \(id)", caller)
        return AcceptedCardSetup(created: true, setup: setup(id, user: body.user))
    }

    package func cardSetup(_ id: String, waitUpTo: Duration?, caller: Caller) async throws(Problem) -> CardSetup {
        try note("cardSetup \(id)", caller)
        return setup(id, user: "77")
    }

    package func cancelCardSetup(_ id: String, caller: Caller) async throws(Problem) -> CardSetup {
        try note("cancelCardSetup \(id)", caller)
        return setup(id, user: "77")
    }

    package func storeBankcard(_ body: BankcardBody, caller: Caller) async throws(Problem) -> Bankcard {
        try note("storeBankcard \(body.paymentMethod)", caller)
        return Bankcard(paymentMethod: body.paymentMethod, bankcard: "993")
    }

    private func setup(_ id: String, user: String) -> CardSetup {
        CardSetup(
            id: id, user: user, state: .succeeded, paymentMethod: "pm_1", bankcard: "993", createdAt: when, updatedAt: when, endedAt: when,
            timeline: [.init(state: .succeeded, at: when)])
    }
}
