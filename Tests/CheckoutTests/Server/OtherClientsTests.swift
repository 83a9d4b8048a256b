import CheckoutAPI
import CheckoutServer
import Testing

/// Clients that know nothing of this package.
@Suite struct OtherClientsTests {
    @Test func `Python's http.client uses the socket`() async throws {
        try await withServer { server in
            server.service.add(FakeService.payment("known", PaymentBody(cart: "1", amount: "1"), state: .succeeded))
            try await python(
                """
                import http.client, json, socket, sys

                class Client(http.client.HTTPConnection):
                    def __init__(self, path):
                        super().__init__("localhost", timeout=20)
                        self.path = path
                    def connect(self):
                        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
                        self.sock.settimeout(20)
                        self.sock.connect(self.path)

                def ask(client, method, target, body=None, headers={}):
                    if body is not None and not isinstance(body, (bytes, list)):
                        body = json.dumps(body)
                        headers = {"Content-Type": "application/json", **headers}
                    client.request(method, target, body=body, headers=headers, encode_chunked=isinstance(body, list))
                    answer = client.getresponse()
                    return answer, answer.read()

                client = Client(sys.argv[1])
                answer, body = ask(client, "GET", "/v1/info")
                assert answer.status == 200 and json.loads(body)["version"] == "1.2.3", body
                sock = client.sock
                answer, body = ask(client, "PUT", "/v1/payments/p1", {"cart": "1", "amount": "1.00"})
                assert answer.status == 201, (answer.status, body)
                answer, body = ask(client, "PUT", "/v1/payments/p1?wait=1", {"cart": "1", "amount": "1.00"})
                assert answer.status == 200 and json.loads(body)["state"] == "queued", body
                answer, body = ask(client, "PUT", "/v1/payments/p2", [b'{"cart": "1", ', b'"amount": "2"}'], {"Content-Type": "application/json", "Transfer-Encoding": "chunked"})
                assert answer.status == 201, (answer.status, body)
                answer, body = ask(client, "GET", "/v1/payments/known")
                assert json.loads(body)["money"] == "taken"
                answer, body = ask(client, "DELETE", "/v1/carts/1")
                assert answer.status == 204 and body == b""
                answer, body = ask(client, "HEAD", "/v1/info")
                assert answer.status == 200 and body == b""
                answer, body = ask(client, "GET", "/v1/nothing")
                assert answer.status == 404 and answer.headers["Content-Type"] == "application/problem+json"
                assert json.loads(body)["code"] == "not_found"
                assert client.sock is sock, "the connection was not kept"

                client.request("GET", "/v1/events")
                answer = client.getresponse()
                assert answer.status == 200
                assert json.loads(answer.readline()) == {"type": "heartbeat"}
                client.close()

                client = Client(sys.argv[1])
                answer, body = ask(client, "PUT", "/v1/payments/p3", b"x" * 262145, {"Content-Type": "application/json"})
                assert answer.status == 413 and json.loads(body)["code"] == "too_large", (answer.status, body)
                answer, body = ask(client, "GET", "/v1/info", headers={"X": "y" * 17000})
                assert answer.status == 431, answer.status
                """, server.path)
        }
    }

    @Test func `curl uses the socket`() async throws {
        try await withServer { server in
            func curl(_ arguments: String...) async throws -> String {
                let (status, output) = try await run("curl", ["-sS", "--max-time", "20", "--unix-socket", server.path] + arguments)
                #expect(status == 0, "\(output)")
                return output
            }
            #expect(try await curl("http://localhost/v1/info").contains(#""role":"technician""#))
            let created = try await curl(
                "-X", "PUT", "-H", "Content-Type: application/json", "-d", #"{"cart": "1", "amount": "1"}"#, "-w", "%{http_code}",
                "http://localhost/v1/payments/c1")
            #expect(created.hasSuffix("201"))
            let form = try await curl("-X", "PUT", "-d", "{}", "-w", "%{http_code}", "http://localhost/v1/payments/c2")
            #expect(form.hasSuffix("415") && form.contains("unsupported_media_type"))
            let large = try await curl(
                "-X", "PUT", "-H", "Content-Type: application/json", "-d", String(repeating: " ", count: 2000) + "{}", "-H",
                "Expect: 100-continue", "-w", "%{http_code}", "http://localhost/v1/carts/1")
            #expect(large.hasSuffix("200"))
            #expect(try await curl("-I", "http://localhost/v1/status").hasPrefix("HTTP/1.1 200 OK"))
            #expect(try await curl("--http1.0", "http://localhost/v1/info").contains("1.2.3"))
            // One connection for two requests.
            let two = try await curl("-w", "%{num_connects} ", "-o", "/dev/null", "-o", "/dev/null", "http://l/v1/info", "http://l/v1/info")
            #expect(two == "1 0 ")
            let stream = try await run(
                "curl", ["-sSN", "--max-time", "1", "--unix-socket", server.path, "http://localhost/v1/events"])
            #expect(stream.output.hasPrefix("{\"type\":\"heartbeat\"}\n"))
        }
    }
}
