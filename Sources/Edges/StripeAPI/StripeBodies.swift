import TextSafety
import GatewayModel
import Moments
import WebCall

/// A page of Stripe's list of readers.
struct ReaderPage: Decodable {
    var data: [ReaderBody]?
    var hasMore: Bool?

    enum CodingKeys: String, CodingKey {
        case data
        case hasMore = "has_more"
    }
}

/// One reader of the list (reader-protocol, section 8.2). Only the id is needed. A field of another form than expected counts as absent, so
/// that one odd reader does not hide the others.
struct ReaderBody: Decodable {
    var reader: StripeReader?

    enum CodingKeys: String, CodingKey {
        case id, label, status, livemode
        case serial = "serial_number"
        case model = "device_type"
        case address = "ip_address"
        case baseURL = "base_url"
        case lastSeenAt = "last_seen_at"
        case software = "device_sw_version"
    }

    init(from decoder: any Decoder) throws {
        guard let fields = Self.fields(of: decoder), let id = Self.text(fields, .id), Self.isID(id) else { return }
        reader = StripeReader(
            id: ReaderID(unchecked: id), serial: Self.text(fields, .serial), model: Self.text(fields, .model),
            label: Self.written(fields, .label), address: Self.text(fields, .address).flatMap(Self.trimmed),
            baseURL: Self.text(fields, .baseURL).map(Self.withoutScheme), status: Self.text(fields, .status),
            lastSeenAt: Self.value(fields, .lastSeenAt, LooseInteger.self).map { WallTime($0.value) },
            software: Self.text(fields, .software),
            livemode: Self.value(fields, .livemode, Bool.self))
    }

    private static func fields(of decoder: any Decoder) -> KeyedDecodingContainer<CodingKeys>? {
        do {
            return try decoder.container(keyedBy: CodingKeys.self)
        } catch {
            return nil
        }
    }

    private static func value<Value: Decodable>(
        _ fields: KeyedDecodingContainer<CodingKeys>, _ key: CodingKeys, _ type: Value.Type
    ) -> Value? {
        do {
            return try fields.decodeIfPresent(Value.self, forKey: key)
        } catch {
            return nil
        }
    }

    private static func text(_ fields: KeyedDecodingContainer<CodingKeys>, _ key: CodingKeys) -> String? {
        guard let text = value(fields, key, String.self), !text.isEmpty else { return nil }
        return Shown.name(text)
    }

    /// A label is compared as it was written, and cleaned where it is shown.
    private static func written(_ fields: KeyedDecodingContainer<CodingKeys>, _ key: CodingKeys) -> String? {
        guard let text = value(fields, key, String.self), !text.isEmpty else { return nil }
        return text.utf8.count <= 1_024 ? text : Shown.name(text)
    }

    /// The address without blanks around it, which mean nothing. An address of blanks alone is none.
    private static func trimmed(_ text: String) -> String? {
        let words = text.split(separator: " ")
        return words.isEmpty ? nil : words.joined(separator: " ")
    }

    /// Whether the text is an id. The id is put into addresses and shown to people.
    private static func isID(_ text: String) -> Bool {
        text.hasPrefix("tmr_") && text.utf8.count <= 255 && text.percentEncoded == text
    }

    /// The address without a scheme. It comes without one (reader-protocol, section 10), and a scheme or a slash would spoil the reader's
    /// name that is made of it.
    private static func withoutScheme(_ text: String) -> String {
        var text = text[...]
        if text.hasPrefix("https://") { text = text.dropFirst("https://".count) }
        while text.hasSuffix("/") { text = text.dropLast() }
        return String(text)
    }
}

/// A whole number, or the text of one, as the JSON mapping of protocol buffers has it.
struct LooseInteger: Decodable {
    var value: Int64

    init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        do {
            value = try container.decode(Int64.self)
        } catch DecodingError.typeMismatch {
            guard let number = Int64(try container.decode(String.self)) else {
                throw DecodingError.dataCorruptedError(in: container, debugDescription: "no whole number")
            }
            value = number
        }
    }
}

/// An intent. The amount is in minor units and includes no tip until there is one.
struct IntentBody: Decodable {
    var id: String?
    var status: String?
    var amount: LooseInteger?
    var currency: String?
}
