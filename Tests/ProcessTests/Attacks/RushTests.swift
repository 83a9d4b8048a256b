import CheckoutAPI
import CheckoutClient
import Glibc
import NIOPosix
import StoreSimulator
import TestSupport
import Testing

/// Very many callers at once.
@Suite(.timeLimit(.minutes(30))) struct RushTests {
    @Test func `callers that wait with a time-out are never told to come again later`() async throws {
        try await Store.open { store in
            let path = store.socket
            // Each connects with thirty seconds of patience, so that a full queue would say EAGAIN only then; without any, at once.
            let refused = try await attackThreads.runIfActive {
                var open: [CInt] = []
                defer { for descriptor in open { close(descriptor) } }
                var refused = 0
                for _ in 0..<1000 {
                    let descriptor = socket(
                        AF_UNIX, CInt(SOCK_STREAM.rawValue) | CInt(SOCK_CLOEXEC.rawValue) | CInt(SOCK_NONBLOCK.rawValue), 0)
                    guard descriptor >= 0 else { throw RawSocket.Failed(description: "socket: \(errno)") }
                    open.append(descriptor)
                    var address = sockaddr_un()
                    address.sun_family = sa_family_t(AF_UNIX)
                    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
                    let result = withUnsafePointer(to: &address) { pointer in
                        pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                            connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
                        }
                    }
                    if result != 0 { refused += 1 }
                }
                return refused
            }
            #expect(refused == 0)
            #expect(try await store.payPatiently("1", cart: "1").state == .succeeded)
        }
    }

    @Test func `callers that ask to wait and hang up leave nothing behind, and a payment goes on beside`() async throws {
        try await Store.open(simulate: { $0.reader.cardAfter = 1500 }) { store in
            _ = try await store.client.pay("long", PaymentBody(cart: "1", amount: "12.34"))
            let before = try store.anonymousMemory()
            let path = store.socket
            let peak = try await attackThreads.runIfActive {
                var peak = 0
                for turn in 0..<4000 {
                    let socket = try RawSocket(path)
                    // What is one too many is closed at once.
                    do { try socket.send("GET /v1/payments/long?wait=60 HTTP/1.1\r\nHost: x\r\n\r\n") } catch is RawSocket.Failed {}
                    socket.close()
                    if turn % 50 == 0 { peak = max(peak, try store.anonymousMemory()) }
                }
                return peak
            }
            #expect(peak - before < 60_000, "4,000 waits that were given up took \(peak - before) kB")
            // Those who hung up may pay, and had every place for a moment: who is told to come again does.
            try await eventually("the payment that went on beside succeeds") {
                do throws(ClientError) {
                    return try await store.client.payment("long").state == .succeeded
                } catch {
                    guard case .problem(let problem) = error, problem.code == .overloaded else { throw error }
                    return false
                }
            }
            #expect(try await store.payPatiently("after", cart: "2").state == .succeeded)
            try await eventually(within: .seconds(30), "what was taken is given back") { try store.anonymousMemory() - before < 10_000 }
        }
    }
}
