import CheckoutAPI
import CheckoutClient
import StoreSimulator
import TestSupport
import Testing

/// Payments over the USB reader link: the real daemon, the real libusb, TLS with the simulated reader at the device's end. The LAN leads nowhere.
@Suite(.timeLimit(.minutes(30)))
struct OutcomeTests {
    @Test func `every outcome over USB is the one that it is on the LAN`() async throws {
        try await Store.openWithUSB { store, bench in
            try await store.plugIn(bench)
            let paid = try await store.pay("o-1", cart: "1")
            #expect(paid.state == .succeeded && paid.money == .taken)
            #expect(try await store.transport() == .usb)

            try store.simulator.script(CustomerScript(outcome: .decline("insufficient_funds")))
            let declined = try await store.pay("o-2", cart: "2")
            #expect(declined.state == .declined && declined.failure?.declineCode == "insufficient_funds")
            store.expectHonest(declined)
            let second = try await store.pay("o-3", cart: "2")
            #expect(second.state == .succeeded && second.paymentIntent == declined.paymentIntent)

            try store.simulator.script(CustomerScript(cancelsAfter: 80, neverPresents: true))
            let canceled = try await store.pay("o-4", cart: "3")
            #expect(canceled.state == .canceledByCustomer)

            try store.simulator.script(CustomerScript(neverPresents: true))
            _ = try await store.client.pay("o-5", PaymentBody(cart: "4", amount: "5.00"))
            try await store.payment("o-5", becomes: .waitingForCard)
            try await store.client.cancelPayment("o-5")
            let withdrawn = try await store.client.payment("o-5", wait: .seconds(20))
            #expect(withdrawn.state == .canceled)

            try store.simulator.script(CustomerScript(neverPresents: true))
            let late = try await store.pay("o-6", cart: "5", timeout: 5)
            #expect(late.state == .timedOut && late.failure?.code == .cardTimeout)

            try store.simulator.script(CustomerScript(tip: 250))
            let tipped = try await store.client.pay(
                "o-7",
                PaymentBody(cart: "6", amount: "20.00", tip: Tip(options: [.init(label: "12.5 %", amountMinor: 250)])), wait: .seconds(30))
            #expect(tipped.state == .succeeded && store.ledger.totalTaken(cart: "6") == 2250)

            for payment in [paid, second, canceled, withdrawn, late, tipped] { store.expectHonest(payment) }
            #expect(try bench.say("state", "1-4").hasSuffix("wrong []"))
        }
    }

    @Test func `transfers of a few bytes take a payment as well`() async throws {
        try await Store.openWithUSB { store, bench in
            try await store.plugIn(bench)
            try bench.say("short", "1-4", "61")
            let payment = try await store.pay("f-1", cart: "1")
            #expect(payment.state == .succeeded)
            store.expectHonest(payment)
        }
    }

    @Test func `what is plugged in is said as it is`() async throws {
        try await Store.openWithUSB { store, bench in
            try bench.plug("1-1", "keyboard")
            try bench.plug("1-2", "keypad")
            try bench.plug("1-3", "ingenico")
            try bench.plug("1-5", "link", serial: "UNKNOWN-1")
            try bench.plug("1-6", "link")
            try bench.plug("1-7", "gadget")
            try bench.say("network", "1-7", "0", "usb0")
            try bench.plug("1-8", "m2", serial: "STRM26100000001")
            try bench.plug("1-9", "held", serial: "HELD-1")
            var devices: [Device] = []
            try await eventually("eight devices are listed: \(devices.map(\.device))") {
                devices = try await store.client.devices()
                return devices.count == 8 && devices.contains { $0.reason?.message.contains("usb0") == true }
            }
            let codes = Dictionary(
                uniqueKeysWithValues: devices.map { ($0.usb?.portPath ?? "", $0.reason.map { "\($0.code)" } ?? "driveable") })
            #expect(codes["1"] == "not_a_reader" && codes["2"] == "not_a_reader")
            #expect(codes["3"] == "no_public_protocol")
            #expect(["unregistered", "registration_unknown"].contains(codes["5"]))
            #expect(codes["8"] == "no_public_protocol" && codes["9"] == "held_back")
            let mobile = devices.first { $0.usb?.portPath == "8" }
            #expect(mobile?.model == "Stripe Reader M2" && mobile?.usb?.serial == "STRM26100000001")
            #expect(mobile?.reason?.message.contains("only Stripe's own SDK") == true)
            #expect(devices.first { $0.usb?.portPath == "9" }?.reason?.message.contains("USBGuard") == true)
            #expect(codes["6"] == "no_serial" && codes["7"] == "network_interface")
            #expect(devices.first { $0.usb?.portPath == "3" }?.model == "Ingenico iPP370")
            #expect(devices.allSatisfy { !$0.driveable })
        }
    }
}
