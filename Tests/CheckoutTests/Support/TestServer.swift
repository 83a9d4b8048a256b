import CheckoutAPI
import CheckoutServer
import Foundation
import Glibc
import Logging
import TestSupport
import Testing

/// A server on a socket of its own, with the fake service behind it.
struct TestServer: Sendable {
    let path: String
    let service: FakeService
    let server: CheckoutSocketServer
    /// Counts when `run()` has returned.
    let finished: EventCounter

    /// A client that is connected.
    func connect() async throws -> RawConnection { try await RawConnection.open(path) }

    /// Sends one whole request on a connection of its own and reads the answer.
    func ask(_ text: String) async throws -> RawAnswer {
        let connection = try await connect()
        defer { connection.close() }
        try await connection.send(text)
        return try await connection.answer()
    }

    func get(_ target: String) async throws -> RawAnswer { try await ask("GET \(target) HTTP/1.1\r\nHost: x\r\n\r\n") }

    func send(_ method: String, _ target: String, _ body: String, type: String = "application/json") async throws -> RawAnswer {
        let head = "\(method) \(target) HTTP/1.1\r\nHost: x\r\nContent-Type: \(type)\r\nContent-Length: \(body.utf8.count)\r\n\r\n"
        return try await ask(head + body)
    }
}

/// The user that runs the tests has this role, and no other user has any.
func policy(_ role: Role?) -> RolePolicy {
    let members: [Role: RolePolicy.Members] =
        if let role { [role: RolePolicy.Members(users: [getuid()])] } else { [:] }
    return RolePolicy(members: members, daemonUser: .max, superuser: .max)
}

/// Runs a server around `body`, then stops it.
func withServer(
    role: Role? = .technician, limits: ServerLimits = ServerLimits(), service: FakeService = FakeService(),
    policy override: RolePolicy? = nil,
    _ body: @escaping @Sendable (TestServer) async throws -> Void
) async throws {
    try await withTemporaryDirectory { directory in
        let path = directory + "/checkout.sock"
        let server = CheckoutSocketServer(
            configuration: CheckoutSocketServer.Configuration(socket: .path(path), version: "1.2.3", limits: limits),
            policy: override ?? policy(role), service: service, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        let listening = EventCounter()
        let finished = EventCounter()
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                defer { finished.add() }
                try await server.run { listening.add() }
            }
            group.addTask {
                defer { server.stop() }
                try #require(await listening.reaches(1))
                try await body(TestServer(path: path, service: service, server: server, finished: finished))
            }
            do {
                try await group.waitForAll()
            } catch {
                server.stop()
                throw error
            }
        }
    }
}

/// A directory of the test's own, for the length of `body`.
func withTemporaryDirectory(_ body: (String) async throws -> Void) async throws {
    let directory = try TemporaryDirectory()
    defer { withExtendedLifetime(directory) {} }
    try await body(directory.path)
}
