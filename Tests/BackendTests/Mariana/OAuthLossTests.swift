import FoundationEssentials
import GatewayModel
import Moments
import Glibc
import MarianaAPI
import TestSupport
import Testing
import WebCall

/// What can go wrong around a refresh token that may be spent by one use.
@Suite struct OAuthLossTests {
    @Test func `after a lost answer the old refresh token is tried once more`() async throws {
        try await OAuthHarness.run { oauth in
            oauth.endpoint.plan(.cut)
            let found = try await oauth.status()
            #expect(found == .open)
            #expect(oauth.endpoint.refreshes == 2)
            #expect(oauth.endpoint.forms.allSatisfy { $0.contains("refresh_token=refresh-0&") })
        }
    }

    @Test func `a refresh token that was spent by a lost answer is refused for good, until the file changes`() async throws {
        try await OAuthHarness.run { oauth in
            oauth.endpoint.plan(.spendAndCut)
            for _ in 1...3 {
                let failed = try await oauth.failedStatus()
                #expect(failed.isUnauthorized)
                #expect(failed.detail.contains("invalid_grant"))
                #expect(failed.detail.contains("the answer to the renewal before was lost"))
                #expect(failed.detail.contains("put the new refresh token into \(oauth.folder.path)/refresh"))
            }
            // Lost, and once more; then nobody is asked any more.
            #expect(oauth.endpoint.refreshes == 2)
            #expect(await oauth.credential.changedSinceRefusal() == false)

            try oauth.folder.write("refresh", "refresh-1")
            #expect(await oauth.credential.changedSinceRefusal())
            let found = try await oauth.status()
            #expect(found == .open)
            #expect(await oauth.credential.changedSinceRefusal() == false)
        }
    }

    @Test func `answers that were lost twice leave the matter open`() async throws {
        try await OAuthHarness.run { oauth in
            oauth.endpoint.plan(.cut, .answer("<html>"))
            let failed = try await oauth.failedStatus()
            #expect(failed.mayHaveActed == false)
            #expect(try oauth.stored == "refresh-0\n")
            let found = try await oauth.status()
            #expect(found == .open)
        }
    }

    @Test(arguments: [302, 403, 404, 429, 500, 503])
    func `a backend that cannot now is asked again by the next call`(status: Int) async throws {
        try await OAuthHarness.run { oauth in
            oauth.endpoint.plan(.status(status, "busy refresh-0 client-secret-&1"))
            let failed = try await oauth.failedStatus()
            #expect(failed.mayHaveActed == false)
            #expect(failed.detail == "o/token: \(oauth.harness.base.place) answered \(status): busy <redacted> <redacted>")
            #expect(oauth.endpoint.refreshes == 1)
            let found = try await oauth.status()
            #expect(found == .open)
        }
    }

    @Test(arguments: [#"{"expires_in": 5}"#, #"{"access_token": ""}"#, #"{"access_token": "two words"}"#, "[]", ""])
    func `a grant without a token counts as lost`(answer: String) async throws {
        try await OAuthHarness.run { oauth in
            oauth.endpoint.plan(.answer(answer), .answer(answer))
            let failed = try await oauth.failedStatus()
            #expect(failed.mayHaveActed == false)
            #expect(oauth.endpoint.refreshes == 2)
        }
    }

    @Test func `a refresh token that is not replaced stays`() async throws {
        try await OAuthHarness.run { oauth in
            oauth.endpoint.change { $0.access = ["only-1"] }
            oauth.endpoint.plan(.answer(#"{"access_token": "only-1", "refresh_token": null}"#))
            let found = try await oauth.status()
            #expect(found == .open)
            #expect(try oauth.stored == "refresh-0\n")
        }
    }

    @Test func `where a new refresh token could not be kept none is asked for`() async throws {
        try await OAuthHarness.run { oauth in
            // A directory in the place of the new version: nothing can be written there, not even by root.
            let place = oauth.folder.path + "/refresh.new"
            try FileManager.default.createDirectory(atPath: place, withIntermediateDirectories: false)
            let failed = try await oauth.failedStatus()
            #expect(failed.isUnauthorized)
            #expect(failed.detail.contains("a new refresh token could not be kept, so none was asked for"))
            #expect(oauth.endpoint.refreshes == 0)
            try FileManager.default.removeItem(atPath: place)
            let found = try await oauth.status()
            #expect(found == .open)
        }
    }

    @Test func `a refresh token that could not be saved is saved before it is used`() async throws {
        try await OAuthHarness.run { oauth in
            // While the renewal is under way its place is taken away: what comes cannot be moved into the file.
            oauth.endpoint.gate.close()
            async let first = oauth.status()
            _ = try await oauth.harness.server.received(atLeast: 1)
            #expect(unlink(oauth.folder.path + "/refresh.new") == 0)
            oauth.endpoint.gate.open()
            let found = try await first
            #expect(found == .open)
            #expect(try oauth.stored == "refresh-0\n")

            oauth.endpoint.change { $0.access = [] }
            oauth.endpoint.gate.close()
            async let second = oauth.status()
            _ = try await oauth.harness.server.received(atLeast: 4)
            #expect(try oauth.stored == "refresh-1\n")
            #expect(oauth.harness.server.received[3].body.contains("refresh_token=refresh-1&"))
            oauth.endpoint.gate.open()
            _ = try await second
            #expect(try oauth.stored == "refresh-2\n")
        }
    }

    @Test func `a refresh token that was put there meanwhile is not overwritten`() async throws {
        try await OAuthHarness.run { oauth in
            oauth.endpoint.gate.close()
            async let first = oauth.status()
            _ = try await oauth.harness.server.received(atLeast: 1)
            try oauth.folder.write("refresh", "from the operator".filter { $0 != " " })
            oauth.endpoint.gate.open()
            _ = try await first
            #expect(try oauth.stored == "fromtheoperator")
        }
    }

    @Test func `a link to the file stays a link`() async throws {
        try await OAuthHarness.run { oauth in
            let path = oauth.folder.path
            #expect(rename(path + "/refresh", path + "/kept") == 0)
            #expect(symlink(path + "/kept", path + "/refresh") == 0)
            _ = try await oauth.status()
            #expect(try oauth.folder.read("kept") == "refresh-1\n")
            var facts = stat()
            #expect(lstat(path + "/refresh", &facts) == 0)
            #expect(facts.st_mode & S_IFMT == S_IFLNK)
        }
    }

    @Test func `missing files are named`() async throws {
        try await OAuthHarness.run { oauth in
            #expect(unlink(oauth.folder.path + "/client") == 0)
            let client = try await oauth.failedStatus()
            #expect(
                client
                    == .unauthorized(
                        detail: TransportWords.noToken + "\(oauth.folder.path)/client does not exist: put the OAuth client secret there"))
            try oauth.folder.write("client", "x")
            #expect(unlink(oauth.folder.path + "/refresh") == 0)
            let refresh = try await oauth.failedStatus()
            #expect(
                refresh
                    == .unauthorized(
                        detail: TransportWords.noToken + "\(oauth.folder.path)/refresh does not exist: put the OAuth refresh token there"))
            #expect(oauth.endpoint.refreshes == 0)
        }
    }

    @Test func `a reload lets go of a token whose file was replaced, and of no other`() async throws {
        try await OAuthHarness.run { oauth in
            _ = try await oauth.status()
            await oauth.credential.reload()
            _ = try await oauth.status()
            #expect(oauth.endpoint.refreshes == 1)
            oauth.endpoint.change { $0.current = "refresh-new" }
            try oauth.folder.write("refresh", "refresh-new")
            await oauth.credential.reload()
            _ = try await oauth.status()
            #expect(oauth.endpoint.refreshes == 2)
            #expect(oauth.endpoint.forms.last?.contains("refresh_token=refresh-new&") == true)
        }
    }

    @Test func `a refusal can be looked past by a reload`() async throws {
        try await OAuthHarness.run { oauth in
            oauth.endpoint.plan(.status(401, #"{"error": "invalid_client"}"#))
            let failed = try await oauth.failedStatus()
            #expect(failed.isUnauthorized)
            await oauth.credential.reload()
            let found = try await oauth.status()
            #expect(found == .open)
        }
    }
}
