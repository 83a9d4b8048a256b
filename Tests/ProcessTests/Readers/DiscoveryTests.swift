import CheckoutAPI
import CheckoutClient
import StoreSimulator
import TestSupport
import Testing

/// Looking for devices, as a technician does.
@Suite struct DiscoveryTests {
    /// A cart is open and Stripe's list read: only then can it be said which readers are registered.
    private static func warm(_ store: Store) async throws {
        _ = try await store.client.openCart("warm", CartBody())
        try await eventually("Stripe's list is read") {
            try await store.client.readers(refresh: true).allSatisfy { $0.serial != nil }
        }
    }

    @Test func `a keyboard, a macro keypad, an Ingenico pad and a reader that is not registered are each called what they are`()
        async throws
    {
        try await Bench.open { bench in
            let environment = bench.environment
            for device in [("1-1", "keyboard"), ("1-2", "keypad"), ("1-3", "ingenico")] { try bench.plug(device.0, device.1) }
            try await Store.open(settings: ["usb.enabled": "true"], starts: false, simulate: { $0.unregisteredReaders = 1 }) { store in
                for (name, value) in environment { store.setVariable(name, value) }
                try await store.start()
                try await Self.warm(store)
                let new = try #require(store.simulator.readers.first { $0.id == nil })
                let told = try await run([
                    try ChildProcess.built("readerctl"), "--socket", store.socket, "discover", "--usb", "--lan", "--subnet",
                    new.address + "/32",
                ])
                store.remember(answer: told.output)
                #expect(told.status == 0, "\(told)")
                let words = told.output.split(whereSeparator: \.isWhitespace).joined(separator: " ")
                #expect(words.contains("Logitech USB Keyboard"), "\(told.output)")
                #expect(words.contains("Nothing about it says that it is a card reader."), "\(told.output)")
                #expect(words.contains("Not a card reader: a macro keypad that uses Ingenico's vendor id."), "\(told.output)")
                #expect(words.contains("A card reader (Ingenico iPP370); its maker has not published how it is driven"), "\(told.output)")
                #expect(words.contains("The reader at \(new.address) is not registered at this location."), "\(told.output)")
                #expect(words.contains("Have the reader show a registration code, then run sudo readerctl register."), "\(told.output)")
                #expect(words.contains("4 devices, 1 address ("), "\(told.output)")

                // The same for programs, and what was seen stays in the list of devices.
                var reasons: [String: String] = [:]
                for try await line in store.client.discover(DiscoveryBody(subnets: [new.address + "/32"])) {
                    guard case .device(let device) = line else { continue }
                    reasons[device.usb.map { "\($0.vendorID):\($0.productID)" } ?? device.address ?? ""] = device.reason?.code
                }
                let right = [
                    "046d:c31c": "not_a_reader", "0b00:1001": "not_a_reader", "0b00:3070": "no_public_protocol",
                    new.address: "unregistered",
                ]
                #expect(reasons == right)
                let listed = try await store.client.devices()
                #expect(listed.count == 4 && listed.allSatisfy { !$0.driveable })

                // Registered, it is a reader that can be used.
                let code = try #require(new.registrationCode)
                let reader = try await store.client.registerReader(RegisterBody(registrationCode: code, label: "New"))
                try await eventually("the new reader is known by its certificate") {
                    _ = try await store.client.readers(refresh: true)
                    return try await store.client.devices().contains { $0.reader == reader.reader && $0.driveable }
                }
            }
        }
    }

    @Test func `networks that may not be looked at are refused by name, and so are callers who may not look`() async throws {
        try await Store.open { store in
            for (subnet, words) in [
                ("8.8.8.0/24", "is not a private network"), ("10.0.0.0/8", "is larger than a /22"), ("fe80::/64", "is not an IPv4 network"),
                ("10.0.0.0", "is not an IPv4 network"),
            ] {
                let answer = try await store.request(
                    "POST", "/v1/discovery", body: "{\"transports\": [\"lan\"], \"subnets\": [\"127.0.0.1/32\", \"\(subnet)\"]}")
                #expect(answer.status == 422)
                let problem = try store.decoded(Problem.self, answer.body)
                #expect(problem.errors?.map(\.field) == ["subnets[1]"])
                #expect(problem.detail.contains(words), "\(problem.detail)")
            }
            let beside = try await store.request(
                "POST", "/v1/discovery", body: "{\"transports\": [\"usb\"], \"subnets\": [\"127.0.0.1/32\"]}")
            #expect(beside.status == 422 && beside.body.contains("goes with the transport lan"))
            #expect(try await store.request("POST", "/v1/discovery", body: "{\"transports\": [\"bluetooth\"]}").status == 422)
            #expect(try await store.request("POST", "/v1/discovery", body: "{\"subnet\": \"127.0.0.1/32\"}").status == 422)

            // With USB off that is said, and the answer is one object for whoever wants that.
            let report = try await store.curl(
                arguments: [
                    "--request", "POST", "--header", "Accept: application/json", "--header", "Content-Type: application/json",
                    "--data-binary",
                    "{\"subnets\": [\"127.0.0.1/32\"]}", "http://localhost/v1/discovery",
                ])
            let told = try store.decoded(DiscoveryReport.self, report)
            #expect(told.summary.notes.map(\.code) == ["usb_off"] && told.summary.subnets == ["127.0.0.1/32"])
        }
    }

    @Test func `a reader that takes a payment is left alone, also by who asks`() async throws {
        try await Store.open { store in
            let reader = try #require(store.simulator.readers.first)
            try store.simulator.script(CustomerScript(cardAfter: 2_500))
            let body = PaymentBody(cart: "1", amount: "12.34")
            _ = try await store.client.pay("p-1", body)
            try await store.payment("p-1", becomes: .waitingForCard)
            var notes: [String] = []
            for try await line in store.client.discover(DiscoveryBody(transports: [.lan], subnets: [reader.address + "/32"])) {
                if case .summary(let summary) = line { notes = summary.notes.map(\.code) }
                if case .device(let device) = line { Issue.record("\(device) was looked at") }
            }
            #expect(notes == ["readers_busy"])
            #expect(try await store.client.pay("p-1", body, wait: .seconds(30)).state == .succeeded)
        }
    }

    @Test func `an address of the settings is looked at by itself, and what is there is told`() async throws {
        try await Store.open(starts: false) { store in
            let reader = try #require(store.simulator.readers.first)
            try store.set("lan.addresses", "[\(quoted(reader.address)), \"127.0.0.254\"]")
            try await store.start()
            try await eventually("both addresses are among the devices") {
                let devices = try await store.client.devices()
                return devices.contains { $0.address == reader.address && $0.host == reader.host }
                    && devices.contains { $0.address == "127.0.0.254" && $0.reason?.code == "no_answer" }
            }
        }
    }

    @Test func `with a standing cart a store that starts for the first time knows before any sale that it can sell`() async throws {
        try await Store.open(settings: ["maintenance_cart": quoted("m-1"), "lan.sweep": "false"]) { store in
            try await eventually("payments can be taken") { try await store.client.status().canTakePayments }
            let reader = try #require(try await store.client.readers().first)
            #expect(reader.state == .idle && reader.serial == store.simulator.readers.first?.serial)
            let status = try await store.client.status()
            #expect(status.backend.lastOKAt != nil && status.journal.lastOKAt != nil)
        }
    }
}
