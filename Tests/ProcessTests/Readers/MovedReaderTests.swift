import CheckoutAPI
import CheckoutClient
import TestSupport
import Testing

/// Readers on a real network, with addresses that change.
@Suite(.enabled(ShopNetwork.needs) { try await ShopNetwork.isPermitted() }) struct MovedReaderTests {
    @Test(.timeLimit(.minutes(30)))
    func `a reader that gets another address is followed, while another one takes a payment`() async throws {
        try await ShopNetwork.open(registered: 2) { shop in
            let first = try await shop.pay("before", lane: "till-1")
            #expect(first.state == .succeeded, "\(first)")
            let readers = try await shop.client.readers(refresh: true)
            let (one, two) = (try #require(readers.first { $0.lane == "till-1" }), try #require(readers.first { $0.lane == "till-2" }))
            #expect(one.address == "10.77.0.11")

            // The customer at the other till takes their time.
            try await shop.order("script", "--reader", try #require(two.serial), "--card-after", "6000")
            let other = Task { try await shop.pay("other", lane: "till-2") }
            try await eventually("the other payment waits for a card") {
                do throws(ClientError) {
                    return try await shop.client.payment("other").state == .waitingForCard
                } catch {
                    return false
                }
            }
            let session = try await shop.client.reader(try #require(two.reader)).sessionSince

            try await shop.order("reader", "move", "--reader", try #require(one.serial), "--address", "10.77.0.15", "--never-listed")
            let moved = try await shop.pay("moved", lane: "till-1")
            #expect(moved.state == .succeeded && moved.money == .taken, "\(moved)")
            #expect(try await shop.client.reader(try #require(one.reader)).address == "10.77.0.15")

            let theirs = try await other.value
            #expect(theirs.state == .succeeded && theirs.attempts <= 1, "\(theirs)")
            #expect(try await shop.client.reader(try #require(two.reader)).sessionSince == session, "nobody disturbed the other reader")
            #expect(shop.runs)

            // And back again, which Stripe hears of.
            try await shop.order("reader", "move", "--reader", try #require(one.serial), "--address", "10.77.0.16")
            let again = try await shop.pay("again", lane: "till-1")
            #expect(again.state == .succeeded, "\(again)")
        }
    }

    @Test(.timeLimit(.minutes(30)))
    func `twelve networks of containers beside the shop's hide no reader, and one that has moved is followed`() async throws {
        try await ShopNetwork.open(registered: 1, unregistered: 1, containers: 12) { shop in
            #expect(try await shop.pay("before", lane: "till-1").state == .succeeded)
            var found: Set<String> = []
            var summary: DiscoverySummary?
            for try await line in shop.client.discover(DiscoveryBody(transports: [.lan])) {
                if case .device(let device) = line, let address = device.address { found.insert(address) }
                if case .summary(let told) = line { summary = told }
            }
            #expect(found == ["10.77.0.11", "10.77.0.12"])
            #expect(summary?.subnets == [ShopNetwork.subnet] && summary?.addresses == 253, "\(String(describing: summary))")
            #expect(summary?.notes.contains { $0.message.contains("docker0") } == true, "\(String(describing: summary))")

            let serial = try #require(try await shop.client.readers(refresh: true).first?.serial)
            try await shop.order("reader", "move", "--reader", serial, "--address", "10.77.0.17", "--never-listed")
            let moved = try await shop.pay("moved", lane: "till-1")
            #expect(moved.state == .succeeded && moved.money == .taken, "\(moved)")
        }
    }

    @Test(.timeLimit(.minutes(30)))
    func `a first name server that is dead costs no sale`() async throws {
        try await ShopNetwork.open(registered: 1, names: true) { shop in
            for sale in ["first", "second"] {
                let began = ContinuousClock.now
                let payment = try await shop.pay(sale, lane: "till-1")
                #expect(payment.state == .succeeded && payment.money == .taken, "\(payment)")
                print("the first name server is dead: the \(sale) sale took \(ContinuousClock.now - began)")
            }
            let told = try await shop.readerctl("check", "name_servers")
            #expect(told.output.contains("127.0.0.54"), "\(told)")
        }
    }

    @Test(.timeLimit(.minutes(30)))
    func `two readers that swap their addresses are told apart`() async throws {
        try await ShopNetwork.open(registered: 2) { shop in
            for lane in ["till-1", "till-2"] { #expect(try await shop.pay("a-\(lane)", lane: lane).state == .succeeded) }
            let readers = try await shop.client.readers(refresh: false)
            let (one, two) = (try #require(readers.first { $0.lane == "till-1" }), try #require(readers.first { $0.lane == "till-2" }))
            try await shop.order("reader", "move", "--reader", try #require(one.serial), "--address", "10.77.0.17", "--never-listed")
            try await shop.order("reader", "move", "--reader", try #require(two.serial), "--address", "10.77.0.11", "--never-listed")
            try await shop.order("reader", "move", "--reader", try #require(one.serial), "--address", "10.77.0.12", "--never-listed")
            for lane in ["till-1", "till-2"] {
                let payment = try await shop.pay("b-\(lane)", lane: lane)
                #expect(payment.state == .succeeded, "\(payment)")
                #expect(payment.reader == (lane == "till-1" ? one.reader : two.reader))
            }
            #expect(try await shop.client.reader(try #require(one.reader)).address == "10.77.0.12")
            #expect(try await shop.client.reader(try #require(two.reader)).address == "10.77.0.11")
        }
    }

    @Test(.timeLimit(.minutes(30)))
    func `a look at the network finds registered and new readers among silent addresses, and registering makes a new one usable`()
        async throws
    {
        try await ShopNetwork.open(registered: 2, unregistered: 1, settings: ["maintenance_cart=m-1"]) { shop in
            _ = try await shop.client.readers(refresh: true)
            let cart = try await shop.client.openCart("c-1", CartBody(lane: "till-1"))
            #expect(cart.cart == "c-1")
            try await eventually(within: .seconds(30), "Stripe's list is read") {
                try await shop.client.readers(refresh: true).allSatisfy { $0.serial != nil }
            }
            var found: [String: Device] = [:]
            var summary: DiscoverySummary?
            for try await line in shop.client.discover(DiscoveryBody(transports: [.lan])) {
                if case .device(let device) = line, let address = device.address { found[address] = device }
                if case .summary(let told) = line { summary = told }
            }
            #expect(Set(found.keys) == ["10.77.0.11", "10.77.0.12", "10.77.0.13"], "\(found)")
            #expect(found["10.77.0.11"]?.reader != nil && found["10.77.0.11"]?.driveable == true)
            let new = try #require(found["10.77.0.13"])
            #expect(new.reader == nil && new.reason?.code == "unregistered")
            #expect(new.reason?.remedy?.contains("readerctl register") == true)
            #expect(new.host?.hasSuffix(".device.stripe-terminal-local-reader.net") == true)
            #expect(summary?.addresses == 253 && summary?.devices == 3 && summary?.subnets == [ShopNetwork.subnet])

            let told = try await shop.readerctl("discover", "--lan")
            #expect(told.status == 0, "\(told)")
            #expect(told.output.contains("10.77.0.13") && told.output.contains("not registered"), "\(told.output)")
            #expect(told.output.contains("3 devices, 253 addresses (10.77.0.0/24)"), "\(told.output)")
            let listed = try await shop.readerctl("devices", "--json")
            #expect(listed.output.contains("10.77.0.13"))
        }
    }
}
