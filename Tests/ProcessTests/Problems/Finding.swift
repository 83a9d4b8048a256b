import CheckoutAPI
import CheckoutClient
import TestSupport
import Testing

extension Store {
    /// What a check says of this store; the first result when it looks at several things.
    func finding(_ id: String) async throws -> Check {
        var found: Check?
        for try await line in client.checks([id]) {
            if case .check(let check) = line, found == nil { found = check }
        }
        let check = try #require(found, "no result of \(id)")
        remember(answer: "\(check.detail) \(check.remedy ?? "")")
        return check
    }
}

/// The finding's status, a part of its sentence and a part of what to do; what it says instead is shown when it differs.
func expect(
    _ check: Check, _ status: Check.Status, says sentence: String, remedy: String? = nil, at location: SourceLocation = #_sourceLocation
) {
    #expect(check.status == status, "\(check.detail)", sourceLocation: location)
    #expect(check.detail.contains(sentence), sourceLocation: location)
    if let remedy { #expect(check.remedy?.contains(remedy) == true, "\(check.remedy ?? "nothing")", sourceLocation: location) }
}
