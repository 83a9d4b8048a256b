import JSON
import CheckoutAPI
import Foundation
import NIOCore
import TestSupport
import Testing

@testable import CheckoutServer

@Suite struct OpenAPITests {
    private static let document = OpenAPIDocument.document(version: "1.2.3")

    @Test func `the validator accepts the document`() async throws {
        try await withTemporaryDirectory { directory in
            let file = directory + "/openapi.json"
            try Data(OpenAPIDocument.bytes(version: "1.2.3")).write(to: URL(fileURLWithPath: file))
            let (status, output) = try await run("openapi-spec-validator", ["--schema", "3.1", "--errors", "all", file])
            #expect(status == 0, "\(output)")
        }
    }

    @Test func `every route has a document of its own`() {
        let routes = Route.all(document: ByteBuffer())
        #expect(Set(routes.map { "\($0.method) \($0.pattern)" }).count == routes.count)
        #expect(Set(routes.map(\.document.id)).count == routes.count)
        for route in Route.all(document: ByteBuffer()) {
            #expect(Self.document["paths"]?[route.pattern]?[route.method.lowercased()]?["x-readerd-role"] == .string(route.role.rawValue))
        }
    }

    @Test func `a route has a body in the document if it has one`() {
        for route in Route.all(document: ByteBuffer()) {
            let body = Self.document["paths"]?[route.pattern]?[route.method.lowercased()]?["requestBody"]
            switch route.body {
            case .none: #expect(body == nil)
            case .optional: #expect(body?["required"] == false)
            case .required: #expect(body?["required"] == true)
            }
        }
    }

    @Test func `the document that is served is the one that is built`() async throws {
        try await withServer(role: .monitor) { server in
            let answer = try await server.get("/v1/openapi.json")
            #expect(answer.status == 200 && answer.field("content-type") == "application/json")
            #expect(answer.json == Self.document)
        }
    }

    /// What generators of clients stumble over.
    @Test func `refusals are components, and no name or schema is one that generators use themselves or cannot read`() throws {
        let paths = try #require(Self.document["paths"])
        guard case .object(let patterns) = paths, let components = Self.document["components"] else { return #expect(Bool(false)) }
        for pattern in patterns {
            guard case .object(let operations) = pattern.value else { continue }
            for operation in operations {
                guard case .object(let responses)? = operation.value["responses"] else { continue }
                for response in responses where !response.name.hasPrefix("2") {
                    #expect(response.value["$ref"] == .string("#/components/responses/Refused\(response.name)"))
                    #expect(operation.value["x-readerd-codes"]?[response.name] != nil)
                }
            }
        }
        #expect(components["responses"]?["Refused404"]?["content"]?["application/problem+json"]?["schema"] == Schema.reference("Problem"))
        #expect(components["schemas"]?["Configuration"] == nil)
        for (name, schema) in Schema.bodies {
            #expect(schema["oneOf"] == nil && schema["anyOf"] == nil && schema["allOf"] == nil, "\(name)")
        }
    }

    @Test func `examples fit their schemas, and the schemas know every field that is answered`() async throws {
        try await withServer { server in
            server.service.add(FakeService.payment("known", PaymentBody(cart: "1", amount: "1"), state: .succeeded))
            let (status, output) = try await run("python3", ["-"] + [server.path], input: Self.checker)
            #expect(status == 0, "\(output)")
        }
    }

    @Test func `the patterns of the document say what the rules check`() async throws {
        let rules: [(String, TextRule)] = [
            ("cart", .cart), ("payment", .payment), ("amount", .amount), ("amountOrZero", .amountOrZero), ("currency", .currency),
            ("opaque", .opaque), ("name", .name), ("note", .note), ("itemDescription", .itemDescription), ("tipLabel", .tipLabel),
            ("label", .label), ("registrationCode", .registrationCode), ("postalCode", .postalCode), ("subnet", .subnet),
        ]
        let seed = UInt64.random(in: 0...UInt64.max)
        var random = Seeded(seed)
        let pieces = [
            "0", "1", "9", ".", "-", "a", "Z", "_", " ", "~", "\u{7f}", "\u{80}", "\u{9f}", "\u{a0}", "é", "😀", "\t", "/", "\u{0}",
            "\u{2011}", "\u{200b}",
        ]
        var cases: [JSONValue] = []
        for (name, rule) in rules {
            var texts = [
                "10.0.0.0/24", "192.168.8.0/22", "192.168.8.0/21", "8.8.8.0/24", "172.31.0.1/32", "172.32.0.1/32", "127.0.0.1/032",
                "10.0.0/24",
            ]
            texts += ["", "usd", "56.78", "0.00", "0.001", "00.1", "10000000000", "9999999999.999", "1.0000"]
            texts += [1, 40, 41, 128, 129, 200, 201, 256, 257, 500, 501].map { String(repeating: "x", count: $0) }
            texts += (0..<300).map { _ in
                (0..<Int.random(in: 1...6, using: &random)).map { _ in pieces.randomElement(using: &random) ?? "" }.joined()
            }
            cases += texts.map { [.string(name), .string(rule.pattern), .string($0), .bool(rule.accepts($0))] }
        }
        let (status, output) = try await withInput(JSONValue.array(cases).text()) { file in
            try await run("python3", ["-", file], input: Self.patternChecker)
        }
        #expect(status == 0, "seed \(seed): \(output)")
    }

    private func withInput<Value>(_ text: String, _ body: (String) async throws -> Value) async throws -> Value {
        var value: Value?
        try await withTemporaryDirectory { directory in
            try Data(text.utf8).write(to: URL(fileURLWithPath: directory + "/input.json"))
            value = try await body(directory + "/input.json")
        }
        return try #require(value)
    }

    private static let patternChecker = """
        import json, re, sys
        wrong = [case for case in json.load(open(sys.argv[1])) if bool(re.fullmatch(case[1], case[2])) != case[3]]
        assert not wrong, wrong[:5]
        """

    /// Asks every route, and holds every example and every answer against the document, with additional fields forbidden.
    private static let checker = #"""
        import http.client, json, socket, sys
        import jsonschema

        class Client(http.client.HTTPConnection):
            def connect(self):
                self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
                self.sock.settimeout(20)
                self.sock.connect(sys.argv[1])

        def ask(method, target, body=None):
            client = Client("localhost", timeout=20)
            headers = {} if body is None else {"Content-Type": "application/json"}
            client.request(method, target, None if body is None else json.dumps(body), headers)
            answer = client.getresponse()
            text = answer.readline() if answer.headers["Content-Type"] == "application/x-ndjson" else answer.read()
            client.close()
            return answer, text

        document = json.loads(ask("GET", "/v1/openapi.json")[1])

        def closed(schema):
            if isinstance(schema, dict):
                schema = {name: closed(value) for name, value in schema.items()}
                if schema.get("type") in ("object", ["object", "null"]) and "properties" in schema:
                    schema.setdefault("additionalProperties", False)
                return schema
            return [closed(value) for value in schema] if isinstance(schema, list) else schema

        components = closed(document["components"])
        def check(schema, value, what):
            schema = {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema, "components": components}
            errors = list(jsonschema.Draft202012Validator(schema, format_checker=jsonschema.FormatChecker()).iter_errors(value))
            assert not errors, (what, [(error.json_path, error.message) for error in errors][:5])

        def resolved(response):
            return components["responses"][response["$ref"].rsplit("/", 1)[-1]] if "$ref" in response else response

        def line_schema(schema):
            return {"$ref": "#/components/schemas/" + schema.get("x-readerd-line", "StreamLine")}
        examples = 0
        for path, operations in document["paths"].items():
            for method, operation in operations.items():
                what = operation["operationId"]
                body = operation.get("requestBody")
                if body:
                    check(body["content"]["application/json"]["schema"], body["content"]["application/json"]["example"], what)
                for status, response in operation["responses"].items():
                    response = resolved(response)
                    for kind, content in response.get("content", {}).items():
                        for name, example in content.get("examples", {}).items():
                            examples += 1
                            check(content["schema"], example["value"], (what, status, name))
                            if kind == "application/x-ndjson":
                                for line in example["value"].splitlines():
                                    check(line_schema(content["schema"]), json.loads(line), (what, status, name))
        assert examples > 100, examples

        bodies = {
            "createPayment": {"cart": "1", "amount": "5"}, "openCart": {"lane": "x"}, "resolvePayment": {"outcome": "failed", "note": "n"},
            "acknowledgePayment": {"note": "n"},
            "displayCart": {"currency": "usd", "total_minor": 1, "line_items": []}, "createPaymentIntent": {"cart": "1", "amount": "5"},
            "createSetupIntent": {"user": "1"}, "createConnectionToken": {"cart": "1"},
            "releaseReader": {"payment": "p"}, "acceptJournalLoss": {"note": "n"},
            "registerReader": {"registration_code": "amber-birch-cedar", "label": "Bar"}, "relabelReader": {"label": "Bar"},
            "createCardSetup": {"user": "1", "partner": "2", "postal_code": "01234"},
            "tryReader": {"cart": "1"},
            "discover": {"transports": ["lan"], "subnets": ["127.0.0.1/32"]},
            "storeBankcard": {"user": "1", "partner": "2", "payment_method": "pm_1", "postal_code": "01234"},
        }
        def answered(operation, answer, text):
            what = (operation["operationId"], answer.status)
            assert str(answer.status) in operation["responses"], (what, text)
            response = resolved(operation["responses"][str(answer.status)])
            for header in response["headers"]:
                assert header in answer.headers, (what, header)
            content = response.get("content")
            if not content:
                assert text == b"", what
                return
            kind = answer.headers["Content-Type"]
            assert kind in content, (what, kind)
            schema = content[kind]["schema"]
            if kind == "application/x-ndjson":
                schema = line_schema(schema)
            check(schema, json.loads(text) if "json" in kind else text.decode(), what)
            if kind == "application/problem+json":
                code = json.loads(text)["code"]
                assert code in operation["x-readerd-codes"][str(answer.status)], (what, code)
                assert f"`{code}`" in operation["responses"][str(answer.status)]["description"], (what, code)

        for path, operations in document["paths"].items():
            for method, operation in operations.items():
                names = {"{id}": "fresh" if operation["operationId"] == "createPayment" else "known", "{cart}": "1", "{reader}": "tmr_123"}
                target = path
                for name, value in names.items():
                    target = target.replace(name, value)
                good = ask(method.upper(), target, bodies.get(operation["operationId"]))
                if operation["operationId"] != "cancelPayment":
                    assert good[0].status < 300, (operation["operationId"], good)
                answered(operation, *good)
                answered(operation, *ask(method.upper(), target + "?nonsense=1", bodies.get(operation["operationId"])))
                answered(operation, *ask(method.upper(), target, {"nonsense": 1}))
                answered(operation, *ask(method.upper(), target.replace("known", "missing").replace("tmr_123", "missing"), bodies.get(operation["operationId"])))
        """#
}
