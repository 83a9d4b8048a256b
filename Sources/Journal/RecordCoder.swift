import FoundationEssentials
import GatewayCore

/// Records as JSON text: sorted keys, so that equal records are equal text and a person can compare two rows.
struct RecordCoder {
    private let encoder: JSONEncoder
    private let decoder = JSONDecoder()

    init() {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        self.encoder = encoder
    }

    /// The payment without the cart that it shows, which is kept apart.
    func text(of payment: PaymentRecord) throws -> String {
        var slim = payment
        slim.request.display = nil
        return try json(slim)
    }

    func text(of display: DisplayCart) throws -> String { try json(display) }
    func text(of cart: CartFacts) throws -> String { try json(cart) }

    func text(of setup: CardSetupRecord) throws -> String { try json(setup) }

    func cardSetup(_ record: String) throws -> CardSetupRecord {
        try decoder.decode(CardSetupRecord.self, from: Data(record.utf8))
    }

    func payment(_ record: String, display: String?) throws -> PaymentRecord {
        var payment = try decoder.decode(PaymentRecord.self, from: Data(record.utf8))
        if let display { payment.request.display = try decoder.decode(DisplayCart.self, from: Data(display.utf8)) }
        return payment
    }

    func cart(_ record: String) throws -> CartFacts { try decoder.decode(CartFacts.self, from: Data(record.utf8)) }

    private func json(_ value: some Encodable) throws -> String {
        String(decoding: try encoder.encode(value), as: UTF8.self)
    }
}
