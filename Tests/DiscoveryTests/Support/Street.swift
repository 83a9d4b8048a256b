import GatewayModel
import Moments
import NIOCore
import NIOPosix
import NIOSSL
import StoreSimulator
import Testing

@testable import Discovery

/// Some neighbouring loopback addresses, with something behind each that a sweep can meet.
final class Street: Sendable {
    let port: Int
    private let prefix: String
    private let servers: [any Channel]

    enum House: Sendable {
        /// TLS with a certificate of these names, by the authority that the shop trusts.
        case certificate([String])
        /// The same by somebody's own.
        case forged([String])
        /// Accepts, and says nothing.
        case mute
        /// Accepts, and hangs up.
        case slammed
        /// Accepts, and says something that is no TLS.
        case chatty(String)
    }

    /// Opens a server at `prefix.number` for each house, all on one port; lets the body work, and closes them.
    static func open(_ houses: [Int: House], _ body: (Street) async throws -> Void) async throws {
        let prefix = "127.\(Int.random(in: 16...250)).\(Int.random(in: 1...250))"
        let authority = try trusted()
        var servers: [any Channel] = []
        var port = 0
        do {
            for (number, house) in houses.sorted(by: { $0.key < $1.key }) {
                let server = try await serve(house, authority).bind(host: "\(prefix).\(number)", port: port).get()
                servers.append(server)
                port = server.localAddress?.port ?? port
            }
            try await body(Street(prefix: prefix, port: port, servers: servers))
        } catch {
            for server in servers { try await server.close() }
            throw error
        }
        for server in servers { try await server.close() }
    }

    private static let made = Result { try CertificateAuthority() }

    /// Whom the shop trusts: one for all tests.
    static func trusted() throws -> CertificateAuthority { try made.get() }

    private init(prefix: String, port: Int, servers: [any Channel]) {
        self.prefix = prefix
        self.port = port
        self.servers = servers
    }

    private static func serve(_ house: House, _ authority: CertificateAuthority) throws -> ServerBootstrap {
        let context: NIOSSLContext? =
            switch house {
            case .certificate(let names): try authority.issue(names: names).serverContext()
            case .forged(let names): try CertificateAuthority().issue(names: names).serverContext()
            case .mute, .slammed, .chatty: nil
            }
        return ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    switch house {
                    case .certificate, .forged:
                        if let context { try channel.pipeline.syncOperations.addHandler(NIOSSLServerHandler(context: context)) }
                    case .mute: break
                    case .slammed: channel.close(promise: nil)
                    case .chatty(let words): channel.writeAndFlush(ByteBuffer(string: words), promise: nil)
                    }
                }
            }
    }

    func address(_ number: Int) throws -> PrivateAddress { try PrivateAddress("\(prefix).\(number)") }

    /// A look at these numbers.
    func look(_ numbers: [Int], told: [Int] = [], perSecond: Int = 10_000, certificateTime: Int64 = 20_000) throws -> LANLook {
        LANLook(
            addresses: try numbers.map { try address($0) }, told: Set(try told.map { try address($0) }), port: port, perSecond: perSecond,
            answerTime: 20_000, certificateTime: certificateTime)
    }
}
