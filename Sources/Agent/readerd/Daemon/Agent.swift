import CLinuxSocket
import CheckoutAPI
import CheckoutServer
import Discovery
import FoundationEssentials
import Gateway
import GatewayCore
import GatewayModel
import Moments
import Glibc
import Journal
import Logging
import MarianaAPI
import ReaderLinks
import ReaderRPC
import Recording
import ServiceLifecycle
import StripeAPI
import UnixSignals
import WebCall

/// Why the agent could not start, in one sentence with what to do.
struct StartFailure: Error, CustomStringConvertible {
    var description: String
    /// The exit code of sysexits: 78 settings, 75 another owner, 73 cannot create, 70 anything else.
    var exitCode: Int32
}

/// Puts the parts together and runs them until a signal ends it.
enum Agent {
    static func run(_ loaded: LoadedSettings, source: SettingsSource, record: String?) async throws {
        let settings = loaded.settings
        signal(SIGPIPE, SIG_IGN)
        let format: AgentLog.Format = settings.log.format == .json ? .json : .text
        let environment = ProcessInfo.processInfo.environment
        let outlet = AgentLog.Outlet.chosen(format, environment: environment)
        LoggingSystem.bootstrap { _ in AgentLog(level: settings.log.level, format: format, outlet: outlet) }
        let logger = Logger(label: "readerd")
        let refused = readerd_forbid_core_files()
        if refused != 0 { logger.warning("core files could not be forbidden (errno \(refused)); memory holds secrets") }
        for warning in loaded.warnings { logger.warning("\(warning)") }

        let manager = serviceManager(environment, logger)
        let trial = try StartTrial(settings)
        for problem in trial.problems { logger.error("\(problem)") }
        let journal = try openJournal(settings, logger)
        let recorder = try recorder(record, settings, logger)
        let tap = TrialTap(directory: settings.stateDirectory + "/trials", about: about(settings))
        let web = try webClient(settings, recorder, tap)
        let credential = try makeCredential(settings, web: web)
        let tls = try tls(settings)
        let lan = LANLink(tls: tls)
        let edges = Edges(
            journal: journal, backend: MarianaClient(base: settings.backend.base, credential: credential, web: web), credential: credential,
            stripe: StripeClient(base: settings.stripe, web: web), lan: lan, usb: USBLink(tls: tls), lookout: LANLookout(link: lan),
            identity: try identity(settings), location: settings.location,
            observeReader: { id, exchange in
                recorder?.readerObserver(id, exchange)
                tap.readerObserver(id, exchange)
            }, trialTap: tap)
        let engine = Engine(edges: edges, policy: settings.policy, seed: UInt64.random(in: 0 ... .max), logger: logger)
        let service = GatewayService(
            engine: engine,
            about: AgentFacts(
                version: ReaderdVersion.current, location: settings.location, startedAt: BoxClock().now().wall,
                backendTimeout: settings.timeouts.backend.duration),
            checkup: checkup(settings, source: source, edges: edges, web: web))
        let listener = socket(settings, group: trial.socketGroup)
        let server = CheckoutSocketServer(
            configuration: .init(socket: listener, version: ReaderdVersion.current), policy: trial.roles, service: service,
            logger: logger)
        let daemon = Daemon(
            engine: engine, server: server, socketPath: listener.path, journal: journal, credential: credential, settings: settings,
            source: source, manager: manager, logger: logger)
        let group = ServiceGroup(
            configuration: .init(
                services: [.init(service: daemon, successTerminationBehavior: .gracefullyShutdownGroup)],
                gracefulShutdownSignals: [.sigterm, .sigint],
                logger: Logger(label: "readerd.lifecycle") { _ in AgentLog(level: .error, format: format, outlet: outlet) }))
        var failure: (any Error)?
        do {
            try await group.run()
        } catch is CancellationError {
            // A cancelled service ends so; what it was cancelled for has been done.
        } catch {
            failure = error
        }
        await credential.shutdown()
        await web.shutdown()
        do throws(JournalFailure) {
            try journal.close()
        } catch {
            logger.error("the journal could not be closed: \(error)")
        }
        if let listen = failure as? ListenFailure {
            throw StartFailure(description: listen.description, exitCode: 75)
        }
        if let failure { throw StartFailure(description: "\(failure)", exitCode: 70) }
        logger.notice("readerd has stopped")
    }

    /// A manager that cannot be told is no reason not to take payments.
    private static func serviceManager(_ environment: [String: String], _ logger: Logger) -> ServiceManager? {
        do throws(ServiceManager.Failure) {
            return try ServiceManager.from(environment: environment)
        } catch {
            logger.warning("\(error)")
            return nil
        }
    }

    private static func socket(_ settings: Settings, group: UInt32?) -> SocketSource {
        SocketSource.activated(environment: ProcessInfo.processInfo.environment)
            ?? .path(settings.socket.path, mode: UInt16(truncatingIfNeeded: settings.socket.mode), group: group)
    }

    /// A damaged journal is set aside, whole, and a new one begun: the shop is told, and no payment is accepted until a technician agrees.
    private static func openJournal(_ settings: Settings, _ logger: Logger) throws(StartFailure) -> JournalStore {
        let path = settings.stateDirectory + "/journal.sqlite"
        do throws(JournalFailure) {
            do throws(JournalFailure) {
                let journal = try JournalStore(path: path)
                try journal.noteLosses()
                return journal
            } catch .corrupt(let detail) {
                let kept = try JournalStore.setAside(path)
                logger.error(
                    "the payment journal is damaged (\(detail)); it was set aside, whole, as \(kept). Keep it: what was paid before stands only there"
                )
                let journal = try JournalStore(path: path)
                try journal.noteLosses()
                return journal
            }
        } catch {
            let code: Int32 = if case .locked = error { 75 } else { 73 }
            throw StartFailure(description: error.description, exitCode: code)
        }
    }

    private static func recorder(_ path: String?, _ settings: Settings, _ logger: Logger) throws(StartFailure) -> Recorder? {
        guard let path else { return nil }
        do throws(Recorder.Problem) {
            let recorder = try Recorder(path: path, about: about(settings)) { logger.warning("\($0)") }
            logger.notice("every message with readers, the backend and Stripe is recorded, secrets and card data taken out, in \(path)")
            return recorder
        } catch {
            throw StartFailure(description: error.description, exitCode: 73)
        }
    }

    private static func about(_ settings: Settings) -> Recorder.About {
        Recorder.About(
            version: ReaderdVersion.current, location: settings.location, backend: settings.backend.base, stripe: settings.stripe,
            readerPort: settings.lan.port,
            lanes: Dictionary(settings.lanes.map { ($0.key.text, $0.value) }, uniquingKeysWith: { first, _ in first }))
    }

    private static func webClient(_ settings: Settings, _ recorder: Recorder?, _ tap: TrialTap) throws(StartFailure) -> WebClient {
        do throws(TrustRoots.Problem) {
            return try WebClient(
                trustRoots: settings.trustRoots, connectTimeout: settings.timeouts.connect.duration,
                observe: { exchange in
                    recorder?.webObserver(exchange)
                    tap.webObserver(exchange)
                })
        } catch {
            throw StartFailure(description: error.description, exitCode: 78)
        }
    }

    private static func tls(_ settings: Settings) throws(StartFailure) -> TLSClient {
        do {
            return try TLSClient(roots: settings.trustRoots)
        } catch {
            throw StartFailure(description: "\(error)", exitCode: 78)
        }
    }

    private static func identity(_ settings: Settings) throws(StartFailure) -> ReaderIdentity {
        do throws(DeviceID.Failure) {
            return ReaderIdentity(
                deviceID: try DeviceID.load(.payments, in: settings.stateDirectory),
                provingDeviceID: try DeviceID.load(.proofs, in: settings.stateDirectory), product: "readerd",
                productVersion: ReaderdVersion.current,
                claims: .init(
                    clientType: settings.readerProtocol.clientType, clientVersion: settings.readerProtocol.clientVersion,
                    sendsTransactionContext: settings.readerProtocol.sendsTransactionContext))
        } catch {
            throw StartFailure(description: error.description, exitCode: 73)
        }
    }

    private static func makeCredential(_ settings: Settings, web: WebClient) throws(StartFailure) -> any BackendCredential {
        switch settings.backend.credential {
        case .tokenFile(let path): return TokenFileCredential(path: path)
        case .oauth(let oauth):
            do throws(WebBase.Problem) {
                return OAuthCredential(
                    settings: try OAuthSettings(
                        tokenURL: oauth.tokenURL, clientID: oauth.clientID, clientSecretFile: oauth.clientSecretFile,
                        refreshTokenFile: oauth.refreshTokenFile, timeLimit: settings.timeouts.backend.duration), web: web)
            } catch {
                throw StartFailure(description: "backend.oauth.token_url: \(error)", exitCode: 78)
            }
        }
    }
}

extension Settings {
    /// What the middle decides by.
    var policy: GatewayPolicy {
        var policy = GatewayPolicy()
        policy.eagerCollect = payment.eagerCollect
        policy.queueTimeout = payment.queueTimeout.milliseconds
        policy.backendTimeout = timeouts.backend.milliseconds
        policy.stripeTimeout = timeouts.stripe.milliseconds
        policy.readerTimeout = timeouts.reader.milliseconds
        policy.confirmTimeout = timeouts.confirm.milliseconds
        policy.tokenAge = timeouts.tokenAge.milliseconds
        policy.statusPatience = timeouts.status.milliseconds
        policy.authorizationWindow = timeouts.authorizationWindow.milliseconds
        policy.defaultCardTimeout = payment.timeoutSeconds
        policy.lanPort = lan.port
        policy.lanSweep = lan.sweep
        policy.lanSubnets = lan.subnets
        policy.lanAddresses = lan.addresses
        policy.usbLooks = usb.enabled
        policy.usbExclude = usb.exclude
        policy.heartbeatInterval = readerProtocol.heartbeat.milliseconds
        policy.registrationTimeout = timeouts.registration.milliseconds
        policy.readerLabels = readerLabels
        policy.maintenanceCart = maintenanceCart
        policy.lanes = lanes
        return policy
    }
}
