import JSON
import CheckoutAPI

extension OperationDocument {
    static let discover = OperationDocument(
        id: "discover", tag: "devices", summary: "Look for devices now",
        description:
            "USB is enumerated anew; on the LAN, connections are made to the readers' port of every address of the box's own private networks "
            + "(or of `subnets`), and the certificate that is shown there is read; nothing else is said. Readers that a payment has are left "
            + "alone. A device may be told a second time, when more is known of it. A /24 takes about a second and a half. With `Accept: application/json` the answer is one object, when all is over.",
        body: ("DiscoveryBody", Examples.json(DiscoveryBody(transports: [.lan], subnets: ["127.0.0.1/32"]))),
        answers: [
            Answer(
                status: 200,
                description:
                    "Lines, each a DiscoveryLine, the summary last; or, for a caller that accepts JSON alone, one DiscoveryReport.",
                type: "application/x-ndjson",
                schema: [
                    "type": "string", "description": "Lines, each of them JSON as in `#/components/schemas/DiscoveryLine`.",
                    "x-readerd-line": "DiscoveryLine",
                ],
                examples: [("lines", .string(Examples.discoveryLines.map { Examples.json($0).text() + "\n" }.joined()))],
                instead: (
                    "application/json", Schema.reference("DiscoveryReport"),
                    [
                        (
                            "report",
                            Examples.json(
                                DiscoveryReport(devices: [Examples.pinPad, Examples.newReader], summary: Examples.discoverySummary))
                        )
                    ]
                ))
        ])
}

extension Examples {
    private static let when = Timestamp(milliseconds: 1_769_851_800_250)

    static let newReader = Device(
        device: "lan:k427i2stwjn76ximqdeu.device.stripe-terminal-local-reader.net", transport: .lan, address: "192.168.8.57",
        host: "*.k427i2stwjn76ximqdeu.device.stripe-terminal-local-reader.net", driveable: false,
        reason: Reason(
            code: "unregistered", message: "The reader at 192.168.8.57 is not registered at this location.",
            remedy: "Have the reader show a registration code, then run sudo readerctl register."),
        firstSeenAt: when, lastSeenAt: when)

    static let discoverySummary = DiscoverySummary(
        devices: 2, addresses: 254, subnets: ["192.168.8.0/24"],
        notes: [
            Reason(
                code: "readers_busy", message: "Readers that a payment has were left alone.",
                remedy: "Look again when the payment has ended.")
        ], durationSeconds: 1.31)

    static let discoveryLines: [DiscoveryLine] = [
        .heartbeat, .device(pinPad), .progress(DiscoveryProgress(looked: 64, of: 254)), .device(newReader), .summary(discoverySummary),
    ]
}

extension Schema {
    static let discovery: [(String, JSONValue)] =
        described([DiscoveryBody.self]) + [
            (
                "DiscoverySummary",
                answer(
                    "What a look for devices came to.",
                    required: [
                        ("devices", integer("Devices that were seen.")), ("addresses", integer("Addresses that were looked at.")),
                        ("subnets", list(["type": "string"], "The networks whose addresses these were, beside single ones.")),
                        ("notes", list(reference("Reason"), "What was not looked at, or not wholly, and why.")),
                        ("duration_s", ["type": "number", "description": "Seconds it took."]),
                    ])
            ),
            (
                "DiscoveryReport",
                answer(
                    "A look for devices.",
                    required: [("devices", list(reference("Device"), "Seen now.")), ("summary", reference("DiscoverySummary"))])
            ),
            (
                "DiscoveryLine",
                answer(
                    "One line of a look for devices: `device` with the device under its name, `progress` or `summary` with its fields beside, "
                        + "`heartbeat`, or `end` with a problem.",
                    required: [("type", text("`device`, `progress`, `summary`, `heartbeat` or `end`."))],
                    optional: [
                        ("device", reference("Device")), ("looked", integer("Addresses that have been looked at.")),
                        ("of", integer("Of so many.")),
                        ("devices", integer("As in DiscoverySummary.")), ("addresses", integer("As in DiscoverySummary.")),
                        ("subnets", list(["type": "string"], "As in DiscoverySummary.")),
                        ("notes", list(reference("Reason"), "As in DiscoverySummary.")),
                        ("duration_s", ["type": "number", "description": "Seconds."]), ("problem", reference("Problem")),
                    ])
            ),
        ]
}
