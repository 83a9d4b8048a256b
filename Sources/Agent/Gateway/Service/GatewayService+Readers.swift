package import CheckoutAPI
package import CheckoutServer
internal import GatewayCore
internal import GatewayModel
import Moments

// What a technician does with readers.

extension GatewayService {
    package func registerReader(_ body: RegisterBody, caller: Caller) async throws(Problem) -> Reader {
        let code = RegistrationCode(Secret(body.registrationCode))
        let elsewhere = body.location.flatMap { $0 == about.location ? nil : $0 }
        return try await reader(answering: { _ in .register(code, label: body.label, location: elsewhere) }, elsewhere: elsewhere)
    }

    package func relabelReader(_ name: String, _ body: LabelBody, caller: Caller) async throws(Problem) -> Reader {
        try await reader(answering: { _ in .relabel(name, label: body.label) })
    }

    package func removeReader(_ name: String, caller: Caller) async throws(Problem) {
        _ = try await ask { _ in .deregister(name) }
    }

    package func identifyReader(_ name: String, caller: Caller) async throws(Problem) {
        _ = try await ask { _ in .identify(name) }
    }

    package func connectReader(_ name: String, _ body: ConnectBody, caller: Caller) async throws(Problem) -> Reader {
        let cart = try body.cart.map { text throws(Problem) in try CartID.checked(text) }
        return try await reader(answering: { _ in .connect(name, cart: cart, takeOver: body.takeOver ?? false) })
    }

    package func disconnectReader(_ name: String, caller: Caller) async throws(Problem) -> Reader {
        try await reader(answering: { _ in .disconnect(name) })
    }

    private func reader(
        answering request: @escaping @Sendable (Recall) -> Request, elsewhere: String? = nil
    ) async throws(Problem) -> Reader {
        guard case .reader(let id, let label) = try await ask(about: nil, nil, request) else { throw Self.odd }
        if elsewhere == nil, case .success(let view) = await engine.view({ $0.readerView(named: id.text) }) { return Reader(view) }
        let words = elsewhere.map { "It is registered at the location \($0), which this agent does not serve." }
        return Reader(
            reader: id.text, label: label, registered: true, driveable: elsewhere == nil,
            state: elsewhere == nil ? .idle : .notDriveable,
            reason: words.map { Reason(code: "other_location", message: $0, remedy: "Use it with the agent of that location.") })
    }
}
