import JSON
import CheckoutAPI
import NIOCore

/// The OpenAPI 3.1 document, built from the route table, the rules that check requests, and values of the answers' types.
package enum OpenAPIDocument {
    /// What every route may be refused with, by the server itself.
    static let commonProblems: [Problem.Code] = [
        .malformedRequest, .notPermitted, .browserRefused, .requestTimeout, .tooLarge, .unsupportedMediaType, .invalidRequest, .overloaded,
        .internalError, .shuttingDown,
    ]

    package static func text(version: String) -> String { document(version: version).text(indent: true) + "\n" }

    static func bytes(version: String) -> [UInt8] { Array(text(version: version).utf8) }

    static func document(version: String) -> JSONValue {
        [
            "openapi": "3.1.0",
            "info": [
                "title": "readerd's checkout API", "version": .string(version),
                "summary": "Card payments on a store's readers, over a Unix socket.",
                "description": .string(
                    "HTTP/1.1 over the Unix socket `/run/readerd/checkout.sock`. Who may call what is decided by the caller's user and groups, as "
                        + "the kernel says; `x-readerd-role` names the role that a route needs. Errors are `application/problem+json`, and programs "
                        + "decide by `code`. In a body, absent and `null` are the same, and unknown fields are refused."),
            ],
            "servers": [["url": "http://localhost", "description": "Whatever the host: the socket is what counts."]],
            "tags": .array(
                ["agent", "carts", "payments", "cards", "readers", "devices", "intents"].map { ["name": .string($0)] }), "paths": paths,
            "components": [
                "schemas": Schema.object(
                    of: Schema.bodies + Schema.payments + Schema.cards + Schema.agent + Schema.discovery + Schema.trials + Schema.diagnosis),
                "headers": headers, "responses": refusedAnswers,
            ],
        ]
    }

    private static let headers: JSONValue = [
        "Readerd-Version": ["description": "The agent's version.", "required": true, "schema": ["type": "string"]],
        "X-Request-Id": [
            "description": "The caller's name for the request, or one that the agent made.", "required": true,
            "schema": ["type": "string", "maxLength": 128],
        ],
    ]

    private static let headerReferences: [(String, JSONValue)] = [
        ("Readerd-Version", ["$ref": "#/components/headers/Readerd-Version"]),
        ("X-Request-Id", ["$ref": "#/components/headers/X-Request-Id"]),
    ]

    private static var paths: JSONValue {
        let routes = Route.all(document: ByteBuffer())
        var patterns: [String] = []
        for route in routes where !patterns.contains(route.pattern) { patterns.append(route.pattern) }
        return Schema.object(
            of: patterns.map { pattern in
                let operations = routes.filter { $0.pattern == pattern }.map { ($0.method.lowercased(), operation($0)) }
                return (pattern, Schema.object(of: operations))
            })
    }

    private static func operation(_ route: Route) -> JSONValue {
        let document = route.document
        var members: [(String, JSONValue)] = [
            ("operationId", .string(document.id)), ("tags", [.string(document.tag)]), ("summary", .string(document.summary)),
            ("description", .string(document.description)), ("x-readerd-role", .string(route.role.rawValue)),
        ]
        if !document.parameters.isEmpty { members.append(("parameters", .array(document.parameters))) }
        if let body = document.body {
            members.append(
                (
                    "requestBody",
                    [
                        "required": .bool(route.body == .required),
                        "content": ["application/json": ["schema": Schema.reference(body.schema), "example": body.example]],
                    ]
                ))
        }
        let good = document.answers.map { (String($0.status), answer($0, noStore: route.holdsSecret)) }
        members.append(("responses", Schema.object(of: good + refusals(route).map { ($0, refusal($0, $1)) })))
        members.append(
            ("x-readerd-codes", Schema.object(of: refusals(route).map { ($0, .array($1.map { .string($0.rawValue) })) })))
        return Schema.object(of: members)
    }

    private static func answer(_ answer: OperationDocument.Answer, noStore: Bool) -> JSONValue {
        var fields = headerReferences
        if noStore { fields.append(("Cache-Control", ["description": "`no-store`", "schema": ["const": "no-store"]])) }
        var members: [(String, JSONValue)] = [("description", .string(answer.description)), ("headers", Schema.object(of: fields))]
        if let type = answer.type, let schema = answer.schema {
            let other = answer.instead.map { [($0.type, content($0.schema, $0.examples))] } ?? []
            members.append(("content", Schema.object(of: [(type, content(schema, answer.examples))] + other)))
        }
        return Schema.object(of: members)
    }

    private static func content(_ schema: JSONValue, _ examples: [(String, JSONValue)]) -> JSONValue {
        guard !examples.isEmpty else { return ["schema": schema] }
        return ["schema": schema, "examples": Schema.object(of: examples.map { ($0.0, ["value": $0.1]) })]
    }

    /// Every way in which a route may be refused, by status. The answers themselves are components: generators of clients make one type of each.
    private static func refusals(_ route: Route) -> [(String, [Problem.Code])] {
        var byStatus: [Int: [Problem.Code]] = [431: [.tooLarge]]
        for code in commonProblems + route.problems {
            if code == .unsupportedMediaType, route.body == .none { continue }
            byStatus[code.facts.status, default: []].append(code)
        }
        return byStatus.sorted { $0.key < $1.key }.map { (String($0.key), $0.value) }
    }

    private static func refusal(_ status: String, _ codes: [Problem.Code]) -> JSONValue {
        ["$ref": .string("#/components/responses/Refused\(status)"), "description": .string(sentence(codes))]
    }

    private static func sentence(_ codes: [Problem.Code]) -> String {
        codes.map { "`\($0.rawValue)`: \($0.facts.title)." }.joined(separator: " ")
    }

    /// One for each status that any route may be refused with, over all its codes.
    private static var refusedAnswers: JSONValue {
        var byStatus: [Int: [Problem.Code]] = [431: [.tooLarge]]
        for code in commonProblems + Route.all(document: ByteBuffer()).flatMap(\.problems) {
            if byStatus[code.facts.status]?.contains(code) ?? false { continue }
            byStatus[code.facts.status, default: []].append(code)
        }
        return Schema.object(
            of: byStatus.sorted { $0.key < $1.key }.map { status, codes in
                let examples = codes.map { ($0.rawValue, Examples.json(Examples.problem($0, status: status))) }
                return (
                    "Refused\(status)",
                    [
                        "description": .string(sentence(codes)), "headers": Schema.object(of: headerReferences),
                        "content": ["application/problem+json": content(Schema.reference("Problem"), examples)],
                    ]
                )
            })
    }
}
