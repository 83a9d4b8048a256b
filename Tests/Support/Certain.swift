import CheckoutAPI
import CheckoutClient
import Glibc
import StoreSimulator
import Testing

extension Store {
    /// Pays as a patient cashier does: repeats the same request while the agent says why it cannot begin.
    package func payPatiently(
        _ id: String, cart: String, _ amount: String = "12.34", within limit: Duration = .seconds(25)
    ) async throws -> Payment {
        let deadline = ContinuousClock.now + limit
        while true {
            do throws(ClientError) {
                return try await pay(id, cart: cart, amount)
            } catch {
                guard case .problem(let problem) = error, ContinuousClock.now < deadline else { throw error }
                // A refused token is tried again when somebody says so.
                if problem.code == .backendUnauthorized { process?.signal(SIGHUP) }
            }
            try await Task.sleep(for: .milliseconds(100))
        }
    }

    /// Reads a payment's events until one shows this state.
    package func sees(_ state: Payment.State, of id: String) async throws {
        for try await event in client.paymentEvents(id) where event.payment?.state == state { return }
        throw NotInTime(description: "the events of \(id) ended without \(state)")
    }
}

extension Store {
    /// An operator puts another token into the file.
    package func writeToken(_ token: String) throws {
        let descriptor = Glibc.open(simulator.tokenFile, O_WRONLY | O_TRUNC | O_CLOEXEC)
        guard descriptor >= 0 else { throw NotInTime(description: "the token's file cannot be opened: \(errno)") }
        defer { close(descriptor) }
        let bytes = Array((token + "\n").utf8)
        guard write(descriptor, bytes, bytes.count) == bytes.count else {
            throw NotInTime(description: "the token's file cannot be written")
        }
    }
}
