import TextSafety
import CheckoutAPI

/// Finds the route of a request and decides whether it may be taken.
struct Dispatcher: Sendable {
    struct Match: Sendable {
        var route: Route
        var parameters: [String: String]
    }

    enum Refusal: Error, Sendable {
        case problem(Problem, allow: [String] = [])
        /// The caller's role is not enough; the sentence is made elsewhere, because it asks the account database.
        case role(needed: Role)
    }

    let routes: [Route]

    /// Looks at the head only; the body comes later.
    func admit(_ head: RequestHead, role: Role?) throws(Refusal) -> Match {
        if head.has("origin") || head.has("referer") {
            throw .problem(
                Problem(
                    .browserRefused, "Requests with an Origin or a Referer field come from web pages, which may not reach the agent.",
                    remedy: "Call the agent from a program on this box, without these fields."))
        }
        let (matches, malformed) = find(head.path)
        let method = head.method == "HEAD" ? "GET" : head.method
        let match = matches.first { $0.route.method == method }
        guard let role else { throw .role(needed: match?.route.role ?? matches.first?.route.role ?? .monitor) }
        if malformed { throw .problem(.malformed("The path's percent-encoding is broken.")) }
        guard let match else {
            guard !matches.isEmpty else {
                throw .problem(Problem(.notFound, "There is no such route.", remedy: "GET /v1/openapi.json lists the routes."))
            }
            var allow = matches.map(\.route.method)
            if allow.contains("GET") { allow.append("HEAD") }
            throw .problem(
                Problem(
                    .methodNotAllowed, "This route has \(allow.joined(separator: ", ")), not \(Shown.line(head.method, limit: 100)).",
                    status: 405),
                allow: allow)
        }
        guard role >= match.route.role else { throw .role(needed: match.route.role) }
        try checkBody(head, match.route)
        return match
    }

    func admits(_ head: RequestHead, role: Role?) -> Bool {
        do {
            _ = try admit(head, role: role)
            return true
        } catch {
            return false
        }
    }

    private func find(_ path: String) -> (matches: [Match], malformed: Bool) {
        var segments: [String] = []
        for segment in path.split(separator: "/", omittingEmptySubsequences: false).dropFirst() {
            guard let decoded = percentDecoded(segment) else { return ([], true) }
            segments.append(decoded)
        }
        let matches = routes.compactMap { route in route.match(segments).map { Match(route: route, parameters: $0) } }
        // A route of plain words goes before one whose parameter would take the same word.
        let plain = matches.filter { $0.parameters.isEmpty }
        return (plain.isEmpty ? matches : plain, false)
    }

    /// A body, if there will be one, must say that it is JSON.
    private func checkBody(_ head: RequestHead, _ route: Route) throws(Refusal) {
        let length = head.value(of: "content-length").flatMap { Int($0) } ?? 0
        guard length > 0 || head.has("transfer-encoding"), route.body != .none else { return }
        guard isJSON(head.value(of: "content-type") ?? "") else {
            throw .problem(
                Problem(
                    .unsupportedMediaType, "The body must be application/json in UTF-8.", remedy: "Send Content-Type: application/json."))
        }
    }

    private func isJSON(_ contentType: String) -> Bool {
        let parts = contentType.split(separator: ";", omittingEmptySubsequences: false).map { trimmed($0).lowercased() }
        guard parts.first == "application/json" else { return false }
        return parts.dropFirst().allSatisfy { part in
            !part.hasPrefix("charset=") || part == "charset=utf-8" || part == "charset=\"utf-8\""
        }
    }
}
