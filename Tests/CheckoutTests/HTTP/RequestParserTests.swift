import CheckoutAPI
import NIOCore
import TestSupport
import Testing

@testable import CheckoutServer

@Suite struct RequestParserTests {
    /// Everything that comes out when the bytes come in these pieces.
    private func parse(_ pieces: [[UInt8]]) throws(Problem) -> [Request] {
        var parser = RequestParser()
        var buffer = ByteBuffer()
        var requests: [Request] = []
        for piece in pieces {
            buffer.writeBytes(piece)
            reading: while true {
                switch try parser.next(&buffer) {
                case .needsMore: break reading
                case .head: continue
                case .request(let request): requests.append(request)
                }
            }
        }
        return requests
    }

    private func parse(_ text: String) throws(Problem) -> [Request] { try parse([Array(text.utf8)]) }

    static let whole = """
        PUT /v1/payments/a%2Fb?wait=5&x HTTP/1.1\r
        Host: x\r
        X-Request-ID:  abc \t\r
        Content-Type: application/json\r
        Transfer-Encoding: Chunked\r
        \r
        5;name="value"\r
        {"a":\r
        00003\r
         1}\r
        0\r
        X-Trailer: y\r
        \r

        """

    @Test func `a request is the same however its bytes are split`() throws {
        let bytes = Array(Self.whole.utf8)
        let expected = try parse([bytes])
        #expect(expected.count == 1)
        let request = try #require(expected.first)
        #expect(request.head.method == "PUT" && request.head.path == "/v1/payments/a%2Fb" && request.head.query == "wait=5&x")
        #expect(request.head.requestID == "abc")
        #expect(String(decoding: request.body, as: UTF8.self) == #"{"a": 1}"#)
        for split in 0...bytes.count {
            #expect(try parse([Array(bytes[..<split]), Array(bytes[split...])]) == expected)
        }
        #expect(try parse(bytes.map { [$0] }) == expected)
    }

    @Test func `requests follow one another on the same bytes`() throws {
        let text =
            "GET /a HTTP/1.1\r\nHost: x\r\n\r\n\r\n\r\nPOST /b HTTP/1.0\r\nContent-Length: 3\r\n\r\nxyzGET /c HTTP/1.1\r\nhost:\r\n\r\n"
        #expect(try parse(text).map(\.head.path) == ["/a", "/b", "/c"])
        #expect(try parse(text).map(\.head.keepsConnection) == [true, false, true])
    }

    @Test func `the absolute form of a target is taken`() throws {
        func path(_ target: String) throws -> [String?] {
            let head = try #require(try parse("GET \(target) HTTP/1.1\r\nHost: x\r\n\r\n").first).head
            return [head.path, head.query]
        }
        #expect(try path("http://x/v1/info?a=b") == ["/v1/info", "a=b"])
        #expect(try path("HTTP://x") == ["/", nil])
        #expect(try path("http://x?a") == ["/", "a"])
        #expect(try path("*") == ["*", nil])
    }

    @Test(arguments: [
        "\u{0}", "\u{16}\u{3}\u{1}", " GET / HTTP/1.1\r\n", "GET\r\n", "GET  / HTTP/1.1\r\n", "GET /\r\n", "GET / \r\n",
        "GET / HTTP/2.0\r\n",
        "GET / HTTP/1.1 \r\n", "GET / http/1.1\r\n", "GET / HTTP/1.\r\n", "GET / HTTP/1.11\r\n", "G(T / HTTP/1.1\r\n",
        "GET /é HTTP/1.1\r\n",
        "GET /#x HTTP/1.1\r\n", "GET x HTTP/1.1\r\nHost: x\r\n\r\n", "GET / HTTP/1.1\n", "GET / HTTP/1.1\rX", "\rX", "{\"cart\": 1}",
        "PRI * HTTP/2.0\r\n", "GET / HTTP/1.1\r\n\r\n", "GET / HTTP/1.1\r\nHost: x\r\nHost: x\r\n\r\n", "GET / HTTP/1.1\r\n folded: x\r\n",
        "GET / HTTP/1.1\r\nA: x\r\n folded\r\n", "GET / HTTP/1.1\r\nA : x\r\n", "GET / HTTP/1.1\r\n: x\r\n", "GET / HTTP/1.1\r\nA\r\n",
        "GET / HTTP/1.1\r\nA: \u{0}\r\n", "GET / HTTP/1.1\r\nA: x\n", "GET / HTTP/1.1\r\nA: x\rB", "GET / HTTP/1.1\r\nHost: x\r\n\rX",
        "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n", "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: +1\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1, 1\r\n\r\n", "POST / HTTP/1.1\r\nHost: x\r\nContent-Length:\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 0x1\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip, chunked\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n",
        "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nx",
        "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n\r",
        "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n1\n",
        "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nab",
        "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n-1\r\n",
        "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n000000001\r\n",
        "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nx\u{0}",
    ])
    func `what is no request is refused as soon as it shows`(text: String) {
        do throws(Problem) {
            let requests = try parse(text)
            Issue.record("read as \(requests)")
        } catch {
            #expect(error.code == .malformedRequest && error.status == 400)
        }
    }

    private func status(_ text: String) -> Int {
        do throws(Problem) {
            return try parse(text).isEmpty ? 0 : 200
        } catch {
            return error.status
        }
    }

    @Test func `a head of sixteen kibibytes is taken, and one byte more is not`() {
        let frame = "GET / HTTP/1.1\r\nHost: x\r\nA: \r\n\r\n".utf8.count
        func head(_ size: Int) -> String { "GET / HTTP/1.1\r\nHost: x\r\nA: \(String(repeating: "x", count: size - frame))\r\n\r\n" }
        #expect(status(head(16_384)) == 200)
        #expect(status(head(16_385)) == 431)
        #expect(status("GET /" + String(repeating: "x", count: 17_000)) == 431)
        #expect(status(String(repeating: "\r\n", count: 9_000)) == 431)
        #expect(status("GET / HTTP/1.1\r\n" + String(repeating: "A: x\r\n", count: 200)) == 431)
    }

    @Test func `a body of 256 kibibytes is taken, and one byte more is not`() {
        let head = "POST / HTTP/1.1\r\nHost: x\r\n"
        func fixed(_ size: Int) -> String { "\(head)Content-Length: \(size)\r\n\r\n" }
        #expect(status(fixed(262_144) + String(repeating: "x", count: 262_144)) == 200)
        #expect(status(fixed(262_145)) == 413)
        #expect(status(fixed(Int.max)) == 413)
        #expect(status(head + "Content-Length: 9999999999999999999\r\n\r\n") == 413)
        #expect(status(head + "Content-Length: 99999999999999999999\r\n\r\n") == 400)
        let chunk = "10000\r\n\(String(repeating: "x", count: 65_536))\r\n"
        func chunked(_ rest: String) -> String { "\(head)Transfer-Encoding: chunked\r\n\r\n" + chunk + chunk + chunk + chunk + rest }
        #expect(status(chunked("0\r\n\r\n")) == 200)
        #expect(status(chunked("1\r\n")) == 413)
        #expect(status("\(head)Transfer-Encoding: chunked\r\n\r\nfffffff") == 413)
        #expect(status("\(head)Transfer-Encoding: chunked\r\n\r\n1;" + String(repeating: "x", count: 70_000)) == 413)
        #expect(status("\(head)Transfer-Encoding: chunked\r\n\r\n" + String(repeating: "1\r\nx\r\n", count: 30_000)) == 413)
    }

    @Test func `mutated requests are read or refused, the same however they are split`() throws {
        let seed = UInt64.random(in: 0...UInt64.max)
        var random = Seeded(seed)
        let seeds = [Self.whole, "GET / HTTP/1.1\r\nHost: x\r\n\r\n", "POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello"]
        func outcome(_ pieces: [[UInt8]]) -> String {
            do throws(Problem) { return "\(try parse(pieces))" } catch { return "\(error)" }
        }
        for round in 0..<1500 {
            var bytes = Array((seeds.randomElement(using: &random) ?? "").utf8)
            for _ in 0...Int.random(in: 0...3, using: &random) {
                let place = Int.random(in: 0..<bytes.count, using: &random)
                switch Int.random(in: 0..<4, using: &random) {
                case 0: bytes[place] = UInt8.random(in: 0...255, using: &random)
                case 1: bytes.insert([13, 10, 32, 58, 0, 48].randomElement(using: &random) ?? 0, at: place)
                case 2: bytes.remove(at: place)
                default: bytes.insert(contentsOf: bytes[place..<min(bytes.count, place + 9)], at: place)
                }
            }
            let split = Int.random(in: 0...bytes.count, using: &random)
            let whole = outcome([bytes])
            #expect(outcome([Array(bytes[..<split]), Array(bytes[split...])]) == whole, "seed \(seed), round \(round)")
            #expect(outcome(bytes.map { [$0] }) == whole, "seed \(seed), round \(round)")
        }
    }

    @Test func `percent-encoding is undone, or refused when it is broken`() {
        #expect(percentDecoded("a%2Fb%C3%A9+") == "a/bé+")
        #expect(percentDecoded("a+b", plusIsSpace: true) == "a b")
        for broken: Substring in ["%", "%1", "%zz", "%C3", "%ff"] { #expect(percentDecoded(broken) == nil) }
    }
}
