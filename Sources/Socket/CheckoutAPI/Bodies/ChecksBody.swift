/// `POST /v1/checks`: which checks to run; all of them without `checks`.
public struct ChecksBody: Sendable, Hashable, Codable {
    public var checks: [String]?
    public init(checks: [String]? = nil) { self.checks = checks }
}

extension ChecksBody: StrictBody {
    package static func read(_ fields: FieldReader, _ body: BodyReader) -> ChecksBody? {
        ChecksBody(checks: fields.optional("checks", body.list(1...100, body.text(.name))))
    }
}
