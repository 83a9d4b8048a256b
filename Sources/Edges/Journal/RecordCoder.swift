import FoundationEssentials
import GatewayModel

/// Writes records as JSON text with sorted keys, so that equal records are equal text and a person can compare two rows.
struct RecordCoder {
    private let encoder: JSONEncoder
    private let decoder = JSONDecoder()

    init() {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        self.encoder = encoder
    }

    /// The payment as text, without the cart that it shows, which is kept apart.
    func text(of payment: PaymentRecord) throws -> String {
        var slim = payment
        slim.request.display = nil
        return try json(slim)
    }

    func text(of display: DisplayCart) throws -> String { try json(display) }
    func text(of cart: CartFacts) throws -> String { try json(cart) }

    func text(of setup: CardSetupRecord) throws -> String { try json(setup) }

    func cardSetup(_ record: String) throws -> CardSetupRecord {
        try read(record)
    }

    func payment(_ record: String, display: String?) throws -> PaymentRecord {
        var payment: PaymentRecord = try read(record)
        if let display { payment.request.display = try read(display) }
        return payment
    }

    func cart(_ record: String) throws -> CartFacts { try read(record) }

    private func read<Value: Decodable>(_ record: String) throws -> Value {
        guard StoredNumber.areBelievable(in: record.utf8) else {
            throw JournalFailure.corrupt(detail: "a record has a number that cannot be")
        }
        return try decoder.decode(Value.self, from: Data(record.utf8))
    }

    private func json(_ value: some Encodable) throws -> String {
        let text = String(decoding: try encoder.encode(value), as: UTF8.self)
        // Such a record could not be read again.
        guard StoredNumber.areBelievable(in: text.utf8) else {
            throw JournalFailure.refused(detail: "a record has a number that cannot be")
        }
        return text
    }
}
