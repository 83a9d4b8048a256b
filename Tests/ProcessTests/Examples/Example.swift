import FoundationEssentials
import Glibc
import TestSupport

/// The program of `packaging/examples` in one language, and what runs it.
enum Example: String, CaseIterable {
    case python, node, java, dotnet

    private var file: String {
        switch self {
        case .python: "take_payment.py"
        case .node: "take_payment.mjs"
        case .java: "TakePayment.java"
        case .dotnet: "TakePayment.cs"
        }
    }

    private var runtime: [String] {
        switch self {
        case .python: ["python3"]
        case .node: ["node"]
        case .java: ["java"]
        case .dotnet: ["dotnet", "run"]
        }
    }

    var isInstalled: Bool {
        ["/usr/local/bin", "/usr/bin", "/bin"].contains { FileManager.default.isExecutableFile(atPath: "\($0)/\(runtime[0])") }
    }

    /// Where this repository's examples are.
    private static var directory: String {
        // Tests/ProcessTests/Examples/Example.swift, four up.
        (0..<4).reduce(URL(filePath: #filePath)) { url, _ in url.deletingLastPathComponent() }.appending(path: "packaging/examples").path
    }

    /// Starts it for a cart in a store; `turn` tells its output from that of the runs before.
    func start(in store: Store, cart: String, amount: String = "12.34", turn: Int) throws -> ChildProcess {
        let command = runtime + [Self.directory + "/" + file] + (self == .dotnet ? ["--"] : [])
        let arguments = [
            "--socket", store.socket, "--sales", store.directory.file("sales"), "--cart", cart, "--amount", amount, "--lane", "till-1",
        ]
        return try ChildProcess(
            command + arguments, output: store.directory.file("example-\(turn).out"), errors: store.directory.file("example-\(turn).err"),
            environment: ["PATH": "/usr/local/bin:/usr/bin:/bin", "HOME": store.directory.path])
    }

    /// Runs it to its end.
    func run(in store: Store, cart: String, amount: String = "12.34", turn: Int) async throws -> (status: CInt, output: String) {
        let child = try start(in: store, cart: cart, amount: amount, turn: turn)
        let status = try await child.ended(within: .seconds(90))
        store.remember(answer: child.output + child.errors)
        return (status, child.output + child.errors)
    }
}
