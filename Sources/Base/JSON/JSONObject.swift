/// The members of an object, in the order in which they were written.
///
/// A text may name a member twice. Then both are here, and a caller that asks by name gets the first. Two objects are equal when they have
/// the same members, in whatever order.
package struct JSONObject: Sendable {
    package typealias Member = (name: String, value: JSONValue)

    private var members: [Member]

    package init() { members = [] }

    /// The members stay as they come, repeated names included.
    package init(_ members: some Sequence<Member>) { self.members = Array(members) }

    package init(_ members: [(String, JSONValue)]) { self.members = members.map { (name: $0.0, value: $0.1) } }

    /// The value of the first member of that name. Setting it changes the member in its place, or adds it at the end. Setting nil removes
    /// every member of that name.
    package subscript(_ name: String) -> JSONValue? {
        get { members.first { $0.name == name }?.value }
        set {
            guard let newValue else { return members.removeAll { $0.name == name } }
            if let index = members.firstIndex(where: { $0.name == name }) {
                members[index].value = newValue
            } else {
                members.append((name, newValue))
            }
        }
    }

    /// Adds a member at the end, also under a name that is there already.
    package mutating func append(_ name: String, _ value: JSONValue) { members.append((name, value)) }

    package mutating func removeValue(_ name: String) -> JSONValue? {
        defer { self[name] = nil }
        return self[name]
    }

    package var names: [String] { members.map(\.name) }

    package func mapValues(_ change: (JSONValue) throws -> JSONValue) rethrows -> JSONObject {
        JSONObject(try members.map { (name: $0.name, value: try change($0.value)) })
    }

    package func filter(_ isKept: (Member) throws -> Bool) rethrows -> JSONObject { JSONObject(try members.filter(isKept)) }

    /// The object with those members of the other that it does not have, after its own.
    package func adding(_ other: JSONObject) -> JSONObject {
        let own = Set(names)
        return JSONObject(members + other.members.filter { !own.contains($0.name) })
    }
}

extension JSONObject: RandomAccessCollection {
    package var startIndex: Int { members.startIndex }
    package var endIndex: Int { members.endIndex }
    package subscript(_ position: Int) -> Member { members[position] }
}

extension JSONObject: ExpressibleByDictionaryLiteral {
    package init(dictionaryLiteral elements: (String, JSONValue)...) { self.init(elements) }
}

extension JSONObject: Hashable {
    package static func == (one: JSONObject, other: JSONObject) -> Bool {
        guard one.count == other.count else { return false }
        if zip(one.members, other.members).allSatisfy({ $0 == $1 }) { return true }
        // The sort is stable, so that members of one name are compared in their order.
        let ordered = [one, other].map { object in object.members.sorted { $0.name < $1.name } }
        return zip(ordered[0], ordered[1]).allSatisfy { $0 == $1 }
    }

    package func hash(into hasher: inout Hasher) {
        hasher.combine(count)
        for name in names.sorted() { hasher.combine(name) }
    }
}
