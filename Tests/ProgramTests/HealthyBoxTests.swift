import CheckoutAPI
import GatewayCore
import GatewayModel
import Moments
import ReaderLinks
import Testing
import WebCall

@testable import Diagnostics
@testable import Gateway
@testable import readerctl

/// What hangs on a till's box beside a reader is nobody's fault; a reader that the box holds back is.
@Suite struct HealthyBoxTests {
    private static let bystanders: [USBSighting] = [
        plain(0x046d, 0xc31c, "Logitech", "USB Keyboard", class: 0x03, port: "1"),
        plain(0x046d, 0xc077, "Logitech", "USB Optical Mouse", class: 0x03, port: "2"),
        plain(0x05e0, 0x1200, "Symbol Technologies", "Bar Code Scanner", class: 0x03, port: "3"),
        plain(0x08e6, 0x4433, "Gemalto", "GemPC433 Smart Card Reader", class: 0x0b, port: "4"),
        plain(0x04b8, 0x0e15, "EPSON", "TM-T20II Receipt Printer", class: 0x07, port: "5"),
        plain(0x0bda, 0x8153, "Realtek", "USB 10/100/1000 LAN", class: 0x02, subclass: 0x06, port: "6"),
        plain(0x18d1, 0x4ee3, "Google", "Phone that shares its network", class: 0xe0, subclass: 0x01, code: 0x03, port: "7"),
    ]

    private static func plain(
        _ vendor: UInt16, _ product: UInt16, _ maker: String, _ name: String, class code: UInt8, subclass: UInt8 = 0,
        code protocolCode: UInt8 = 0,
        port: String
    ) -> USBSighting {
        USBSighting(
            bus: 1, device: 9, portPath: port, vendorID: vendor, productID: product, manufacturer: maker, product: name,
            interfaces: [USBInterface(number: 0, interfaceClass: code, subclass: subclass, protocolCode: protocolCode)])
    }

    private static var reader: ReaderFacts {
        var facts = ReaderFacts(id: ReaderID(unchecked: "tmr_1"))
        facts.serial = "S1"
        facts.inBackend = true
        return facts
    }

    private static func link() -> USBSighting {
        let pair = [USBEndpoint(address: 0x81, attributes: 2, packetSize: 512), USBEndpoint(address: 0x01, attributes: 2, packetSize: 512)]
        return USBSighting(
            bus: 1, device: 3, portPath: "8", vendorID: 0x1209, productID: 1, manufacturer: "Stripe", product: "Reader", serial: "S1",
            interfaces: [USBInterface(number: 0, interfaceClass: 0xff, subclass: 0x52, protocolCode: 1, endpoints: pair)])
    }

    /// What the checks of USB say of what is plugged in.
    private func checks(_ sightings: [USBSighting]) async throws -> [Check] {
        var list = DeviceList()
        _ = list.enumerated(sightings, readers: [Self.reader], at: 1)
        let base = try WebBase("https://backend.test")
        let place = Place(
            settingsFile: "/x", stateDirectory: "/x", socketPath: "/x", secretFiles: [], roles: [:], backend: base, stripe: base,
            readerPort: 4443, environment: [:], root: "/nowhere")
        let tls = try TLSClient(roots: nil)
        let web = try WebClient()
        let checkup = Checkup(place: place, web: web, lan: LANLink(tls: tls)) { .success(()) }
        let status = Status(
            canTakePayments: true, reasons: [], backend: Status.Part(state: .ok), journal: Status.Part(state: .ok), readers: [], lanes: [],
            openPayments: [])
        let found = await checkup.run(
            ["usb_access", "usb_driver", "usb_modemmanager", "usb_power"],
            about: CheckedAgent(status: status, devices: list.views.map { Device($0) })
        ) { _ in }
        await web.shutdown()
        return found
    }

    @Test func `keyboard, mouse, scanner, smart-card reader, printer, network and phone: not a line`() async throws {
        #expect(try await checks(Self.bystanders).isEmpty)
    }

    @Test func `a reader that the box holds back is told first, with what lets it in`() async throws {
        var held = Self.link()
        held.isAuthorized = false
        let found = try await checks(Self.bystanders + [held])
        let output = Output(json: false, noColor: true, environment: [:])
        let lines = CheckWords(output).lines(found, CheckSummary(found, durationSeconds: 0))
        #expect(lines.first?.hasPrefix("FAIL   Stripe Reader: This box holds the device back") == true, "\(lines.prefix(3))")
        #expect(found.first?.remedy?.contains("sudo usbguard allow-device NUMBER --permanent") == true)
        #expect(found.count { $0.status == .fail } == 1)
    }

    // MARK: Causes

    private func check(_ id: String, _ status: Check.Status, _ detail: String = "It is so.", subject: String? = nil) -> Check {
        Check(id: id, subject: subject, title: "", status: status, detail: detail, remedy: "Mend it.", durationSeconds: 0)
    }

    @Test func `the cause comes first, and what follows from it says so`() {
        let checks = [
            check("name_servers", .fail, "The name server 9.9.9.9 does not answer."),
            check("backend", .fail, "This box has no way to the backend: x."),
            check("stripe", .fail), check("readers", .fail), check("reader_state", .fail, subject: "Front"),
            check("reader_port", .fail, subject: "Front"),
            check("reader_port", .fail, subject: "Back"), check("disk", .warn), check("journal", .fail),
        ]
        let ordered = checks.causesFirst
        #expect(ordered.prefix(5).map(\.check.id) == ["disk", "journal", "backend", "reader_port", "reader_port"])
        #expect(
            ordered.filter { $0.because != nil }.map { "\($0.check.id) \($0.because?.id ?? "")" } == [
                "name_servers backend", "stripe backend", "readers reader_port", "reader_state reader_port",
            ])
        let output = Output(json: false, noColor: true, environment: [:])
        let text = CheckWords(output).lines(checks, CheckSummary(checks, durationSeconds: 0)).joined(separator: "\n")
        #expect(text.contains("This follows from the check backend above: mend that first."))
        #expect(text.split(separator: "What to do: ").count - 1 == 5, "what to do is said of causes, and of nothing that follows")
    }

    @Test func `a dead name server is its own cause where the box has a network`() {
        let checks = [
            check("name_servers", .fail, "The name server 9.9.9.9 does not answer. It is the only one."),
            check("backend", .fail, "The backend's name leads nowhere: x."),
        ]
        #expect(checks.causesFirst.allSatisfy { $0.because == nil })
        #expect(checks.causesFirst.first?.check.id == "name_servers")
    }
}
