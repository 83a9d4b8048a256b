import JSON

/// What an event changed of a record, as JSON: a merge patch (RFC 7396), but for a list that only grew. Of that, "NAME+" holds what was
/// appended, for a payment's timeline would otherwise stand in each of its events.
struct RecordChange {
    private static let grown = "+"
    /// Records have some ten levels and some hundred values. A text beyond these bounds is none of ours.
    private static let bounds = JSONParser.Bounds(depth: 32, values: 20_000)

    private let members: JSONObject

    private init(_ members: JSONObject) { self.members = members }

    /// A change as it stands in the file.
    init(stored text: String) throws(JournalFailure) {
        guard let members = Self.members(of: text) else { throw .corrupt(detail: "an event's change cannot be read") }
        self.init(members)
    }

    /// The result is nil when a change cannot say it: when a member is null, or is named as the growth of a list is.
    init?(from old: JSONObject, to new: JSONObject) {
        guard let members = Self.difference(old, new) else { return nil }
        self.init(members)
    }

    var text: String { JSONValue.object(members).text() }

    /// The record after the change.
    func applied(to record: JSONObject) throws(JournalFailure) -> JSONObject { try Self.apply(members, to: record) }

    /// A record's members. The result is nil when the text is no object.
    static func members(of text: String) -> JSONObject? {
        do {
            return try JSONParser.parse(Array(text.utf8), bounds: bounds).object
        } catch {
            return nil
        }
    }

    private static func difference(_ old: JSONObject, _ new: JSONObject) -> JSONObject? {
        var change = JSONObject()
        for (name, value) in new {
            guard !value.isNull, !name.hasSuffix(grown) else { return nil }
            let before = old[name]
            if before == value { continue }
            if let inner = value.object, let before = before?.object {
                guard let difference = difference(before, inner) else { return nil }
                change.append(name, .object(difference))
            } else if let list = value.array, let before = before?.array, list.starts(with: before) {
                change.append(name + grown, .array(Array(list.dropFirst(before.count))))
            } else {
                change.append(name, value)
            }
        }
        for (name, _) in old where new[name] == nil { change.append(name, .null) }
        return change
    }

    private static func apply(_ change: JSONObject, to old: JSONObject) throws(JournalFailure) -> JSONObject {
        var new = old
        for (name, value) in change {
            if value.isNull {
                new[name] = nil
            } else if name.hasSuffix(grown) {
                let list = String(name.dropLast(grown.count))
                guard let more = value.array, let before = old[list]?.array else {
                    throw .corrupt(detail: "an event appends to what is no list")
                }
                new[list] = .array(before + more)
            } else if let inner = value.object, let before = old[name]?.object {
                new[name] = .object(try apply(inner, to: before))
            } else {
                new[name] = value
            }
        }
        return new
    }
}
