import FoundationEssentials
import GatewayModel
import Glibc
import Moments
import ReaderLinks
import StoreSimulator
import Testing

@testable import Discovery

@Suite struct LANLookoutTests {
    private static let exact = "127-0-0-1.abcdef.\(ReaderName.suffix)"
    private static let wildcard = "*.uvwxyz.\(ReaderName.suffix)"
    private let lookout: LANLookout

    init() throws {
        let roots = FileManager.default.temporaryDirectory.path + "/readerd-street-\(UUID().uuidString).pem"
        try Data(Street.trusted().pem.utf8).write(to: URL(filePath: roots))
        defer { remove(roots) }
        lookout = LANLookout(link: try LANLink(roots: roots))
    }

    @Test func `what shows a reader's name and cannot prove it is told, and taken for no reader`() async throws {
        try await Street.open([1: .certificate([Self.wildcard]), 2: .forged([Self.wildcard])]) { street in
            let findings = await lookout.look(try street.look([1, 2]))
            let (true_, forged) = (try street.address(1).text, try street.address(2).text)
            let seen = Dictionary(uniqueKeysWithValues: findings.sightings.map { ($0.address, $0) })
            #expect(seen[true_]?.problem == nil && seen[true_]?.domain == "uvwxyz.\(ReaderName.suffix)")
            #expect(seen[forged]?.problem?.contains("does not trust") == true, "\(findings.sightings)")
            #expect(seen[forged]?.domain == nil && seen[forged]?.key == DeviceKey(unchecked: "lan:\(forged)"))
        }
    }

    @Test func `readers are found among everything else that answers`() async throws {
        let houses: [Int: Street.House] = [
            1: .certificate([Self.exact]), 2: .certificate(["printer.example"]), 3: .slammed, 4: .chatty("220 mail ready\r\n"),
            5: .certificate(["other.example", Self.wildcard]), 6: .certificate(["x.\(ReaderName.suffix).evil.example"]),
            7: .certificate([]),
        ]
        try await Street.open(houses) { street in
            let look = try street.look([1, 2, 3, 4, 5, 6, 7, 8, 9])
            let findings = await lookout.look(look)
            #expect(findings.looked == Set(look.addresses))
            let seen = Dictionary(uniqueKeysWithValues: findings.sightings.map { ($0.address, $0.certificateName) })
            #expect(seen == [try street.address(1).text: Self.exact, try street.address(5).text: Self.wildcard])
            #expect(findings.sightings.allSatisfy { $0.port == street.port && $0.problem == nil })
        }
    }

    @Test func `of an address that the settings name it is told what is there instead of a reader`() async throws {
        try await Street.open([1: .certificate(["printer.example"]), 2: .slammed, 3: .chatty("hello"), 4: .mute]) { street in
            let findings = await lookout.look(try street.look([1, 2, 3, 5], told: [1, 2, 3, 5]))
            // What stays silent is waited for as long as the look says: for once that is short.
            var short = try street.look([4], told: [4])
            short.answerTime = 200
            short.certificateTime = 0
            let silent = await lookout.look(short)
            var problems: [String: String] = [:]
            for sighting in findings.sightings + silent.sightings { problems[sighting.address] = sighting.problem }
            #expect(problems[try street.address(1).text]?.contains("not a reader's") == true, "\(problems)")
            #expect(problems[try street.address(2).text]?.contains("closed") == true, "\(problems)")
            #expect(problems[try street.address(3).text]?.contains("TLS") == true, "\(problems)")
            #expect(problems[try street.address(4).text]?.contains("in time") == true, "\(problems)")
            #expect(problems[try street.address(5).text]?.contains("refused") == true, "\(problems)")
        }
    }

    @Test func `a look that is given up ends at once, and says what it had looked at`() async throws {
        try await Street.open([1: .certificate([Self.exact]), 2: .mute, 3: .mute]) { street in
            let look = try street.look([1, 2, 3], certificateTime: 600_000)
            let began = ContinuousClock.now
            let findings = await withTaskGroup(of: LANFindings?.self, returning: LANFindings?.self) { group in
                group.addTask { await lookout.look(look) }
                group.addTask {
                    // Stopping is repeated until the look has ended: when it has begun cannot be seen from here.
                    while !Task.isCancelled {
                        let seen = await lookout.look(
                            LANLook(
                                addresses: [look.addresses[0]], port: look.port, perSecond: 10_000, answerTime: 20_000,
                                certificateTime: 20_000))
                        if !seen.sightings.isEmpty { lookout.stop() }
                    }
                    return nil
                }
                var findings: LANFindings?
                while findings == nil, let next = await group.next() { findings = next }
                group.cancelAll()
                return findings
            }
            let looked = try #require(findings).looked
            #expect(looked.isDisjoint(with: [try street.address(2), try street.address(3)]))
            #expect(ContinuousClock.now - began < .seconds(300), "the handshakes that nobody answers were not waited for")
        }
    }

    @Test func `a look whose task is cancelled ends`() async throws {
        try await Street.open([1: .mute]) { street in
            let look = try street.look([1, 1], certificateTime: 600_000)
            let task = Task { await lookout.look(look) }
            task.cancel()
            #expect(await task.value.looked.isEmpty)
        }
    }

    @Test func `connections are spaced out, whoever asks for them`() {
        let pacer = Pacer()
        let now = ContinuousClock.now
        #expect(pacer.slot(perSecond: 100, now: now) == now)
        #expect(pacer.slot(perSecond: 100, now: now) == now + .milliseconds(10))
        #expect(pacer.slot(perSecond: 100, now: now) == now + .milliseconds(20))
        #expect(pacer.slot(perSecond: 1000, now: now) == now + .milliseconds(30))
        #expect(pacer.slot(perSecond: 100, now: now + .seconds(5)) == now + .seconds(5), "time that was not used is not made up for")
        #expect(pacer.slot(perSecond: 0, now: now + .seconds(5)) == now + .seconds(5) + .milliseconds(10))
        #expect(pacer.slot(perSecond: 1, now: now + .seconds(5)) == now + .seconds(6) + .milliseconds(10))
    }

    @Test func `no more than so many connections are begun a second`() async throws {
        try await Street.open([1: .slammed]) { street in
            let look = try street.look(Array(1...40), perSecond: 100)
            let began = ContinuousClock.now
            _ = await lookout.look(look)
            // A lower bound: load can only make it longer.
            #expect(ContinuousClock.now - began >= .milliseconds(390))
        }
    }
}
