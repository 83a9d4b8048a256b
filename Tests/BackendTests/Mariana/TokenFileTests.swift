import GatewayModel
import Moments
import MarianaAPI
import NIOHTTP1
import TestSupport
import Testing

@Suite struct TokenFileTests {
    /// A client whose token comes from a file, against a backend that takes one token.
    private func run(
        _ good: String, _ body: (MarianaClient, TokenFileCredential, Harness) async throws -> Void
    ) async throws {
        try await Harness.run(script: {
            $0.headers.first(name: "authorization") == "Bearer \(good)"
                ? .answer(200, #"{"status": "Open"}"#) : .answer(401, "no")
        }) { harness in
            let credential = TokenFileCredential(path: harness.folder.path + "/token")
            try await body(MarianaClient(base: harness.base, credential: credential, web: harness.web), credential, harness)
        }
    }

    private func status(_ client: MarianaClient) async throws(CallFailure) -> CartStatus {
        try await client.paymentStatus(cart: CartID(unchecked: "1"), trace: "pay-1.7", deadline: .seconds(300))
    }

    @Test func `white space around the token does not count`() async throws {
        try await run("good-token") { client, _, harness in
            try harness.folder.write("token", "\u{feff}  good-token \r\n\n")
            let found = try await status(client)
            #expect(found == .open)
        }
    }

    @Test func `a changed file is read again without a 401`() async throws {
        try await run("good-token") { client, _, harness in
            try harness.folder.write("token", "old-token")
            let failed = try await failure { () async throws(CallFailure) in try await status(client) }
            #expect(failed.isUnauthorized)
            #expect(failed.detail.contains(harness.folder.path + "/token"))
            // A single 401 is asked once more before the credential is called refused.
            #expect(harness.server.received.count == 2)
            try harness.folder.write("token", "good-token")
            let found = try await status(client)
            #expect(found == .open)
            #expect(harness.server.received.count == 3)
        }
    }

    @Test func `a 401 is answered with the token that is in the file by then`() async throws {
        // The file changes between the call and its answer.
        let folder = try TemporaryDirectory()
        try await Harness.run(script: { received in
            if received.headers.first(name: "authorization") == "Bearer new-token" { return .answer(200, #"{"status": "Open"}"#) }
            do {
                try folder.write("token", "new-token")
            } catch {
                Issue.record(error)
            }
            return .answer(401, "old")
        }) { harness in
            try folder.write("token", "old-token")
            let client = MarianaClient(base: harness.base, credential: TokenFileCredential(path: folder.path + "/token"), web: harness.web)
            let found = try await status(client)
            #expect(found == .open)
            #expect(harness.server.received.count == 2)
        }
        try folder.remove()
    }

    @Test func `a refused token that changes is worth another look`() async throws {
        try await run("good-token") { client, credential, harness in
            try harness.folder.write("token", "old-token")
            #expect(await credential.changedSinceRefusal() == false)
            _ = try await failure { () async throws(CallFailure) in try await status(client) }
            #expect(await credential.changedSinceRefusal() == false)
            try harness.folder.write("token", "good-token")
            #expect(await credential.changedSinceRefusal())
            _ = try await status(client)
            #expect(await credential.changedSinceRefusal() == false)
        }
    }

    @Test func `a file that cannot serve is named with the remedy`() async throws {
        try await run("good-token") { client, _, harness in
            let file = harness.folder.path + "/token"
            func detail() async throws -> String {
                let failed = try await failure { () async throws(CallFailure) in try await status(client) }
                #expect(failed.isUnauthorized)
                #expect(failed.detail.hasPrefix(TransportWords.noToken + file))
                return failed.detail
            }
            #expect(try await detail().contains("does not exist: put the backend's access token there"))
            try harness.folder.write("token", " \n")
            #expect(try await detail().contains("is empty"))
            try harness.folder.write("token", "two tokens")
            #expect(try await detail().contains("one line of printable characters without spaces"))
            try harness.folder.write("token", "a\u{0}b")
            #expect(try await detail().contains("one line of printable characters without spaces"))
            try harness.folder.write("token", String(repeating: "x", count: 70_000))
            #expect(try await detail().contains("too long"))
            try harness.folder.write("token", "good-token", mode: 0o644)
            #expect(try await detail().contains("chmod 0600"))
            #expect(harness.server.received.isEmpty)
            // A systemd credential may be open to its group.
            try harness.folder.write("token", "good-token", mode: 0o440)
            let found = try await status(client)
            #expect(found == .open)
        }
    }

    @Test func `a directory in the file's place is named`() async throws {
        let folder = try TemporaryDirectory()
        let credential = TokenFileCredential(path: folder.path)
        let failed = try await failure { () async throws(CallFailure) in try await credential.token(until: .now) }
        #expect(failed.detail.contains("is not a file"))
        try folder.remove()
    }
}
