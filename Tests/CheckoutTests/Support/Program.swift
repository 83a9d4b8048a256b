import Foundation
import NIOPosix
import Testing

/// Runs a program and returns what it wrote; it is ended after a minute.
func run(_ program: String, _ arguments: [String], input: String = "") async throws -> (status: Int32, output: String) {
    try await clientThreads.runIfActive {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["timeout", "60", program] + arguments
        let output = Pipe()
        let source = Pipe()
        process.standardOutput = output
        process.standardError = output
        process.standardInput = source
        try process.run()
        try source.fileHandleForWriting.write(contentsOf: Data(input.utf8))
        try source.fileHandleForWriting.close()
        let data = try output.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        return (process.terminationStatus, String(decoding: data, as: UTF8.self))
    }
}

/// Runs a Python script with the arguments in `sys.argv`; the test fails with what it wrote when it fails.
func python(_ script: String, _ arguments: String..., location: SourceLocation = #_sourceLocation) async throws {
    let (status, output) = try await run("python3", ["-"] + arguments, input: script)
    #expect(status == 0, "\(output)", sourceLocation: location)
}
