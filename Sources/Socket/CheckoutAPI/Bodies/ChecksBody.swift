/// `POST /v1/checks`: which checks to run; all of them without `checks`.
public struct ChecksBody: Sendable, Hashable, Codable {
    public var checks: [String]?
    public init(checks: [String]? = nil) { self.checks = checks }
}

extension ChecksBody: StrictBody {
    package static var says: String { "Which checks to run." }

    package static func read(_ fields: FieldReader) -> ChecksBody? {
        ChecksBody(checks: fields.optional("checks", .list(1...100, of: .checkID, "All of them without it.")))
    }
}

extension Field where Value == String {
    /// The id of a check. Whether there is such a check is known where they are run; the document names those of today.
    fileprivate static let checkID = Field(schema: Schema.words(Check.ids, "A check's id."), read: text(.name, "").read)
}
