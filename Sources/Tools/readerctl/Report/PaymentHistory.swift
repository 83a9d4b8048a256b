import CheckoutAPI
import CheckoutClient

/// A payment's events so far.
struct PaymentHistory {
    var events: [Event]
    /// Why not all could be read.
    var fault: ClientError?

    /// The stream of a payment that has not ended goes on: it is left at what the payment shows, or after 2 s.
    static func of(_ payment: Payment, _ agent: CheckoutClient) async throws -> PaymentHistory {
        let found = Found()
        var fault: ClientError?
        do {
            try await withDeadline(.seconds(2)) {
                for try await event in agent.paymentEvents(payment.id) {
                    await found.add(event)
                    if !payment.state.isEnd, let seen = event.payment, seen.updatedAt >= payment.updatedAt { break }
                }
            }
        } catch ClientError.timedOut {
            // What was there has been read.
        } catch let error as ClientError {
            fault = error
        }
        return PaymentHistory(events: await found.events, fault: fault)
    }

    private actor Found {
        var events: [Event] = []
        func add(_ event: Event) { events.append(event) }
    }
}
