// swift-tools-version: 6.2

import PackageDescription

/// `make fuzz`: our own code is instrumented for libFuzzer, and nothing else is built of it than what fuzzes.
let isFuzzing = Context.environment["READERD_FUZZ"] != nil

/// Every target of readerd: Swift 6 language mode, complete concurrency checking, and no warnings.
let settings: [SwiftSetting] =
    [
        .swiftLanguageMode(.v6),
        .enableUpcomingFeature("ExistentialAny"),
        .enableUpcomingFeature("MemberImportVisibility"),
        .treatAllWarnings(as: .error),
    ] + (isFuzzing ? [.unsafeFlags(["-sanitize=fuzzer", "-O"])] : [])

let nio: [Target.Dependency] = [
    .product(name: "NIOCore", package: "swift-nio"),
    .product(name: "NIOPosix", package: "swift-nio"),
    .product(name: "NIOHTTP1", package: "swift-nio"),
]
let tls: Target.Dependency = .product(name: "NIOSSL", package: "swift-nio-ssl")
let logging: Target.Dependency = .product(name: "Logging", package: "swift-log")
let arguments: Target.Dependency = .product(name: "ArgumentParser", package: "swift-argument-parser")

/// The folders of Sources: outside things know inside things, never the reverse (ARCHITECTURE.md).
enum Layer: String {
    case base = "Base"
    case core = "Core"
    case edges = "Edges"
    case socket = "Socket"
    case agent = "Agent"
    case tools = "Tools"
    case simulator = "Simulator"

    func path(_ name: String) -> String { "Sources/\(rawValue)/\(name)" }
}

func library(_ layer: Layer, _ name: String, _ dependencies: [Target.Dependency] = []) -> Target {
    .target(name: name, dependencies: dependencies, path: layer.path(name), swiftSettings: settings)
}

func program(_ layer: Layer, _ name: String, _ dependencies: [Target.Dependency]) -> Target {
    .executableTarget(name: name, dependencies: dependencies, path: layer.path(name), swiftSettings: settings)
}

func tests(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
    .testTarget(name: name, dependencies: dependencies, swiftSettings: settings)
}

let package = Package(
    name: "readerd",
    products: [
        .library(name: "CheckoutClient", targets: ["CheckoutClient", "CheckoutAPI"]),
        .executable(name: "readerd", targets: ["readerd"]),
        .executable(name: "readerctl", targets: ["readerctl"]),
        .executable(name: "readersim", targets: ["readersim"]),
        // For the tests alone: what steps a daemon's clock and holds up its disk.
        .library(name: "ClockStep", type: .dynamic, targets: ["ClockStep"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
        .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.6"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-certificates", from: "1.21.1"),
        .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
        .package(url: "https://github.com/apple/swift-asn1", from: "1.7.4"),
        .package(url: "https://github.com/swift-server/async-http-client", from: "1.37.0"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
        .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
    ],
    targets: [
        // What everything else may know.
        library(.base, "Moments"),
        library(.base, "JSON"),
        library(.base, "TextSafety"),

        // The nouns: values, no machines.
        library(.core, "GatewayModel", ["Moments"]),

        // The middle: decides, does no I/O.
        library(.core, "GatewayCore", ["GatewayModel", "Moments"]),

        // The same middle in a simulated world.
        library(.core, "GatewaySimulation", ["GatewayCore", "GatewayModel", "Moments"]),

        // The edges: do I/O, decide nothing.
        library(.edges, "Journal", ["GatewayModel", "Moments", "JSON", "TextSafety", .product(name: "GRDB", package: "GRDB.swift")]),
        // What certificates say of themselves, and which of them this box trusts.
        library(.edges, "Certificates", ["Moments", "TextSafety", tls]),
        library(
            .edges, "WebCall",
            ["GatewayModel", "Moments", "TextSafety", "Certificates", tls, .product(name: "AsyncHTTPClient", package: "async-http-client")]
                + nio),
        library(.edges, "MarianaAPI", ["GatewayModel", "Moments", "JSON", "TextSafety", "WebCall"]),
        library(.edges, "StripeAPI", ["GatewayModel", "Moments", "JSON", "TextSafety", "WebCall"]),
        library(.edges, "ReaderRPC", ["GatewayModel", "Moments", "JSON", "TextSafety"] + nio),
        library(
            .edges, "ReaderLinks",
            ["GatewayModel", "Moments", "TextSafety", "Certificates", "CLibUSB", tls, .product(name: "NIOTLS", package: "swift-nio")] + nio),

        // Writes down what the edges say and hear, without the secrets.
        library(.edges, "Recording", ["GatewayModel", "Moments", "JSON", "TextSafety", "WebCall", "ReaderRPC"]),

        library(.edges, "Discovery", ["GatewayModel", "Moments", "TextSafety", "ReaderLinks", "CLibUSB"] + nio),

        // The socket.
        library(.socket, "CheckoutAPI", ["Moments", "JSON", "TextSafety"]),
        .target(
            name: "CLinuxSocket", path: Layer.socket.path("CLinuxSocket"), cSettings: [.define("_GNU_SOURCE")]
        ),
        library(.socket, "CheckoutServer", ["CheckoutAPI", "Moments", "JSON", "TextSafety", "CLinuxSocket", logging] + nio),
        library(.socket, "CheckoutClient", ["CheckoutAPI"] + nio),

        // What looks and never touches: it cannot import what pays.
        library(.agent, "Diagnostics", ["GatewayModel", "Moments", "CheckoutAPI", "WebCall", "ReaderLinks"] + nio),

        // What they found, for people: the report and the support archive. Nothing here asks anybody anything.
        library(.tools, "DiagnosticsReport", ["CheckoutAPI", "TextSafety"]),

        // Where the middle meets the edges.
        library(
            .agent, "Gateway",
            [
                "GatewayCore", "GatewayModel", "Moments", "TextSafety", "Journal", "MarianaAPI", "StripeAPI", "ReaderRPC", "ReaderLinks",
                "Discovery", "WebCall",
                "Recording", "CheckoutAPI", "CheckoutServer", "Diagnostics", logging, tls,
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
            ] + nio),

        // The simulated store.
        library(
            .simulator, "StoreSimulator",
            [
                "JSON", tls,
                .product(name: "X509", package: "swift-certificates"),
                .product(name: "Crypto", package: "swift-crypto"),
                .product(name: "SwiftASN1", package: "swift-asn1"),
            ] + nio),

        // Programs.
        program(
            .agent, "readerd",
            [
                "Gateway", "Diagnostics", "CheckoutAPI", "CheckoutServer", "CheckoutClient", "Journal", "MarianaAPI", "StripeAPI",
                "ReaderRPC", "ReaderLinks", "Discovery", "Recording", "WebCall", "GatewayCore", "GatewayModel", "Moments", "TextSafety",
                "CLinuxSocket", arguments,
                logging, tls,
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
                .product(name: "UnixSignals", package: "swift-service-lifecycle"),
            ] + nio),
        program(
            .tools, "readerctl",
            [
                "CheckoutAPI", "CheckoutClient", "DiagnosticsReport", "GatewayModel", "Moments", "TextSafety", arguments,
                .product(name: "UnixSignals", package: "swift-service-lifecycle"),
            ]),
        program(.simulator, "readersim", ["StoreSimulator", "JSON", "CheckoutAPI", "CheckoutClient", arguments]),
        program(.tools, "simulate", ["GatewaySimulation", "GatewayCore", "GatewayModel", "Moments", arguments]),

        // What the tests of USB start under an emulated bus.
        .executableTarget(
            name: "usbprobe", dependencies: ["Discovery", "ReaderLinks", "GatewayCore", "GatewayModel", "Moments"] + nio,
            path: "Tests/USBProbe",
            swiftSettings: settings),

        .systemLibrary(
            name: "CLibUSB", path: Layer.edges.path("CLibUSB"), pkgConfig: "libusb-1.0", providers: [.apt(["libusb-1.0-0-dev"])]),

        .target(name: "ClockStep", path: "Tests/ClockStep", cSettings: [.define("_GNU_SOURCE")]),
        // What several of the tests' targets use: stores with a real daemon in them, processes, waiting.
        .target(
            name: "TestSupport",
            dependencies: [
                "CheckoutAPI", "CheckoutClient", "CheckoutServer", "StoreSimulator", tls,
                .product(name: "Crypto", package: "swift-crypto"), .product(name: "SwiftASN1", package: "swift-asn1"),
                .product(name: "X509", package: "swift-certificates"),
            ],
            path: "Tests/Support", swiftSettings: settings),
        tests("TidyTests", []),
        tests("MomentsTests", ["Moments"]),
        tests("JSONTests", ["JSON", "TestSupport"]),
        tests(
            "TextSafetyTests",
            [
                "TextSafety", "JSON", "GatewayModel", "Journal", "Certificates", "StripeAPI", "ReaderRPC", "Recording",
                "CheckoutAPI",
                "CheckoutServer", "DiagnosticsReport", "Gateway", "readerd", "readerctl",
            ]),
        tests("GatewayCoreTests", ["GatewayCore", "GatewayModel", "Moments"]),
        tests("SimulationTests", ["GatewaySimulation", "GatewayCore", "GatewayModel", "Moments", "simulate"]),
        tests(
            "JournalTests", ["Journal", "GatewayModel", "Moments", "JSON", "TestSupport", .product(name: "GRDB", package: "GRDB.swift")]),
        tests(
            "BackendTests",
            [
                "MarianaAPI", "StripeAPI", "WebCall", "Certificates", "GatewayModel", "Moments", "StoreSimulator", "TestSupport", tls,
                .product(name: "_CryptoExtras", package: "swift-crypto"),
                .product(name: "X509", package: "swift-certificates"),
                .product(name: "Crypto", package: "swift-crypto"),
                .product(name: "SwiftASN1", package: "swift-asn1"),
            ] + nio),
        tests(
            "ReaderTests",
            [
                "ReaderRPC", "ReaderLinks", "GatewayModel", "Moments", "JSON", "StoreSimulator", "TestSupport", tls,
                .product(name: "NIOEmbedded", package: "swift-nio"),
                .product(name: "X509", package: "swift-certificates"),
                .product(name: "Crypto", package: "swift-crypto"),
                .product(name: "SwiftASN1", package: "swift-asn1"),
            ] + nio),
        tests("RecordingTests", ["Recording", "ReaderRPC", "JSON"]),
        tests("DiscoveryTests", ["Discovery", "ReaderLinks", "GatewayModel", "Moments", "StoreSimulator", tls] + nio),
        tests("DiagnosticsTests", ["Diagnostics", "DiagnosticsReport", "CheckoutAPI", "GatewayModel", "Moments", "WebCall"]),
        tests("StoreSimulatorTests", ["StoreSimulator", "ReaderRPC", "JSON", "readersim", tls] + nio),
        tests("CheckoutTests", ["CheckoutAPI", "CheckoutServer", "JSON", "TestSupport", logging] + nio),
        tests("ClientTests", ["CheckoutAPI", "CheckoutClient", "CheckoutServer", "TestSupport", "readerctl", logging] + nio),
        tests(
            "ProgramTests",
            [
                "readerd", "readerctl", "Gateway", "Diagnostics", "GatewayCore", "GatewayModel", "Moments", "CheckoutAPI", "CLinuxSocket",
                "WebCall",
                "ReaderLinks",
                "TestSupport",
                logging,
            ]),
        tests("PackagingTests", ["readerd", "readerctl", "readersim"]),
        tests(
            "ProcessTests",
            ["CheckoutAPI", "CheckoutClient", "StoreSimulator", "TestSupport", "readerd", "readerctl", "readersim", logging] + nio),
        tests(
            "USBTests",
            [
                "Discovery", "ReaderLinks", "GatewayCore", "GatewayModel", "Moments", "CheckoutAPI", "CheckoutClient", "StoreSimulator",
                "TestSupport",
                "readerd",
                "usbprobe",
                logging,
                .product(name: "NIOEmbedded", package: "swift-nio"),
            ] + nio),
    ]
)

// The program's own parsers can be imported only from a library; its entry is called by nobody then.
if isFuzzing, let program = package.targets.first(where: { $0.name == "readerd" }) {
    let entry: SwiftSetting = .unsafeFlags(["-Xfrontend", "-entry-point-function-name", "-Xfrontend", "readerd_main"])
    package.products = [.executable(name: "fuzz", targets: ["fuzz"])]
    package.targets.removeAll { $0.type == .test || $0.name == "readerd" }
    package.targets += [
        .target(name: "readerd", dependencies: program.dependencies, path: program.path, swiftSettings: settings + [entry]),
        .executableTarget(
            name: "fuzz",
            dependencies: [
                "readerd", "CheckoutAPI", "CheckoutServer", "GatewayCore", "GatewayModel", "Moments", "JSON", "TextSafety", "Journal",
                "MarianaAPI",
                "StripeAPI",
                "ReaderRPC",
                "ReaderLinks", "Discovery", "Recording", "WebCall", "Certificates", .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "GRDB", package: "GRDB.swift"),
            ], path: "Tests/Fuzz", exclude: ["Corpus"], swiftSettings: settings,
            linkerSettings: [.unsafeFlags(["-sanitize=fuzzer"])]),
    ]
}
