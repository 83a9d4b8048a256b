import NIOHTTP1

/// One request: a method, an encoded target, a JSON body.
struct Message: Sendable {
    enum Method: String, Sendable {
        case get = "GET"
        case put = "PUT"
        case post = "POST"
        case patch = "PATCH"
        case delete = "DELETE"
    }

    var method: Method = .get
    var target: Target
    var body: [UInt8]?
    var accept = "application/json"

    /// Everything but the body. One connection carries one request: that is cheap on a Unix socket, and nothing can be mixed up.
    var head: HTTPRequestHead {
        var headers: HTTPHeaders = ["Host": "readerd", "Accept": accept, "Connection": "close"]
        if let body {
            headers.add(name: "Content-Type", value: "application/json")
            headers.add(name: "Content-Length", value: String(body.count))
        } else if method != .get {
            // Said plainly; otherwise the encoder announces a body in chunks.
            headers.add(name: "Content-Length", value: "0")
        }
        return HTTPRequestHead(version: .http1_1, method: HTTPMethod(rawValue: method.rawValue), uri: target.text, headers: headers)
    }
}

/// A path with its query, percent-encoded as it grows.
struct Target: Sendable {
    private(set) var text: String
    private var hasQuery = false

    /// `segments` are names from outside: each is encoded whole.
    init(_ segments: String...) {
        self.text = "/v1" + segments.map { "/" + Self.encoded($0) }.joined()
    }

    /// Adds `name=value`, unless there is no value.
    func with(_ name: String, _ value: String?) -> Target {
        guard let value else { return self }
        var target = self
        target.text += (hasQuery ? "&" : "?") + name + "=" + Self.encoded(value)
        target.hasQuery = true
        return target
    }

    /// The text with all but the unreserved characters percent-encoded (RFC 3986).
    static func encoded(_ text: String) -> String {
        let digits = Array("0123456789ABCDEF".utf8)
        var bytes: [UInt8] = []
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"),
                UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "~"):
                bytes.append(byte)
            default:
                bytes += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
