import FoundationEssentials
import GatewayModel
import Moments
import Glibc
import MarianaAPI
import TestSupport
import Testing

@Suite struct OAuthTests {
    @Test func `the first call renews, and the next ones use the token`() async throws {
        try await OAuthHarness.run { oauth in
            for _ in 1...3 { _ = try await oauth.status() }
            #expect(oauth.endpoint.refreshes == 1)
            #expect(
                oauth.endpoint.forms == [
                    "grant_type=refresh_token&refresh_token=refresh-0&client_id=id%201&client_secret=client-secret-%261"
                ])
            #expect(try oauth.stored == "refresh-1\n")
        }
    }

    @Test func `the new refresh token's file is the owner's alone, and nothing is left beside it`() async throws {
        try await OAuthHarness.run { oauth in
            _ = try await oauth.status()
            var facts = stat()
            #expect(stat(oauth.folder.path + "/refresh", &facts) == 0)
            #expect(facts.st_mode & 0o7777 == 0o600)
            let names = try FileManager.default.contentsOfDirectory(atPath: oauth.folder.path)
            #expect(Set(names) == ["refresh", "client"])
        }
    }

    @Test func `the new refresh token is on disk before it is used`() async throws {
        try await OAuthHarness.run { oauth in
            _ = try await oauth.status()
            oauth.endpoint.change { $0.access = [] }
            // The next renewal is held at the endpoint: by then the file must hold what it was asked with.
            oauth.endpoint.gate.close()
            async let next = oauth.status()
            _ = try await oauth.harness.server.received(atLeast: 4)
            #expect(oauth.harness.server.received[3].body.contains("refresh_token=refresh-1&"))
            #expect(try oauth.stored == "refresh-1\n")
            oauth.endpoint.gate.open()
            _ = try await next
            #expect(try oauth.stored == "refresh-2\n")
        }
    }

    @Test func `a 401 renews once and repeats the call once`() async throws {
        try await OAuthHarness.run { oauth in
            _ = try await oauth.status()
            oauth.endpoint.change { $0.access = [] }
            let found = try await oauth.status()
            #expect(found == .open)
            #expect(oauth.endpoint.refreshes == 2)
            // Renewal, call; 401, renewal, call.
            #expect(oauth.harness.server.received.count == 5)
        }
    }

    @Test func `a fresh token that is refused is not followed by another`() async throws {
        try await OAuthHarness.run { oauth in
            oauth.endpoint.plan(.answer(#"{"access_token": "unknown-1", "refresh_token": "refresh-0"}"#))
            for _ in 1...3 {
                let failed = try await oauth.failedStatus()
                #expect(failed.isUnauthorized)
                #expect(failed.detail.contains("log in to the backend again"))
            }
            #expect(oauth.endpoint.refreshes == 1)
        }
    }

    @Test func `many calls share one renewal`() async throws {
        try await OAuthHarness.run { oauth in
            oauth.endpoint.gate.close()
            try await withThrowingTaskGroup(of: CartStatus.self) { group in
                for _ in 1...20 { group.addTask { try await oauth.status() } }
                _ = try await oauth.harness.server.received(atLeast: 1)
                oauth.endpoint.gate.open()
                for try await status in group { #expect(status == .open) }
            }
            #expect(oauth.endpoint.refreshes == 1)
        }
    }

    @Test func `who gives up waiting does not end the renewal`() async throws {
        try await OAuthHarness.run { oauth in
            oauth.endpoint.gate.close()
            let impatient = try await oauth.failedStatus(deadline: .milliseconds(200))
            #expect(impatient.mayHaveActed == false)
            #expect(impatient.detail.contains("in time"))
            let canceled = Task { try await oauth.failedStatus() }
            canceled.cancel()
            let givenUp = try await canceled.value
            #expect(givenUp.mayHaveActed == false)
            oauth.endpoint.gate.open()
            let found = try await oauth.status()
            #expect(found == .open)
            #expect(oauth.endpoint.refreshes == 1)
            #expect(try oauth.stored == "refresh-1\n")
        }
    }

    @Test(arguments: [("3600", 3539), ("\"3600\"", 3539), ("8", 5)])
    func `a token is renewed shortly before its end`(lifetime: String, lastSecond: Int) async throws {
        try await OAuthHarness.run { oauth in
            oauth.endpoint.change { $0.lifetime = lifetime }
            _ = try await oauth.status()
            oauth.clock.advance(by: .seconds(lastSecond))
            _ = try await oauth.status()
            #expect(oauth.endpoint.refreshes == 1)
            oauth.clock.advance(by: .seconds(2))
            _ = try await oauth.status()
            #expect(oauth.endpoint.refreshes == 2)
            // No call had to meet a 401 for it.
            #expect(oauth.harness.server.received.count == 5)
        }
    }

    @Test func `a renewal ahead of time that fails leaves the token in use`() async throws {
        try await OAuthHarness.run { oauth in
            oauth.endpoint.change { $0.lifetime = "3600" }
            _ = try await oauth.status()
            oauth.clock.advance(by: .seconds(3550))
            oauth.endpoint.plan(.status(503, "later"), .status(503, "later"))
            // The second call does not ask again: a pause follows the failure.
            for _ in 1...2 {
                let found = try await oauth.status()
                #expect(found == .open)
            }
            #expect(oauth.endpoint.refreshes == 2)
            oauth.clock.advance(by: .seconds(100))
            let failed = try await oauth.failedStatus()
            #expect(failed.mayHaveActed == false)
            #expect(oauth.endpoint.refreshes == 3)
        }
    }

    @Test func `a token without an end is kept until a 401`() async throws {
        try await OAuthHarness.run { oauth in
            for lifetime in [nil, "0", "-5", "\"soon\"", "99999999999999999"] {
                oauth.endpoint.change { state in
                    state.lifetime = lifetime
                    state.access = []
                }
                let before = oauth.endpoint.refreshes
                for _ in 1...2 { _ = try await oauth.status() }
                #expect(oauth.endpoint.refreshes == before + 1)
            }
        }
    }
}
