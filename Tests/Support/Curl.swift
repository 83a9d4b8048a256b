import CheckoutAPI
import FoundationEssentials
import Testing

extension Store {
    /// GETs of these paths by curl, in one go; what they answered, one after the other.
    package func curl(_ paths: String...) async throws -> String {
        try await curl(arguments: paths.map { "http://localhost" + $0 })
    }

    /// Runs curl against the socket.
    ///
    /// - Parameters:
    ///   - before: a command that runs it, such as one that gives up privileges.
    ///   - handsOutSecrets: the answer holds a secret because that is what the route is for.
    package func curl(arguments: [String], before: [String] = [], handsOutSecrets: Bool = false) async throws -> String {
        let result = try await run(before + ["curl", "--silent", "--show-error", "--max-time", "30", "--unix-socket", socket] + arguments)
        guard result.status == 0 else { throw NotInTime(description: "curl ended with \(result.status): \(result.errors)") }
        if !handsOutSecrets { remember(answer: result.output) }
        return result.output
    }

    /// A JSON request by curl; the answer's bytes and status.
    package func request(
        _ method: String, _ path: String, body: String? = nil, before: [String] = [], handsOutSecrets: Bool = false
    ) async throws -> (status: Int, body: String) {
        var arguments = ["--request", method, "--write-out", "\n%{http_code}", "http://localhost" + path]
        if let body { arguments += ["--header", "Content-Type: application/json", "--data-binary", body] }
        let output = try await curl(arguments: arguments, before: before, handsOutSecrets: handsOutSecrets)
        let end = output.lastIndex(of: "\n") ?? output.startIndex
        return (Int(output[end...].dropFirst()) ?? 0, String(output[..<end]))
    }

    package func decoded<Value: Decodable>(_ type: Value.Type, _ body: String) throws -> Value {
        try JSONDecoder().decode(type, from: Data(body.utf8))
    }
}
