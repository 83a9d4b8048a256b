/// Why something does not work, for a program (`code`), for a person (`message`), and what to do about it (`remedy`).
public struct Reason: Sendable, Hashable, Codable {
    public var code: String
    public var message: String
    public var remedy: String?

    public init(code: String, message: String, remedy: String?) {
        self.code = code
        self.message = message
        self.remedy = remedy
    }

    enum CodingKeys: String, CodingKey { case code, message, remedy }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(code, forKey: .code)
        try container.encode(message, forKey: .message)
        try container.encode(remedy, forKey: .remedy)
    }
}
