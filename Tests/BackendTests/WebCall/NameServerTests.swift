import FoundationEssentials
import NIOConcurrencyHelpers
import NIOCore
import TestSupport
import Testing

@testable import WebCall

@Suite struct NameServerTests {
    private let name = "shop.backend.test"

    private func ask(_ manner: FakeNameServer.Manner, within limit: Duration = .seconds(20)) async throws -> NameServerAsk.Outcome {
        try await FakeNameServer.run(manner) { server in
            await NameServerAsk.of(name, server: "127.0.0.1", port: server.port, within: limit)
        }
    }

    @Test(arguments: [
        ("nameserver 127.0.0.54\nnameserver 127.0.0.53\n", ["127.0.0.54", "127.0.0.53"]),
        ("# nothing\n", []), ("", []), ("nameserver\n", []), ("nameserver nonsense\nnameserver\t8.8.8.8 # one\n", ["8.8.8.8"]),
        ("search x\noptions timeout:1\nnameserver fe80::1\n nameserver 1.1.1.1\r\n", ["fe80::1", "1.1.1.1"]),
        ("nameserver 1.1.1.1\nnameserver 1.1.1.1\n", ["1.1.1.1"]),
        ((1...9).map { "nameserver 10.0.0.\($0)" }.joined(separator: "\n"), ["10.0.0.1", "10.0.0.2", "10.0.0.3"]),
    ])
    func `the name servers are those that the resolver's file names`(_ text: String, _ servers: [String]) {
        #expect(NameServers.parse(text) == servers)
    }

    @Test func `a file that is not there names none`() {
        #expect(NameServers.read("/proc/there-is-no-such-file") == [])
        #expect(NameServers.read("/proc") == [])
    }

    @Test func `a name server that knows the name gives its addresses`() async throws {
        #expect(try await ask(.knows(["10.1.2.3", "10.1.2.4"])) == .addresses(["10.1.2.3", "10.1.2.4"]))
        #expect(try await ask(.knows([])) == .addresses([]))
        guard case .addresses(let both) = try await ask(.knows(["fd00::1", "10.1.2.3"])) else {
            Issue.record("no addresses")
            return
        }
        #expect(Set(both) == ["fd00:0:0:0:0:0:0:1", "10.1.2.3"])
    }

    @Test func `one family is enough`() async throws {
        // A time-out that would be noticed: the answer is there long before.
        let outcome = try await ask(.onlyFour(["10.1.2.3"]), within: .seconds(60))
        #expect(outcome == .addresses(["10.1.2.3"]))
    }

    @Test func `a name server's other answers are told apart, and silence too`() async throws {
        #expect(try await ask(.code(3)) == .noSuchName)
        #expect(try await ask(.code(2)) == .trouble(2))
        #expect(try await ask(.code(5)) == .trouble(5))
        #expect(try await ask(.dead, within: .milliseconds(300)) == .silent)
        let gone = try await FakeNameServer.run(.dead) { $0.port }
        #expect(await NameServerAsk.of(name, server: "127.0.0.1", port: gone, within: .seconds(20)) == .unreachable)
        #expect(await NameServerAsk.of("a..b", server: "127.0.0.1", port: gone, within: .seconds(20)) == .noSuchName)
    }

    @Test func `a question that got lost is asked again`() async throws {
        let outcome = try await FakeNameServer.run(
            .bytes { question in
                // The first two are lost: one for each family.
                lost.next() < 2 ? [] : [FakeNameServer.answer(question, ["10.1.2.3"])]
            }
        ) { await NameServerAsk.of(name, server: "127.0.0.1", port: $0.port, within: .seconds(30)) }
        #expect(outcome == .addresses(["10.1.2.3"]))
    }

    private let lost = Counting()

    @Test func `what answers another question is no answer`() async throws {
        let outcome = try await ask(
            .bytes { question in
                var otherID = FakeNameServer.answer(question, ["6.6.6.6"])
                otherID[0] ^= 0xff
                var otherName = FakeNameServer.answer(question, ["6.6.6.6"])
                otherName[13] = UInt8(ascii: "x")
                var noAnswer = FakeNameServer.answer(question, ["6.6.6.6"])
                noAnswer[2] = 0x01
                return [otherID, otherName, noAnswer, [], [1, 2, 3], FakeNameServer.answer(question, ["10.1.2.3"])]
            })
        #expect(outcome == .addresses(["10.1.2.3"]))
    }

    @Test func `records of other names do not count, and other names of the name do`() throws {
        let question = try #require(NameMessage.question(name, .four, id: 7))
        // CNAME to "x", then an address of "x", and one of "y".
        let records: [[UInt8]] = [
            [0xc0, 12, 0, 5, 0, 1, 0, 0, 0, 9, 0, 3, 1, UInt8(ascii: "x"), 0],
            [1, UInt8(ascii: "x"), 0, 0, 1, 0, 1, 0, 0, 0, 9, 0, 4, 10, 1, 2, 3],
            [1, UInt8(ascii: "y"), 0, 0, 1, 0, 1, 0, 0, 0, 9, 0, 4, 10, 6, 6, 6],
        ]
        var answer = FakeNameServer.answer(question)
        answer[7] = 3
        #expect(NameMessage.reply(answer + records.flatMap(\.self), to: name.uppercased(), .four, id: 7) == .addresses(["10.1.2.3"]))
    }

    @Test func `nothing that a name server can send makes the reading trap`() throws {
        let seed = UInt64.random(in: 0 ... .max)
        var random = Seeded(seed)
        let question = try #require(NameMessage.question(name, .four, id: 7))
        let good = FakeNameServer.answer(question, ["10.1.2.3", "10.1.2.4"])
        for _ in 0..<50_000 {
            var bytes = good
            switch Int.random(in: 0..<3, using: &random) {
            case 0: bytes = Array(bytes.prefix(Int.random(in: 0...bytes.count, using: &random)))
            case 1:
                bytes.insert(
                    contentsOf: [0xc0, UInt8.random(in: 0...60, using: &random)], at: Int.random(in: 12...bytes.count, using: &random))
            default:
                for _ in 0..<3 { bytes[Int.random(in: 2..<bytes.count, using: &random)] = UInt8.random(in: 0...255, using: &random) }
            }
            if case .addresses(let found) = NameMessage.reply(bytes, to: name, .four, id: 7) {
                #expect(found.count <= 64, "seed \(seed)")
            }
        }
    }
}

/// Counts from nought.
final class Counting: Sendable {
    private let count = NIOLockedValueBox(0)

    func next() -> Int {
        count.withLockedValue { count in
            defer { count += 1 }
            return count
        }
    }
}
