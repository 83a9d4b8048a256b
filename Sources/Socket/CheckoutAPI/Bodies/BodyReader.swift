import JSON

/// Reads a body strictly and collects everything that is wrong with it.
///
/// Absent and `null` are the same. Unknown and repeated fields are errors: a misspelt field must not pass silently where money moves.
package final class BodyReader {
    package private(set) var errors: [Problem.Field] = []
    /// More are not listed.
    private static let mostErrors = 50

    package init() {}

    package func refuse(_ field: String, _ message: String) {
        if errors.count < Self.mostErrors { errors.append(Problem.Field(field: field, message: message)) }
    }

    package func text(_ rule: TextRule) -> (JSONValue, String) -> String? {
        { value, path in
            guard case .string(let text) = value else { return self.wrongKind(value, path, "must be a string") }
            guard rule.accepts(text) else {
                self.refuse(path, "must be \(rule.says)")
                return nil
            }
            return text
        }
    }

    package func integer(_ range: ClosedRange<Int64>) -> (JSONValue, String) -> Int64? {
        { value, path in
            guard case .number(let number) = value else { return self.wrongKind(value, path, "must be a whole number") }
            guard let integer = number.integer, range.contains(integer) else {
                self.refuse(path, "must be a whole number from \(range.lowerBound) to \(range.upperBound)")
                return nil
            }
            return integer
        }
    }

    package func flag(_ value: JSONValue, _ path: String) -> Bool? {
        guard case .bool(let flag) = value else { return wrongKind(value, path, "must be true or false") }
        return flag
    }

    package func word<Word: RawRepresentable & CaseIterable>(_: Word.Type) -> (JSONValue, String) -> Word? where Word.RawValue == String {
        { value, path in
            guard case .string(let text) = value else { return self.wrongKind(value, path, "must be a string") }
            guard let word = Word(rawValue: text) else {
                self.refuse(path, "must be one of " + Word.allCases.map(\.rawValue).joined(separator: ", "))
                return nil
            }
            return word
        }
    }

    package func list<Element>(
        _ count: ClosedRange<Int>, _ element: @escaping (JSONValue, String) -> Element?
    ) -> (JSONValue, String) -> [Element]? {
        { value, path in
            guard case .array(let values) = value else { return self.wrongKind(value, path, "must be a list") }
            guard count.contains(values.count) else {
                self.refuse(path, "must have \(count.lowerBound) to \(count.upperBound) entries, not \(values.count)")
                return nil
            }
            let elements = values.enumerated().map { index, value in element(value, "\(path)[\(index)]") }
            let sound = elements.compactMap { $0 }
            return sound.count == values.count ? sound : nil
        }
    }

    /// Reads an object's fields by `read`, then refuses the fields that `read` did not ask for.
    package func object<Value>(_ read: @escaping (FieldReader) -> Value?) -> (JSONValue, String) -> Value? {
        { value, path in
            guard case .object(let members) = value else { return self.wrongKind(value, path.isEmpty ? "body" : path, "must be an object") }
            let fields = FieldReader(body: self, path: path, members: members)
            let result = read(fields)
            fields.refuseOthers()
            return result
        }
    }

    private func wrongKind<Value>(_ value: JSONValue, _ path: String, _ message: String) -> Value? {
        refuse(path, "\(message), not \(value.kind)")
        return nil
    }
}

/// The fields of one object of a body.
package final class FieldReader {
    private let body: BodyReader
    private let path: String
    private let members: JSONObject
    private var asked: [String] = []

    fileprivate init(body: BodyReader, path: String, members: JSONObject) {
        self.body = body
        self.path = path
        self.members = members
    }

    private func place(_ name: String) -> String { path.isEmpty ? name : "\(path).\(name)" }

    private func value(_ name: String) -> JSONValue? {
        asked.append(name)
        let value = members.first { $0.name == name }?.value
        return value == .null ? nil : value
    }

    /// Something is wrong with a field beside the others.
    package func refuse(_ name: String, _ message: String) { body.refuse(place(name), message) }

    package func required<Value>(_ name: String, _ read: (JSONValue, String) -> Value?) -> Value? {
        guard let value = value(name) else {
            body.refuse(place(name), "is required")
            return nil
        }
        return read(value, place(name))
    }

    package func optional<Value>(_ name: String, _ read: (JSONValue, String) -> Value?) -> Value? {
        value(name).flatMap { read($0, place(name)) }
    }

    fileprivate func refuseOthers() {
        var seen: Set<String> = []
        var refused: Set<String> = []
        for member in members {
            let known = asked.contains(member.name)
            if !seen.insert(member.name).inserted {
                if known, refused.insert(member.name).inserted { body.refuse(place(member.name), "is given more than once") }
            } else if !known {
                let hint = nearest(to: member.name, among: asked).map { "; did you mean \($0)?" } ?? ""
                body.refuse(place(shown(member.name)), "is not a field of this request\(hint)")
            }
        }
    }
}

/// The candidate that differs least, if it is close enough to be a slip of the finger.
package func nearest(to word: String, among candidates: [String]) -> String? {
    let word = Array(word.utf8.prefix(64))
    let ranked = candidates.map { (name: $0, distance: editDistance(word, Array($0.utf8))) }
    guard let best = ranked.min(by: { $0.distance < $1.distance }), best.distance <= max(1, min(3, best.name.utf8.count / 3)) else {
        return nil
    }
    return best.name
}

private func editDistance(_ left: [UInt8], _ right: [UInt8]) -> Int {
    var row = Array(0...right.count)
    for (i, a) in left.enumerated() {
        var diagonal = row[0]
        row[0] = i + 1
        for (j, b) in right.enumerated() {
            let above = row[j + 1]
            row[j + 1] = min(above + 1, row[j] + 1, diagonal + (a == b ? 0 : 1))
            diagonal = above
        }
    }
    return row[right.count]
}

/// Text from outside, fit to be shown: at most 100 characters, without control characters.
package func shown(_ text: String, limit: Int = 100) -> String {
    var out = String.UnicodeScalarView()
    for (index, scalar) in text.unicodeScalars.enumerated() {
        if index == limit { return String(out) + "…" }
        let control = scalar.value < 0x20 || (0x7f...0x9f).contains(scalar.value) || scalar.value == 0x2028 || scalar.value == 0x2029
        out.append(control ? "\u{fffd}" : scalar)
    }
    return String(out)
}
