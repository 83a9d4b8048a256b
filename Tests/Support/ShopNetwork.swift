import CheckoutAPI
import CheckoutClient
import FoundationEssentials
import Glibc
import Testing

/// A shop's network of its own: two network namespaces with a cable between them. In the one are the readers, the backend and Stripe, as a simulated
/// store in a process of its own; in the other is the box, with the real daemon. Nothing reaches any other network, and all of it is removed.
package final class ShopNetwork: Sendable {
    package static let subnet = "10.77.0.0/24"
    package static let backend = "10.77.0.1"
    package static let box = "10.77.0.2"
    /// Where readers may be; the first ones are there when the shop opens.
    package static let places = (11...19).map { "10.77.0.\($0)" }
    package static let port = 4443
    package static let needs: Comment = "network namespaces are needed: root, and ip of iproute2"

    package let directory: TemporaryDirectory
    private let storeSpace: String
    private let boxSpace: String
    private let store: ChildProcess
    private let servers: ChildProcess?
    private let daemon: ChildProcess

    /// Whether such networks can be made here.
    package static func isPermitted() async throws -> Bool {
        guard geteuid() == 0 else { return false }
        let name = "rd\(getpid())probe"
        do {
            guard try await run(["ip", "netns", "add", name]).status == 0 else { return false }
        } catch ChildProcess.Fault.cannotStart {
            return false
        }
        let cable = try await run(["ip", "-n", name, "link", "add", "one", "type", "veth", "peer", "name", "two"]).status
        return try await run(["ip", "netns", "del", name]).status == 0 && cable == 0
    }

    /// Opens the shop, lets the test work in it, and closes it, whatever became of the test.
    ///
    /// - Parameters:
    ///   - containers: networks that the box has made for containers, as Docker does.
    ///   - names: the backend and Stripe are known by names, which of two name servers the second one tells.
    package static func open(
        registered: Int, unregistered: Int = 0, containers: Int = 0, names: Bool = false, settings: [String] = [],
        at location: SourceLocation = #_sourceLocation,
        _ body: @escaping @Sendable (ShopNetwork) async throws -> Void
    ) async throws {
        await Slots.stores.take()
        defer { Slots.stores.giveBack() }
        let name = "rd\(getpid())x\(Int.random(in: 1000...9999))"
        let (storeSpace, boxSpace) = (name + "s", name + "b")
        var log = { "the daemon was not started" }
        do {
            try await layCable(storeSpace, boxSpace)
            for number in 0..<containers { try await addContainers(number, boxSpace) }
            let shop = try await ShopNetwork(storeSpace, boxSpace, registered, unregistered, names, settings)
            log = { shop.log }
            do {
                try await shop.answers()
                try await within(.seconds(150)) { try await body(shop) }
            } catch {
                await shop.close()
                throw error
            }
            await shop.close()
        } catch {
            Issue.record("\(error)\nThe daemon wrote:\n\(log().suffix(6000))", sourceLocation: location)
        }
        for space in [storeSpace, boxSpace] { _ = try await run(["ip", "netns", "del", space]) }
    }

    private static func layCable(_ storeSpace: String, _ boxSpace: String) async throws {
        for space in [storeSpace, boxSpace] { try await ip("netns", "add", space) }
        try await ip("-n", storeSpace, "link", "add", "eth0", "type", "veth", "peer", "name", "eth0", "netns", boxSpace)
        for address in [backend] + places { try await ip("-n", storeSpace, "address", "add", address + "/24", "dev", "eth0") }
        try await ip("-n", boxSpace, "address", "add", box + "/24", "dev", "eth0")
        for space in [storeSpace, boxSpace] {
            try await ip("-n", space, "link", "set", "lo", "up")
            try await ip("-n", space, "link", "set", "eth0", "up")
        }
        try await ip("-n", boxSpace, "route", "add", "default", "via", backend)
        // Machines that are there and let every packet fall: their addresses lead to no hardware.
        for number in 100...109 {
            try await ip("-n", boxSpace, "neigh", "add", "10.77.0.\(number)", "lladdr", "02:00:00:00:00:\(number - 90)", "dev", "eth0")
        }
    }

    /// A bridge, and the one end of a pair that a container would have.
    private static func addContainers(_ number: Int, _ boxSpace: String) async throws {
        let bridge = number == 0 ? "docker0" : "br-a1b2c3d4\(1000 + number)"
        try await ip("-n", boxSpace, "link", "add", bridge, "type", "bridge")
        try await ip("-n", boxSpace, "address", "add", "172.\(17 + number).0.1/16", "dev", bridge)
        try await ip("-n", boxSpace, "link", "add", "vh\(number)", "type", "veth", "peer", "name", "vc\(number)")
        try await ip("-n", boxSpace, "link", "set", "vh\(number)", "master", bridge, "up")
        for name in ["vc\(number)", bridge] { try await ip("-n", boxSpace, "link", "set", name, "up") }
    }

    private static func ip(_ words: String...) async throws {
        let result = try await run(["ip"] + words)
        guard result.status == 0 else { throw NotInTime(description: "ip \(words.joined(separator: " ")): \(result.errors)") }
    }

    private init(
        _ storeSpace: String, _ boxSpace: String, _ registered: Int, _ unregistered: Int, _ names: Bool, _ settings: [String]
    ) async throws {
        let directory = try TemporaryDirectory()
        let files = directory.file("store")
        let addresses = Self.places.prefix(registered + unregistered).flatMap { ["--reader-address", $0] }
        let store = try ChildProcess(
            [
                "ip", "netns", "exec", storeSpace, try ChildProcess.built("readersim"), "run", "--directory", files, "--address",
                Self.backend,
            ]
                + addresses + [
                    "--readers", "\(registered)", "--unregistered", "\(unregistered)", "--port", "\(Self.port)", "--card-after", "60",
                ]
                + (names ? ["--name", Self.backendName, "--name", Self.stripeName] : [])
                + ["--issuer-after", "60", "--order-after", "20", "--lanes"] + (1...max(1, registered)).map { "till-\($0)" },
            output: directory.file("store.out"), errors: directory.file("store.err"))
        try await eventually(within: .seconds(40), "the simulated store opens: \(store.output) \(store.errors)") {
            guard store.end == nil else { throw NotInTime(description: "readersim ended: \(store.errors)") }
            return store.output.contains("ready")
        }
        var settings = settings
        if names { settings += try Self.byName(files + "/readerd.toml") }
        let servers = names ? try await Self.nameServers(boxSpace, directory) : nil
        let daemon = try ChildProcess(
            ["ip", "netns", "exec", boxSpace] + (names ? Self.withNameServers(directory) : []) + [
                try ChildProcess.built("readerd"), "--config", files + "/readerd.toml",
            ]
                + (["lan.sweep=true", "usb.enabled=false", "log.level=debug"] + settings).flatMap { ["--set", $0] },
            output: directory.file("readerd.out"), errors: directory.file("readerd.log"))
        self.directory = directory
        self.storeSpace = storeSpace
        self.boxSpace = boxSpace
        self.store = store
        self.servers = servers
        self.daemon = daemon
    }

    // MARK: Names

    package static let backendName = "backend.shop.test"
    package static let stripeName = "stripe.shop.test"

    /// The settings that name backend and Stripe where the store's own file has their address.
    private static func byName(_ file: String) throws -> [String] {
        let text = try String(contentsOf: URL(filePath: file), encoding: .utf8)
        let urls = text.split(separator: "\n").filter { $0.contains(".base_url") }
        guard urls.count == 2 else { throw NotInTime(description: "two base_url are expected in \(text)") }
        return zip(["backend.base_url", "stripe.base_url"], zip(urls, [backendName, stripeName])).map { key, named in
            let value = named.0.drop { $0 != "\"" }.split(separator: "\"").first ?? ""
            return "\(key)=\(value.replacing(backend, with: named.1))"
        }
    }

    /// Two name servers of the box: the first swallows every question, the second knows the shop's names.
    private static func nameServers(_ boxSpace: String, _ directory: TemporaryDirectory) async throws -> ChildProcess {
        try Data("nameserver 127.0.0.54\nnameserver 127.0.0.53\n".utf8).write(to: URL(filePath: directory.file("resolv.conf")))
        let program = """
            import socket
            dead = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); dead.bind(("127.0.0.54", 53))
            well = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); well.bind(("127.0.0.53", 53))
            print("ready", flush=True)
            while True:
                question, who = well.recvfrom(2048)
                end = question.index(b"\\0", 12) + 5
                four = question[end - 4:end - 2] == b"\\0\\1" and question[12:end - 4].endswith(b"\\4shop\\4test\\0")
                record = b"\\xc0\\x0c\\0\\1\\0\\1\\0\\0\\0\\1\\0\\4" + socket.inet_aton("\(backend)") if four else b""
                well.sendto(question[:2] + b"\\x81\\x80\\0\\1\\0" + bytes([four]) + b"\\0\\0\\0\\0" + question[12:end] + record, who)
            """
        let servers = try ChildProcess(
            ["ip", "netns", "exec", boxSpace, "python3", "-c", program], output: directory.file("names.out"),
            errors: directory.file("names.err"))
        try await eventually("the name servers are there: \(servers.errors)") {
            guard servers.end == nil else { throw NotInTime(description: "the name servers ended: \(servers.errors)") }
            return servers.output.contains("ready")
        }
        return servers
    }

    /// Puts the shop's name servers where the resolver looks, for one program alone.
    private static func withNameServers(_ directory: TemporaryDirectory) -> [String] {
        let place = "mount --bind \(directory.file("resolv.conf")) \"$(readlink -f /etc/resolv.conf)\" && exec \"$@\""
        return ["unshare", "--mount", "sh", "-c", place, "sh"]
    }

    package var log: String { daemon.errors }
    package var socket: String { directory.file("store/checkout.sock") }
    package var client: CheckoutClient { CheckoutClient(socketPath: socket, timeout: .seconds(60)) }
    /// It has been the same process all the time.
    package var runs: Bool { daemon.end == nil }

    private func answers() async throws {
        try await eventually(within: .seconds(40), "readerd answers") {
            guard daemon.end == nil else { throw NotInTime(description: "readerd ended") }
            do throws(ClientError) {
                _ = try await client.info()
                return true
            } catch {
                return false
            }
        }
    }

    /// Tells the simulated store something.
    package func order(_ words: String...) async throws {
        let result = try await run(
            ["ip", "netns", "exec", storeSpace, try ChildProcess.built("readersim")] + words + ["--directory", directory.file("store")])
        guard result.status == 0 else { throw NotInTime(description: "readersim \(words.joined(separator: " ")): \(result.errors)") }
    }

    /// The box loses its only network.
    package func pullCable() async throws { try await Self.ip("-n", boxSpace, "link", "set", "eth0", "down") }

    /// Runs a command line beside the daemon.
    package func readerctl(_ words: String...) async throws -> (status: CInt, output: String, errors: String) {
        try await run([try ChildProcess.built("readerctl"), "--socket", socket] + words, within: .seconds(60))
    }

    package func pay(_ id: String, lane: String) async throws(ClientError) -> Payment {
        try await client.pay(id, PaymentBody(cart: "cart-\(id)", amount: "12.34", lane: lane), wait: .seconds(60))
    }

    private func close() async {
        for process in [daemon, servers, store].compactMap(\.self) {
            process.signal(SIGTERM)
            do { try await process.ended(within: .seconds(30)) } catch { Issue.record("\(error)") }
        }
    }
}
