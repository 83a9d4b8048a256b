import TextSafety
import JSON
import CheckoutAPI

/// Reads the parameters of a path and of a query, and collects everything that is wrong with them.
final class ParameterReader {
    private let path: [String: String]
    private var query: [(name: String, value: String)] = []
    private var asked: [String] = []
    private var errors: [Problem.Field] = []

    /// Throws `malformed_request` when the query's percent-encoding is broken.
    init(path: [String: String], query: String?) throws(Problem) {
        self.path = path
        for pair in (query ?? "").split(separator: "&").prefix(100) {
            let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard let name = percentDecoded(parts[0], plusIsSpace: true),
                let value = percentDecoded(parts.count > 1 ? parts[1] : "", plusIsSpace: true)
            else { throw .malformed("The query's percent-encoding is broken.") }
            self.query.append((name, value))
        }
    }

    func path(_ name: String, _ rule: TextRule) -> String {
        let value = path[name] ?? ""
        if !rule.accepts(value) { refuse(name, "must be \(rule.says)") }
        return value
    }

    func text(_ name: String, _ rule: TextRule) -> String? {
        guard let value = take(name) else { return nil }
        if !rule.accepts(value) { refuse(name, "must be \(rule.says)") }
        return value
    }

    func integer(_ name: String, _ range: ClosedRange<Int64>) -> Int64? {
        guard let value = take(name) else { return nil }
        guard let number = JSONNumber(value)?.integer, range.contains(number) else {
            refuse(name, "must be a whole number from \(range.lowerBound) to \(range.upperBound)")
            return nil
        }
        return number
    }

    func flag(_ name: String) -> Bool {
        guard let value = take(name) else { return false }
        if value != "true", value != "false" { refuse(name, "must be true or false") }
        return value == "true"
    }

    func word<Word: RawRepresentable & CaseIterable>(_ name: String, _: Word.Type) -> Word? where Word.RawValue == String {
        guard let value = take(name) else { return nil }
        guard let word = Word(rawValue: value) else {
            refuse(name, "must be one of " + Word.allCases.map(\.rawValue).joined(separator: ", "))
            return nil
        }
        return word
    }

    /// A list with commas, of words from a set; nil when it is absent.
    func words<Word: OpenWord>(_ name: String, of known: [Word]) -> Set<Word>? {
        guard let value = take(name) else { return nil }
        let words = value.split(separator: ",", omittingEmptySubsequences: false).map { Word(rawValue: String($0)) }
        if !words.allSatisfy(known.contains) {
            refuse(name, "must be one or more of " + known.map(\.rawValue).joined(separator: ", ") + ", with commas")
        }
        return Set(words)
    }

    /// Refuses what was not asked for, and throws `invalid_request` if anything is wrong.
    func finish() throws(Problem) {
        var refused: Set<String> = []
        for (name, _) in query where !asked.contains(name) && refused.insert(name).inserted {
            let hint = nearest(to: name, among: asked).map { "; did you mean \($0)?" } ?? ""
            refuse(Shown.plain(name, limit: 100, instead: "\u{fffd}"), "is not a parameter of this request\(hint)")
        }
        guard errors.isEmpty else { throw .invalid(errors) }
    }

    private func take(_ name: String) -> String? {
        asked.append(name)
        let values = query.filter { $0.name == name }
        if values.count > 1 { refuse(name, "is given more than once") }
        return values.first?.value
    }

    private func refuse(_ name: String, _ message: String) { errors.append(Problem.Field(field: name, message: message)) }
}
