internal import Synchronization

internal import Dispatch
internal import Discovery
internal import GatewayCore
internal import GatewayModel
import Moments
internal import Journal
internal import Logging
internal import MarianaAPI
internal import ReaderRPC
internal import StripeAPI
internal import WebCall

extension Engine {
    /// Carries out one call. It always comes back: every edge keeps to its deadline.
    nonisolated func execute(_ call: Call, timeout: Int64, trace: String, urgency: Urgency) async -> Answer {
        let (deadline, backend, stripe) = (Duration.milliseconds(timeout), edges.backend.with(urgency), edges.stripe.with(urgency))
        switch call {
        case .configuration(let cart):
            let configuration = await outcome { () async throws(CallFailure) in
                try await backend.configuration(cart: cart, trace: trace, deadline: deadline)
            }
            if case .success(let told) = configuration, let location = told.stripeLocation { stripeLocation.withLock { $0 = location } }
            return .configuration(configuration)
        case .connectionToken(let cart):
            return .connectionToken(
                await outcome { () async throws(CallFailure) in
                    try await backend.connectionToken(cart: cart, trace: trace, deadline: deadline)
                })
        case .paymentIntent(let cart, let amount, let balance, let type):
            return .paymentIntent(
                await outcome { () async throws(CallFailure) in
                    try await backend.paymentIntent(
                        cart: cart, amount: amount, accountBalance: balance, type: type, trace: trace, deadline: deadline)
                })
        case .paymentStatus(let cart):
            return .paymentStatus(
                await outcome { () async throws(CallFailure) in
                    try await backend.paymentStatus(cart: cart, trace: trace, deadline: deadline)
                })
        case .setupIntent(let user):
            return .setupIntent(
                await outcome { () async throws(CallFailure) in
                    try await backend.setupIntent(user: user, method: .terminal, trace: trace, deadline: deadline)
                })
        case .storeCard(let request, let method):
            return .storedCard(
                await outcome { () async throws(CallFailure) in
                    try await backend.storePaymentMethod(
                        partner: request.partner, paymentMethod: method, postalCode: request.postalCode, user: request.user,
                        name: request.name, trace: trace, deadline: deadline)
                })
        case .backendReaders: return .backendReaders(await terminals(nil, backend, trace, deadline))
        case .terminals(let location): return .backendReaders(await terminals(location, backend, trace, deadline))
        case .registerTerminal(let location, let code, let label):
            return .terminalChanged(await registered(location, code, label, backend, trace, deadline))
        case .updateTerminal(let id, let label):
            return .terminalChanged(
                await outcome { () async throws(CallFailure) in
                    try await backend.updateTerminal(id: id, label: label, trace: trace, deadline: deadline)
                })
        case .deregisterTerminal(let id):
            return .terminalChanged(
                await outcome { () async throws(CallFailure) in
                    try await backend.deregisterTerminal(id: id, trace: trace, deadline: deadline)
                })
        case .stripeReaders(let token):
            return .stripeReaders(
                await outcome { () async throws(CallFailure) in
                    try await stripe.listReaders(
                        token: token, location: self.stripeLocation.withLock { $0 }, trace: trace, deadline: deadline)
                })
        case .readIntent(let id, let key, let secret):
            return .intent(
                await outcome { () async throws(CallFailure) in
                    try await stripe.readIntent(id: id, key: key, secret: secret, trace: trace, deadline: deadline)
                })
        case .reader(let id, let route, let command, let session):
            return .reader(await carryOut(command, at: id, by: route, session: session, trace: trace, deadline: deadline))
        case .append(let entries): return .append(await journal(entries))
        case .networks: return .networks(looked { () throws(LookTrouble) in try LocalNetworks.read() })
        case .lookAtLAN(let look): return .lookedAtLAN(await edges.lookout.look(look))
        case .lookAtUSB: return .lookedAtUSB(looked { () throws(LookTrouble) in try USBScan.now() })
        }
    }

    /// - Parameter location: nil: this box's own.
    private nonisolated func terminals(
        _ location: String?, _ backend: MarianaClient, _ trace: String, _ deadline: Duration
    ) async -> Result<[BackendReader], CallFailure> {
        await outcome { () async throws(CallFailure) in
            try await backend.terminalReaders(location: location ?? self.edges.location, trace: trace, deadline: deadline)
        }
    }

    private nonisolated func registered(
        _ location: String?, _ code: RegistrationCode, _ label: String, _ backend: MarianaClient, _ trace: String, _ deadline: Duration
    ) async -> Result<Void, CallFailure> {
        await outcome { () async throws(CallFailure) in
            try await backend.registerTerminal(
                location: location ?? self.edges.location, code: code.secret.reveal(), label: label, trace: trace, deadline: deadline)
        }
    }

    private nonisolated func looked<Found: Sendable>(_ body: () throws(LookTrouble) -> Found) -> Result<Found, LookTrouble> {
        do throws(LookTrouble) {
            return .success(try body())
        } catch {
            return .failure(error)
        }
    }

    private nonisolated func carryOut(
        _ command: ReaderCommand, at reader: ReaderID, by route: ReaderRoute, session: SessionToken?, trace: String, deadline: Duration
    ) async -> Result<ReaderReply, ReaderFailure> {
        let client = await readers.client(for: reader, at: route)
        do throws(ReaderFailure) {
            return .success(try await client.carryOut(command, session: session, trace: trace, timeout: deadline))
        } catch {
            return .failure(error)
        }
    }

    private nonisolated func outcome<Value: Sendable>(
        _ body: () async throws(CallFailure) -> Value
    ) async -> Result<Value, CallFailure> {
        do throws(CallFailure) {
            return .success(try await body())
        } catch {
            return .failure(error)
        }
    }

    /// Returns when it is on the disk. A disk that takes its time holds up payments, so that is said.
    private nonisolated func journal(_ entries: [JournalEntry]) async -> Result<Void, JournalTrouble> {
        let begun = ContinuousClock.now
        let result = await withCheckedContinuation { continuation in
            journalQueue.async { continuation.resume(returning: self.write(entries)) }
        }
        let took = ContinuousClock.now - begun
        if took > Self.slowDisk {
            logger.warning("the journal was slow to reach the disk, and payments wait for it", metadata: ["duration": "\(took)"])
        }
        return result
    }

    private static let slowDisk = Duration.seconds(2)

    /// Writes all of it in one transaction. An entry that the journal's own rules refuse would block every later one: it is left out,
    /// loudly.
    private nonisolated func write(_ entries: [JournalEntry]) -> Result<Void, JournalTrouble> {
        do throws(JournalFailure) {
            do throws(JournalFailure) {
                _ = try edges.journal.append(entries)
            } catch {
                guard case .refused = error else { throw error }
                for left in try edges.journal.appendAllowed(entries) {
                    logger.error(
                        "the journal refused an entry, which was left out: \(left.detail)",
                        metadata: ["payment": "\(left.entry.payment?.id.text ?? "-")", "kind": "\(left.entry.kind.rawValue)"])
                }
            }
            return .success(())
        } catch {
            return .failure(JournalTrouble(detail: error.description, remedy: error.remedy))
        }
    }
}
