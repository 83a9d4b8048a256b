import TextSafety
import JSON

/// Reads a body strictly and collects everything that is wrong with it.
///
/// Absent and `null` are the same. Unknown and repeated fields are errors: a misspelt field must not pass silently where money moves.
package final class BodyReader {
    package private(set) var errors: [Problem.Field] = []
    /// The most errors that a refusal lists.
    private static let mostErrors = 50

    package init() {}

    package func refuse(_ field: String, _ message: String) {
        if errors.count < Self.mostErrors { errors.append(Problem.Field(field: field, message: message)) }
    }

    /// Reads an object's fields, then refuses the fields that are none of them.
    func object<Body: StrictBody>(_ value: JSONValue, _ path: String) -> Body? {
        guard case .object(let members) = value else { return wrongKind(value, path.isEmpty ? "body" : path, "must be an object") }
        let fields = FieldReader(.reading(self, path: path, members))
        let result = Body.read(fields)
        fields.refuseOthers()
        return result
    }

    func wrongKind<Value>(_ value: JSONValue, _ path: String, _ message: String) -> Value? {
        refuse(path, "\(message), not \(value.kind)")
        return nil
    }
}

/// The fields of one object of a body: reads them, or, for the OpenAPI document, takes down what they are.
package final class FieldReader {
    fileprivate enum Work {
        case reading(BodyReader, path: String, JSONObject)
        case describing
    }

    /// What the document says of a field.
    package struct Description: Sendable {
        package var name: String
        package var isRequired: Bool
        package var schema: JSONValue
    }

    private let work: Work
    private var asked: [String] = []
    package private(set) var descriptions: [Description] = []

    fileprivate init(_ work: Work) { self.work = work }

    /// Every field that the reading of this kind of body asks for. Nothing is read, so that whatever follows the fields is left out.
    package static func descriptions<Body: StrictBody>(of _: Body.Type) -> [Description] {
        let fields = FieldReader(.describing)
        _ = Body.read(fields)
        return fields.descriptions
    }

    private func place(_ name: String, in path: String) -> String { path.isEmpty ? name : "\(path).\(name)" }

    /// Notes that a field is wrong beside the others.
    package func refuse(_ name: String, _ message: String) {
        guard case .reading(let body, let path, _) = work else { return }
        body.refuse(place(name, in: path), message)
    }

    /// Whether something is wrong already.
    package var hasErrors: Bool {
        guard case .reading(let body, _, _) = work else { return false }
        return !body.errors.isEmpty
    }

    package func required<Value>(_ name: String, _ field: Field<Value>) -> Value? {
        read(name, field, isRequired: true)
    }

    package func optional<Value>(_ name: String, _ field: Field<Value>) -> Value? {
        read(name, field, isRequired: false)
    }

    private func read<Value>(_ name: String, _ field: Field<Value>, isRequired: Bool) -> Value? {
        asked.append(name)
        switch work {
        case .describing:
            descriptions.append(Description(name: name, isRequired: isRequired, schema: field.schema))
            return nil
        case .reading(let body, let path, let members):
            guard let value = members[name], value != .null else {
                if isRequired { body.refuse(place(name, in: path), "is required") }
                return nil
            }
            return field.read(value, place(name, in: path), body)
        }
    }

    fileprivate func refuseOthers() {
        guard case .reading(let body, let path, let members) = work else { return }
        var seen: Set<String> = []
        var refused: Set<String> = []
        for member in members {
            let known = asked.contains(member.name)
            if !seen.insert(member.name).inserted {
                if known, refused.insert(member.name).inserted { body.refuse(place(member.name, in: path), "is given more than once") }
            } else if !known {
                let hint = nearest(to: member.name, among: asked).map { "; did you mean \($0)?" } ?? ""
                let name = Shown.plain(member.name, limit: 100, instead: "\u{fffd}")
                body.refuse(place(name, in: path), "is not a field of this request\(hint)")
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
